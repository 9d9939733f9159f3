"""Checks which dates of an OPD a dry run reports: its end, its successors, and a changed class of its counter."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.policy.domain import decider
from services.policy.domain.read_models.impact import impact_of
from services.policy.domain.resolution.diff import RuleChange
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import Change, Holiday, OpdMerged, OpdOpened, OpdSplit, Period, PolicyChanged
from tests.support.example_facts import arrangement, post
from tests.support.given_when_then import fold

OPENED = OpdOpened(region="32", opd="BP2D", name="Badan Penelitian", on=date(2025, 1, 1))
NOVEMBER, NEW_YEAR = date(2025, 11, 6), date(2026, 1, 1)
MERGED = OpdMerged(region="32", opd="BP2D", into="BAPPEDA", on=NEW_YEAR)
SPLIT = OpdSplit(region="32", opd="BP2D", into=("BAPPEDA", "DISPORA"), on=NEW_YEAR)


def policy(*days: date, last: date | None = None) -> PolicyChanged:
    dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), NOVEMBER)
    thursdays = Period.model_validate({"from": NOVEMBER, "to": last, "rules": {"pattern": {"weekdays": ["THU"]}}})
    holidays = tuple(Holiday(date=day, kind="public", name="Libur", source="SKB") for day in days)
    change = Change(kind="ENACTED", instrument="se-150", **dates)
    return PolicyChanged(region="32", opd="BP2D", change=change, revision=1, periods=(thursdays,), holidays=holidays)


def changed_dates(given: Sequence[Fact], *facts: Fact) -> list[tuple[str, date, date | None]]:
    return [(", ".join(change.rules), change.from_, change.to) for change in changes(given, *facts)]


def changes(given: Sequence[Fact], *facts: Fact) -> list[RuleChange]:
    return impact_of(fold(decider, given), facts)


def test_what_concerns_no_opd_changes_no_day() -> None:
    assert changes([], OPENED) == []


def test_an_instrument_changes_the_days_that_it_binds() -> None:
    assert changed_dates([OPENED], policy()) == [("pattern", NOVEMBER, None)]


def test_from_its_end_on_a_merged_agency_has_a_successor_and_neither_rules_nor_holidays() -> None:
    christmas, easter = date(2025, 12, 25), date(2026, 4, 3)
    assert changed_dates([OPENED, policy(christmas, easter)], MERGED) == [
        ("into", NEW_YEAR, None), ("pattern", NEW_YEAR, None), ("holiday", easter, easter),
    ]  # fmt: skip


def test_rules_that_are_over_before_an_agency_ends_are_no_loss() -> None:
    assert changed_dates([OPENED, policy(last=date(2025, 11, 30))], MERGED) == [("into", NEW_YEAR, None)]


def test_rules_that_would_begin_after_an_agency_ends_are_lost_whole() -> None:
    early = OpdMerged(region="32", opd="BP2D", into="BAPPEDA", on=date(2025, 6, 1))
    assert changed_dates([OPENED, policy()], early) == [("into", date(2025, 6, 1), None), ("pattern", NOVEMBER, None)]


def test_an_agency_that_no_rules_bind_has_successors_too() -> None:
    assert [change.rules for change in changes([OPENED], SPLIT)] == [{"into": (None, ("BAPPEDA", "DISPORA"))}]


COUNTER = arrangement(valid_from=date(2025, 1, 1))


def counter(**more: Any) -> Any:
    return arrangement(**{"valid_from": NOVEMBER, **more})


def test_a_counter_that_becomes_an_office_is_another_unit_from_that_day_on() -> None:
    (change,) = changes([COUNTER], counter(**{"class": "NON_SERVICE"}))
    assert (change.unit, change.from_, change.to, change.rules) == (
        "FRONT", NOVEMBER, None, {"class": ("DIRECT", "NON_SERVICE")},
    )  # fmt: skip


def test_a_new_unit_is_listed_with_all_that_decides() -> None:
    assert changed_dates([], COUNTER) == [("class, kinds, site, posts", date(2025, 1, 1), None)]


def test_another_name_changes_no_day() -> None:
    assert changed_dates([COUNTER], counter(name="Loket Perizinan")) == []


def test_a_class_for_a_month_is_compared_with_what_holds_in_each_part_of_it() -> None:
    evenings = counter(valid_from=date(2025, 11, 20), **{"class": "MIXED"})
    month = counter(valid_to=date(2025, 11, 30), **{"class": "MIXED"})
    assert changed_dates([COUNTER, evenings], month) == [("class", NOVEMBER, date(2025, 11, 19))]


def test_the_parts_that_change_alike_are_listed_as_one() -> None:
    renamed = counter(valid_from=date(2025, 11, 20), name="Loket")
    assert changed_dates([COUNTER, renamed], counter(**{"class": "MIXED"})) == [("class", NOVEMBER, None)]


def test_of_two_arrangements_of_one_command_the_second_is_compared_with_the_first() -> None:
    late = counter(valid_from=NEW_YEAR, posts=(post(),), **{"class": "MIXED"})
    assert changed_dates([COUNTER], counter(**{"class": "MIXED"}), late) == [("class", NOVEMBER, None)]
