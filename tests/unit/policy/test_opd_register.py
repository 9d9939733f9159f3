"""The register of OPD: opening, merger and split with dates. An OPD keeps its code and its history."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import DeclareHolidays, EnactInstrument, PolicyCommand
from services.policy.domain.opd.register import OpdEntry, register_entry
from services.policy.domain.opd_commands import (
    ArrangeUnit,
    MergeOpd,
    OpenOpd,
    SplitOpd,
)
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import OpdMerged, OpdOpened, OpdSplit
from tests.support.example_facts import SITE, arrangement, at
from tests.support.given_when_then import decide
from tests.support.messages import english
from tests.support.se_150 import SE_150

NEW_YEAR = date(2026, 1, 1)
BEFORE, AFTER = at("09:00", date(2025, 12, 1)), at("09:00", date(2026, 1, 5))


def agency(opd: str, on: date = date(2025, 1, 1)) -> OpdOpened:
    return OpdOpened(region="32", opd=opd, name=f"Badan {opd}", on=on)


def stream(opd: str) -> str:
    return f"policy/32/{opd}"


REGISTER: Mapping[str, Sequence[Fact]] = {stream(opd): [agency(opd)] for opd in ("BP2D", "BAPPEDA", "DISPORA")}
MERGE = MergeOpd(region="32", opd="BP2D", into="BAPPEDA", on=NEW_YEAR)
SPLIT = SplitOpd(region="32", opd="DISPORA", into=("BP2D", "BAPPEDA"), on=NEW_YEAR)
MERGED = OpdMerged(region="32", opd="BP2D", into="BAPPEDA", on=NEW_YEAR)
SPLIT_UP = OpdSplit(region="32", opd="DISPORA", into=("BP2D", "BAPPEDA"), on=NEW_YEAR)
AFTER_MERGER: Mapping[str, Sequence[Fact]] = {**REGISTER, stream("BP2D"): [agency("BP2D"), MERGED]}


def test_the_research_agency_goes_into_the_planning_agency_at_new_year() -> None:
    assert decide(decider, REGISTER, MERGE) == {stream("BP2D"): [MERGED]}


def test_an_agency_is_split_into_two() -> None:
    assert decide(decider, REGISTER, SPLIT) == {stream("DISPORA"): [SPLIT_UP]}


@pytest.mark.parametrize(
    ("given", "again"), [(AFTER_MERGER, MERGE), ({**REGISTER, stream("DISPORA"): [agency("DISPORA"), SPLIT_UP]}, SPLIT)]
)
def test_the_same_end_again_changes_nothing(given: Mapping[str, Sequence[Fact]], again: PolicyCommand) -> None:
    assert decide(decider, given, again) == {}


def test_several_agencies_go_into_one_by_one_command_each() -> None:
    second = MergeOpd(region="32", opd="DISPORA", into="BAPPEDA", on=NEW_YEAR)
    (fact,) = decide(decider, AFTER_MERGER, second)[stream("DISPORA")]
    assert isinstance(fact, OpdMerged)


def test_a_successor_may_end_later_than_it_took_over() -> None:
    later = MergeOpd(region="32", opd="BAPPEDA", into="DISPORA", on=date(2027, 1, 1))
    assert stream("BAPPEDA") in decide(decider, AFTER_MERGER, later)


LATE: Mapping[str, Sequence[Fact]] = {**REGISTER, stream("BRIDA"): [agency("BRIDA", date(2026, 6, 1))]}
INVALID_ENDS: Mapping[str, tuple[Mapping[str, Sequence[Fact]], PolicyCommand, str, str]] = {
    "one that is not registered": (
        REGISTER, MERGE.model_copy(update={"opd": "BRIDA"}), "/opd", "BRIDA is not in the register",
    ),
    "one that has ended otherwise": (
        AFTER_MERGER, MERGE.model_copy(update={"into": "DISPORA"}), "/opd", "BP2D ended on",
    ),
    "an end on the day of its opening": (
        REGISTER, MERGE.model_copy(update={"on": date(2025, 1, 1)}), "/on", "it must end after that",
    ),
    "itself": (REGISTER, MERGE.model_copy(update={"into": "BP2D"}), "/into", "cannot go on as itself"),
    "an heir that is not registered": (
        REGISTER, MERGE.model_copy(update={"into": "BRIDA"}), "/into", "enter it before it takes over",
    ),
    "an heir that is opened later": (LATE, MERGE.model_copy(update={"into": "BRIDA"}), "/into", "only, after 2026"),
    "an heir that has ended": (
        AFTER_MERGER, MergeOpd(region="32", opd="DISPORA", into="BP2D", on=NEW_YEAR), "/into", "BAPPEDA went on",
    ),
    "an heir that ends on the very day it takes over": (
        AFTER_MERGER, MergeOpd(region="32", opd="BAPPEDA", into="DISPORA", on=NEW_YEAR), "/on", "takes over from BP2D",
    ),
    "two that would go into each other": (
        AFTER_MERGER, MergeOpd(region="32", opd="BAPPEDA", into="BP2D", on=date(2025, 6, 1)),
        "/on", "takes over from BP2D",
    ),
    "one heir twice": (
        REGISTER, SPLIT.model_copy(update={"into": ("BP2D", "BP2D")}), "/into/1", "BP2D is written twice",
    ),
    "itself among its heirs": (
        REGISTER, SPLIT.model_copy(update={"into": ("BP2D", "DISPORA")}), "/into/1", "cannot go on as itself",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "command", "pointer", "why"), INVALID_ENDS.values(), ids=INVALID_ENDS.keys())
def test_no_agency_ends_in(given: Mapping[str, Sequence[Fact]], command: PolicyCommand, pointer: str, why: str) -> None:
    with pytest.raises(Invalid) as turned_away:
        decide(decider, given, command)
    assert (turned_away.value.pointer, why in english(turned_away.value.message)) == (pointer, True)


def test_after_its_end_a_circular_is_published_to_its_successor_and_not_to_it() -> None:
    enact = EnactInstrument(region="32", instrument=SE_150)
    published = [
        {name for name in decide(decider, AFTER_MERGER, enact, when) if name.startswith("policy/")}
        for when in (BEFORE, AFTER)
    ]
    assert (stream("BP2D") in published[0], stream("BP2D") in published[1], stream("BAPPEDA") in published[1]) == (
        True,
        False,
        True,
    )


def test_after_its_end_a_holiday_is_not_published_to_it() -> None:
    day = {"date": "2026-03-19", "kind": "public", "name": "Hari Suci Nyepi", "source": "SKB 3 Menteri"}
    declare = DeclareHolidays.model_validate({"region": "32", "holidays": [day]})
    assert stream("BP2D") not in decide(decider, AFTER_MERGER, declare, AFTER)


def test_after_its_end_an_instrument_cannot_name_it() -> None:
    instruction = SE_150.model_copy(update={"layer": "OPD", "opds": ("BP2D",)})
    with pytest.raises(Invalid, match="BP2D belum terdaftar"):
        decide(decider, AFTER_MERGER, EnactInstrument(region="32", instrument=instruction), AFTER)


@pytest.mark.parametrize(("on", "when"), [(NEW_YEAR, BEFORE), (date(2025, 1, 1), AFTER)])
def test_its_code_is_not_used_again(on: date, when: object) -> None:
    command = OpenOpd(region="32", opd="BP2D", name="Badan Pengelola", on=on)
    with pytest.raises(Invalid, match="Kodenya tidak dipakai lagi"):
        decide(decider, AFTER_MERGER, command, AFTER if when is AFTER else BEFORE)


def test_before_its_end_the_same_opening_again_changes_nothing() -> None:
    assert decide(decider, AFTER_MERGER, OpenOpd.model_validate(agency("BP2D").model_dump()), BEFORE) == {}


def arrange(valid_from: date) -> ArrangeUnit:
    fields = arrangement(unit="SEKRETARIAT", opd="BP2D", valid_from=valid_from, site=SITE)
    return ArrangeUnit.model_validate(fields.model_dump())


def test_a_unit_of_it_is_arranged_for_the_days_before_its_end() -> None:
    assert "arrangement/32/BP2D/SEKRETARIAT" in decide(decider, AFTER_MERGER, arrange(date(2025, 12, 31)), AFTER)


def test_no_unit_of_it_is_arranged_from_its_end_on() -> None:
    with pytest.raises(Invalid, match="Unit tidak dapat diatur mulai 2026-01-01") as turned_away:
        decide(decider, AFTER_MERGER, arrange(NEW_YEAR))
    assert turned_away.value.pointer == "/valid_from"


def test_one_arrangement_reads_its_opd_and_no_other_unit() -> None:
    assert (*decider.reads(arrange(NEW_YEAR)), decider.stream(arrange(NEW_YEAR))) == (
        "policy/32/BP2D", "arrangement/32/BP2D/SEKRETARIAT",
    )  # fmt: skip


def test_the_register_says_what_became_of_each() -> None:
    entries = [
        OpdEntry(agency("BAPPEDA"), None), OpdEntry(agency("BP2D"), MERGED), OpdEntry(agency("DISPORA"), SPLIT_UP),
    ]  # fmt: skip
    became = [register_entry(entry).model_dump(include={"opd", "became"}, mode="json") for entry in entries]
    assert became == [
        {"opd": "BAPPEDA", "became": None},
        {"opd": "BP2D", "became": {"how": "MERGED", "into": ["BAPPEDA"], "on": "2026-01-01"}},
        {"opd": "DISPORA", "became": {"how": "SPLIT", "into": ["BP2D", "BAPPEDA"], "on": "2026-01-01"}},
    ]
