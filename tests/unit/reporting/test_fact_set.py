"""Which facts count for which rows, and which are forgotten when their days are closed."""

from collections import Counter
from datetime import date, timedelta

import pytest

from services.reporting.domain.coverage.fact_set import COUNTED, FactSet
from services.reporting.domain.fact_store.compact import Fact, counts, day_of, first_open, lean
from services.reporting.domain.partitions.region_state import Known
from shared.domain.envelope import encode
from tests.support import example_facts as ex
from tests.support import reference_coverage as plain
from tests.support.example_facts import ANI, BUDI, THURSDAY, at

DAY = timedelta(days=1)
FRIDAY = THURSDAY + DAY
BEFORE = at("06:00", THURSDAY - 7 * DAY)


@pytest.fixture
def ledger() -> ex.Ledger:
    return ex.Ledger()


def folded(*facts: Fact, first: date | None = None) -> FactSet:
    own = FactSet("32", "DPMPTSP", first=first)
    for fact in facts:
        own.add(fact)
    return own


def two_days(ledger: ex.Ledger) -> list[Fact]:
    ledger.record(ex.arrangement(), BEFORE)
    for day in (THURSDAY, FRIDAY):
        ledger.record(ex.roster(ex.shift(ANI), ex.shift(BUDI), day=day), BEFORE)
    for day in (THURSDAY, FRIDAY):
        for who in (ANI, BUDI):
            ledger.record(ex.tap("in", who, at("07:25", day)), at("07:25", day))
    return [lean(event) for event in ledger.events]


@pytest.mark.parametrize(("days", "hours", "counted"), [(0, "07:25", True), (3, "23:00", True), (4, "07:01", False)])
def test_what_is_recorded_up_to_three_days_later_counts_for_a_date(days: int, hours: str, *, counted: bool) -> None:
    assert counts(at(hours, THURSDAY + days * DAY).timestamp(), THURSDAY) is counted


def test_a_date_is_open_as_long_as_something_can_count_for_it() -> None:
    for minutes in range(0, 10 * 1440, 97):
        instant = (BEFORE + timedelta(minutes=minutes)).timestamp()
        first = first_open(instant)
        assert (counts(instant, first), counts(instant, first - DAY)) == (True, False)


def test_a_tap_that_came_too_late_is_left_out_and_counted(ledger: ex.Ledger) -> None:
    outcomes: Counter[str] = Counter()
    own = FactSet("32", "DPMPTSP", outcomes)
    late = lean(ledger.record(ex.tap("in", ANI, at("07:25")), at("08:00", THURSDAY + 5 * DAY)))
    assert (own.add(late), len(own), outcomes) == (None, 0, {"late": 1})


def test_a_fact_that_comes_again_is_counted_as_a_repeat(ledger: ex.Ledger) -> None:
    outcomes: Counter[str] = Counter()
    own = FactSet("32", "DPMPTSP", outcomes)
    for fact in two_days(ledger) * 2:
        own.add(fact)
    assert (len(own), outcomes) == (7, {"repeat": 7})


def test_closing_a_day_forgets_what_only_its_row_needs(ledger: ex.Ledger) -> None:
    facts = two_days(ledger)
    own = folded(*facts)
    row = own.row(FRIDAY, {})
    assert own.close(FRIDAY) == []  # Thursday is the eve of Friday: its night shifts end there
    assert (own.dates(), own.row(FRIDAY, {})) == (frozenset({FRIDAY}), row)
    gone = own.close(FRIDAY + DAY)
    assert {*gone} == {fact.id for fact in facts if day_of(fact) == THURSDAY}
    assert own.dates() == frozenset()


def test_of_a_closed_day_nothing_is_kept_that_comes_again(ledger: ex.Ledger) -> None:
    facts = two_days(ledger)
    own = folded(*facts, first=FRIDAY + DAY)
    assert (own.dates(), len(own)) == (frozenset(), 4)
    assert own.add(facts[1]) is None


def test_an_arrangement_lasts_beyond_every_closed_day(ledger: ex.Ledger) -> None:
    own = folded(*two_days(ledger))
    own.close(FRIDAY + 5 * DAY)
    assert len(own) == 1


class TestTheChangelogOfAnOffice:
    def recalled(self, ledger: ex.Ledger, *bodies: bytes) -> Known:
        known = Known()
        for body in [encode(event) for event in ledger.events] + list(bodies):
            known.recall(b"32/DPMPTSP", body)
        return known

    def test_gives_the_row_that_was_there(self, ledger: ex.Ledger) -> None:
        facts = two_days(ledger)
        known = self.recalled(ledger)
        assert known.dates(b"32/DPMPTSP") == {THURSDAY, FRIDAY}
        assert known.row(b"32/DPMPTSP", THURSDAY) == folded(*facts).row(THURSDAY, {})

    def test_is_not_counted_as_repeats(self, ledger: ex.Ledger) -> None:
        two_days(ledger)
        known = self.recalled(ledger, *(encode(event) for event in ledger.events))
        known.dates(b"32/DPMPTSP")
        assert known.outcomes == {}

    def test_leaves_out_what_a_later_version_wrote(self, ledger: ex.Ledger) -> None:
        two_days(ledger)
        later = encode(ledger.events[-1]).replace(b"checked-in.v1", b"beamed-in.v1")
        known = self.recalled(ledger, later)
        known.dates(b"32/DPMPTSP")
        assert known.outcomes == {"left out": 1}

    def test_does_not_open_a_day_that_was_closed(self, ledger: ex.Ledger) -> None:
        two_days(ledger)
        known, closed = self.recalled(ledger), Known(first=FRIDAY + DAY)
        known.recall(b"32/-", closed.state())
        known.recall(b"32/-", Known(first=THURSDAY).state())
        assert (known.first, known.dates(b"32/DPMPTSP")) == (FRIDAY + DAY, frozenset())

    def test_tells_how_far_each_source_was_read(self, ledger: ex.Ledger) -> None:
        two_days(ledger)
        before, after = Known(), Known()
        before.reach(ledger.events[-1])
        after.recall(b"32/-", before.state())
        after.recall(b"32/DPMPTSP", encode(ledger.events[-1]))
        after.dates(b"32/DPMPTSP")
        row = after.row(b"32/DPMPTSP", FRIDAY)
        assert row
        assert row.watermark == {"/piket/32/attendance": 4}

    def test_an_office_of_which_nothing_is_known_has_no_row(self) -> None:
        assert Known().row(b"32/BKD", THURSDAY) is None


def test_somebody_who_taps_twice_between_two_rows_is_counted_once(ledger: ex.Ledger) -> None:
    own = folded(*two_days(ledger))
    own.row(THURSDAY, {})
    for kind, hours in (("out", "10:00"), ("in", "10:30")):
        own.add(lean(ledger.record(ex.tap(kind, ANI, at(hours)), at(hours))))
    assert own.row(THURSDAY, {}).units == plain.row(own.of(THURSDAY), "32", "DPMPTSP", THURSDAY).units


def test_a_unit_that_moves_to_another_time_zone_takes_its_roster_with_it(ledger: ex.Ledger) -> None:
    own = folded(*two_days(ledger))
    east = ex.SITE.model_copy(update={"timezone": "Asia/Jayapura"})
    for fact, hours in (
        (ex.roster(ex.shift(ANI), unit="ARSIP"), "06:00"),
        (ex.arrangement(site=east), "09:00"),
    ):
        own.add(lean(ledger.record(fact, at(hours))))
        assert own.row(THURSDAY, {}).units == plain.row(own.of(THURSDAY), "32", "DPMPTSP", THURSDAY).units


def test_a_row_whose_count_was_let_go_is_counted_again(ledger: ex.Ledger) -> None:
    days = [THURSDAY + n * DAY for n in range(COUNTED + 2)]
    told = [lean(ledger.record(ex.tap("in", ANI, at("07:25", day)), at("07:25", day))) for day in days]
    own = folded(*told[::2])
    kept_up = {day: own.row(day, {}) for day in days}
    for fact in told[1::2]:
        own.add(fact)
    assert len(own._days) == COUNTED
    assert {day: own.row(day, {}) for day in days} == {day: folded(*told).row(day, {}) for day in days} != kept_up
