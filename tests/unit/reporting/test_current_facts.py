"""Which facts are in force on a day: a placement of next month says nothing about today."""

from datetime import date, timedelta

import pytest

from services.reporting.domain.fact_store.compact import compact
from services.reporting.domain.fact_store.current import CurrentFacts, reduce_facts
from shared.domain.facts.policy import OpdMerged, OpdOpened, OpdSplit
from shared.domain.facts.roster import EmployeePlaced
from tests.support.example_facts import ANI, THURSDAY, Ledger, arrangement, at, placement, post
from tests.support.reference_coverage import reference_facts

NEXT_MONTH = date(2025, 12, 1)
CASHIER = placement(ANI, "KASIR")
LICENSING = placement(ANI, "PERIZINAN").model_copy(update={"from_": NEXT_MONTH})


def current_with(*placements: EmployeePlaced) -> CurrentFacts:
    ledger = Ledger()
    for fact in placements:
        ledger.record(fact, at("06:00"))
    return reduce_facts(reference_facts(map(compact, ledger.events)))


def test_a_placement_from_next_month_leaves_todays_skills() -> None:
    current = current_with(CASHIER, LICENSING)
    assert [current.skills_of(ANI.bytes, day) for day in (THURSDAY, NEXT_MONTH)] == [{"KASIR"}, {"PERIZINAN"}]


def test_the_placement_recorded_last_holds() -> None:
    assert current_with(LICENSING, CASHIER).skills_of(ANI.bytes, NEXT_MONTH) == {"KASIR"}


def test_an_opd_is_called_as_it_was_last_opened() -> None:
    ledger = Ledger()
    for name in ("Dinas Perizinan", "Dinas Penanaman Modal dan PTSP"):
        ledger.record(OpdOpened(region="32", opd="DPMPTSP", name=name, on=THURSDAY), at("06:00"))
    assert reduce_facts(reference_facts(map(compact, ledger.events))).name == "Dinas Penanaman Modal dan PTSP"


def test_after_a_placement_ends_nothing_is_known_of_skills() -> None:
    until_today = CASHIER.model_copy(update={"to": THURSDAY})
    assert current_with(until_today).skills_of(ANI.bytes, THURSDAY + timedelta(days=1)) == frozenset()


@pytest.mark.parametrize(
    "end",
    [
        OpdMerged(region="32", opd="DPMPTSP", into="DISPERINDAG", on=NEXT_MONTH),
        OpdSplit(region="32", opd="DPMPTSP", into=("DPM", "PTSP"), on=NEXT_MONTH),
    ],
    ids=["merged", "split"],
)
def test_nothing_is_required_of_an_opd_once_it_has_ended_and_its_history_stays(end: OpdMerged | OpdSplit) -> None:
    ledger = Ledger()
    for fact in (arrangement(post()), end):
        ledger.record(fact, at("06:00"))
    current = reduce_facts(reference_facts(map(compact, ledger.events)))
    days = (NEXT_MONTH - timedelta(days=1), NEXT_MONTH)
    assert [current.arrangement("FRONT", day) is not None for day in days] == [True, False]
