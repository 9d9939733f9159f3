"""A whole sheet decided as one: what it changes, what stands already, and what of it cannot be."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from services.policy.domain import decider
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.import_decider import Tally
from services.policy.domain.register_import.sheet import Sheet
from shared.domain.decider import Context
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import OpdMerged, OpdOpened
from tests.support.example_facts import at
from tests.support.given_when_then import fixed_id, folded
from tests.support.register_sheets import COUNTER, OFFICE, written
from tests.unit.policy.test_decider import ENACTED

BACK = {**OFFICE, "unit": "BACK", "nama_unit": "Tata Usaha", "kelas": "NON_SERVICE"}
NOON = Context(at("12:00"), fixed_id)
OWN, UNIT = "policy/32/DPMPTSP", "arrangement/32/DPMPTSP/FRONT"
Given = Mapping[str, Sequence[Fact]]


def decided(own: Sheet, given: Given) -> Given:
    return import_decider.decide(own, {name: folded(decider, facts) for name, facts in given.items()}, NOON)


def counted(own: Sheet, given: Given) -> Tally:
    """As the store counts: each fact at its version in its stream."""
    facts = decided(own, given)
    return import_decider.tally(own, ((name, len(given.get(name, ())) + 1) for name in facts))


STANDING = decided(written(COUNTER), {})


def pointers(own: Sheet, given: Given) -> list[str]:
    with pytest.raises(Invalid) as turned_away:
        decided(own, given)
    return [fault.pointer for fault in turned_away.value.faults]


def test_an_agency_and_its_counter_are_entered_together() -> None:
    assert {name: len(facts) for name, facts in STANDING.items()} == {OWN: 1, UNIT: 1}


def test_an_agency_entered_from_a_sheet_hears_what_binds_it() -> None:
    assert len(decided(written(COUNTER), {"instruments/32": [ENACTED]})[OWN]) == 2


def test_the_same_sheet_again_changes_nothing() -> None:
    assert decided(written(COUNTER), STANDING) == {}


def test_a_sheet_reads_its_own_agencies_and_their_units_and_no_other() -> None:
    assert (import_decider.stream(written(COUNTER)), *import_decider.reads(written(COUNTER, BACK))) == (
        "instruments/32", "calendar/32", OWN, "arrangement/32/DPMPTSP/",
    )  # fmt: skip


def test_a_rehearsal_counts_what_is_new_changed_and_unchanged() -> None:
    own = written({**COUNTER, "minimum": "2"}, BACK)
    assert (counted(own, {}).opd_new, counted(own, STANDING)) == (
        ("DPMPTSP",),
        Tally(opd_new=(), opd_unchanged=1, units_new=("DPMPTSP/BACK",), units_changed=("DPMPTSP/FRONT",),
              units_unchanged=0),
    )  # fmt: skip


def test_an_import_is_counted_by_what_was_stored() -> None:
    stored = [(OWN, 1), (OWN, 2), (UNIT, 1)]
    told = import_decider.tally(written(COUNTER, BACK), stored)
    assert (told.opd_new, told.units_new, told.units_unchanged) == (("DPMPTSP",), ("DPMPTSP/FRONT",), 1)


def test_whoever_waits_hears_how_far_it_is() -> None:
    heard: list[tuple[int, int]] = []
    import_decider.decide(written(COUNTER, BACK), {}, NOON, lambda number, of: heard.append((number, of)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_an_agency_of_the_register_needs_neither_name_nor_date() -> None:
    assert decided(written({**COUNTER, "nama_opd": ""}), STANDING) == {}


def test_a_sheet_cannot_call_an_agency_otherwise_than_the_register() -> None:
    own = written({**COUNTER, "nama_opd": "Dinas Lain", "opd_sejak": "2001-01-01"})
    assert pointers(own, STANDING) == ["/rows/2/nama_opd", "/rows/2/opd_sejak"]


def test_a_new_agency_needs_a_name_and_its_units_are_not_missed_besides() -> None:
    assert pointers(written({**COUNTER, "nama_opd": ""}, {**BACK, "nama_opd": ""}), {}) == ["/rows/2/nama_opd"]


def test_a_new_agency_without_units_needs_a_date() -> None:
    assert pointers(written(dict.fromkeys(OFFICE, "") | {"opd": "BKD", "nama_opd": "Badan"}), {}) == [
        "/rows/2/opd_sejak"
    ]


def test_no_unit_is_arranged_in_an_agency_that_has_ended() -> None:
    opened = OpdOpened(region="32", opd="DPMPTSP", name=COUNTER["nama_opd"], on=date(2025, 1, 1))
    merged = OpdMerged(region="32", opd="DPMPTSP", into="BKD", on=date(2025, 7, 1))
    own = written(COUNTER, {**BACK, "berlaku_dari": "2025-07-01"})
    assert pointers(own, {OWN: [opened, merged]}) == ["/rows/3/berlaku_dari"]


def test_an_end_before_the_begin_is_a_fault_of_its_row() -> None:
    assert pointers(written(BACK, {**COUNTER, "berlaku_sampai": "2024-12-31"}), {}) == ["/rows/3/berlaku_sampai"]
