"""Which facts count for which rows, and which are deleted when their days are closed."""

from collections import Counter
from datetime import date, timedelta

import pytest

from services.reporting.domain.coverage.fact_set import MAX_CACHED_DATES, FactSet
from services.reporting.domain.fact_store.compact import (
    CompactFact,
    compact,
    date_of,
    first_open_date,
    within_live_window,
)
from services.reporting.domain.partitions.region_state import RegionState
from shared.domain.envelope import encode
from tests.support import example_facts, reference_coverage
from tests.support.example_facts import ANI, BUDI, THURSDAY, at

DAY = timedelta(days=1)
FRIDAY = THURSDAY + DAY
BEFORE = at("06:00", THURSDAY - 7 * DAY)


@pytest.fixture
def ledger() -> example_facts.Ledger:
    return example_facts.Ledger()


def fact_set_of(*facts: CompactFact, first: date | None = None) -> FactSet:
    fact_set = FactSet("32", "DPMPTSP", first=first)
    for fact in facts:
        fact_set.add(fact)
    return fact_set


def two_days(ledger: example_facts.Ledger) -> list[CompactFact]:
    ledger.record(example_facts.arrangement(), BEFORE)
    for day in (THURSDAY, FRIDAY):
        ledger.record(example_facts.roster(example_facts.shift(ANI), example_facts.shift(BUDI), day=day), BEFORE)
    for day in (THURSDAY, FRIDAY):
        for who in (ANI, BUDI):
            ledger.record(example_facts.tap("in", who, at("07:25", day)), at("07:25", day))
    return [compact(event) for event in ledger.events]


@pytest.mark.parametrize(("days", "hours", "counted"), [(0, "07:25", True), (3, "23:00", True), (4, "07:01", False)])
def test_what_is_recorded_up_to_three_days_later_counts_for_a_date(days: int, hours: str, *, counted: bool) -> None:
    assert within_live_window(at(hours, THURSDAY + days * DAY).timestamp(), THURSDAY) is counted


def test_a_date_is_open_as_long_as_something_can_count_for_it() -> None:
    for minutes in range(0, 10 * 1440, 97):
        instant = (BEFORE + timedelta(minutes=minutes)).timestamp()
        first = first_open_date(instant)
        assert (within_live_window(instant, first), within_live_window(instant, first - DAY)) == (True, False)


def test_a_tap_that_came_too_late_is_left_out_and_counted(ledger: example_facts.Ledger) -> None:
    outcomes: Counter[str] = Counter()
    fact_set = FactSet("32", "DPMPTSP", outcomes)
    late = compact(ledger.record(example_facts.tap("in", ANI, at("07:25")), at("08:00", THURSDAY + 5 * DAY)))
    assert (fact_set.add(late), len(fact_set), outcomes) == (None, 0, {"late": 1})


def test_a_fact_that_comes_again_is_counted_as_a_repeat(ledger: example_facts.Ledger) -> None:
    outcomes: Counter[str] = Counter()
    fact_set = FactSet("32", "DPMPTSP", outcomes)
    for fact in two_days(ledger) * 2:
        fact_set.add(fact)
    assert (len(fact_set), outcomes) == (7, {"repeat": 7})


def test_closing_a_day_forgets_what_only_its_row_needs(ledger: example_facts.Ledger) -> None:
    facts = two_days(ledger)
    fact_set = fact_set_of(*facts)
    row = fact_set.row(FRIDAY, {})
    assert fact_set.close_days(FRIDAY) == []  # Thursday is the eve of Friday: its night shifts end there
    assert (fact_set.dates(), fact_set.row(FRIDAY, {})) == (frozenset({FRIDAY}), row)
    deleted = fact_set.close_days(FRIDAY + DAY)
    assert {*deleted} == {fact.id for fact in facts if date_of(fact) == THURSDAY}
    assert fact_set.dates() == frozenset()


def test_of_a_closed_day_nothing_is_kept_that_comes_again(ledger: example_facts.Ledger) -> None:
    facts = two_days(ledger)
    fact_set = fact_set_of(*facts, first=FRIDAY + DAY)
    assert (fact_set.dates(), len(fact_set)) == (frozenset(), 4)
    assert fact_set.add(facts[1]) is None


def test_an_arrangement_lasts_beyond_every_closed_day(ledger: example_facts.Ledger) -> None:
    fact_set = fact_set_of(*two_days(ledger))
    fact_set.close_days(FRIDAY + 5 * DAY)
    assert len(fact_set) == 1


class TestTheChangelogOfAnOffice:
    def restored(self, ledger: example_facts.Ledger, *bodies: bytes) -> RegionState:
        state = RegionState()
        for body in [encode(event) for event in ledger.events] + list(bodies):
            state.restore(b"32/DPMPTSP", body)
        return state

    def test_gives_the_row_that_was_there(self, ledger: example_facts.Ledger) -> None:
        facts = two_days(ledger)
        state = self.restored(ledger)
        assert state.dates(b"32/DPMPTSP") == {THURSDAY, FRIDAY}
        assert state.row(b"32/DPMPTSP", THURSDAY) == fact_set_of(*facts).row(THURSDAY, {})

    def test_is_not_counted_as_repeats(self, ledger: example_facts.Ledger) -> None:
        two_days(ledger)
        state = self.restored(ledger, *(encode(event) for event in ledger.events))
        state.dates(b"32/DPMPTSP")
        assert state.outcomes == {}

    def test_leaves_out_what_a_later_version_wrote(self, ledger: example_facts.Ledger) -> None:
        two_days(ledger)
        later = encode(ledger.events[-1]).replace(b"checked-in.v1", b"beamed-in.v1")
        state = self.restored(ledger, later)
        state.dates(b"32/DPMPTSP")
        assert state.outcomes == {"left out": 1}

    def test_does_not_open_a_day_that_was_closed(self, ledger: example_facts.Ledger) -> None:
        two_days(ledger)
        state, closed = self.restored(ledger), RegionState(first=FRIDAY + DAY)
        state.restore(b"32/-", closed.encode_state())
        state.restore(b"32/-", RegionState(first=THURSDAY).encode_state())
        assert (state.first, state.dates(b"32/DPMPTSP")) == (FRIDAY + DAY, frozenset())

    def test_reports_how_far_each_source_was_read(self, ledger: example_facts.Ledger) -> None:
        two_days(ledger)
        before, after = RegionState(), RegionState()
        before.advance(ledger.events[-1])
        after.restore(b"32/-", before.encode_state())
        after.restore(b"32/DPMPTSP", encode(ledger.events[-1]))
        after.dates(b"32/DPMPTSP")
        row = after.row(b"32/DPMPTSP", FRIDAY)
        assert row
        assert row.watermark == {"/piket/32/attendance": 4}

    def test_an_office_of_which_nothing_is_known_has_no_row(self) -> None:
        assert RegionState().row(b"32/BKD", THURSDAY) is None


def test_somebody_who_taps_twice_between_two_rows_is_counted_once(ledger: example_facts.Ledger) -> None:
    fact_set = fact_set_of(*two_days(ledger))
    fact_set.row(THURSDAY, {})
    for kind, hours in (("out", "10:00"), ("in", "10:30")):
        fact_set.add(compact(ledger.record(example_facts.tap(kind, ANI, at(hours)), at(hours))))
    assert (
        fact_set.row(THURSDAY, {}).units
        == reference_coverage.row(fact_set.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY).units
    )


def test_a_unit_that_moves_to_another_time_zone_takes_its_roster_with_it(ledger: example_facts.Ledger) -> None:
    fact_set = fact_set_of(*two_days(ledger))
    east = example_facts.SITE.model_copy(update={"timezone": "Asia/Jayapura"})
    for fact, hours in (
        (example_facts.roster(example_facts.shift(ANI), unit="ARSIP"), "06:00"),
        (example_facts.arrangement(site=east), "09:00"),
    ):
        fact_set.add(compact(ledger.record(fact, at(hours))))
        assert (
            fact_set.row(THURSDAY, {}).units
            == reference_coverage.row(fact_set.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY).units
        )


def test_a_row_whose_count_was_let_go_is_counted_again(ledger: example_facts.Ledger) -> None:
    days = [THURSDAY + n * DAY for n in range(MAX_CACHED_DATES + 2)]
    facts = [compact(ledger.record(example_facts.tap("in", ANI, at("07:25", day)), at("07:25", day))) for day in days]
    fact_set = fact_set_of(*facts[::2])
    before = {day: fact_set.row(day, {}) for day in days}
    for fact in facts[1::2]:
        fact_set.add(fact)
    assert len(fact_set._rows) == MAX_CACHED_DATES
    assert (
        {day: fact_set.row(day, {}) for day in days}
        == {day: fact_set_of(*facts).row(day, {}) for day in days}
        != before
    )
