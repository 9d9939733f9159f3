from datetime import datetime
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.status.current_status import OpdNow, Rows, opd_now
from services.reporting.domain.status.status_timeline import (
    DAY,
    SLOTS,
    Course,
    Day,
    State,
    forecast,
    runs,
    slots,
    worst,
)
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.domain.facts.coverage import at as heads
from tests.support.example_facts import THURSDAY, at

OPEN = ((480, 1), (900, 0))
ROSTER = ((480, 1), (720, 0), (780, 1), (900, 0))


def counter(known: Steps, required: Steps = OPEN, planned: Steps = ROSTER) -> PostCoverage:
    return PostCoverage(required=required, planned=planned, known=known, restated=known)


def row(known: Steps, *, rostered: bool = True, timezone: str = "Asia/Jakarta") -> Coverage:
    post = counter(known) if rostered else counter(known).model_copy(update={"unrostered": counter(known).required})
    unit = UnitCoverage(name="Front Office", timezone=timezone, rostered=rostered, posts={"LOKET-1": post})
    return Coverage(
        region="32",
        opd="DPMPTSP",
        service_date=THURSDAY,
        definition=1,
        revision=1,
        units={"FRONT": unit},
        modes={"WFO": ((441, 1), (496, 2)), "WFH": ((450, 31),)},
    )


def dpmptsp(known: Steps, when: str, behind: datetime | None = None) -> OpdNow:
    return opd_now("32", "DPMPTSP", Rows(row(known)), at(when), behind)


CAME_0816 = ((496, 1), (720, 0), (780, 1), (900, 0))


@pytest.mark.parametrize(
    ("when", "state", "since"),
    [
        ("07:59", State.TUTUP, "00:00"),
        ("08:00", State.KRITIS, "08:00"),
        ("08:15", State.KRITIS, "08:00"),
        ("08:16", State.AMAN, "08:16"),
        ("10:59", State.AMAN, "08:16"),
        ("11:00", State.RAWAN, "11:00"),
        ("11:59", State.RAWAN, "11:00"),
        ("12:00", State.KRITIS, "12:00"),
        ("13:00", State.AMAN, "13:00"),
        ("14:59", State.AMAN, "13:00"),
        ("15:00", State.TUTUP, "15:00"),
        ("23:59", State.TUTUP, "15:00"),
    ],
)
def test_counter_1_whose_clerk_came_at_0816_through_the_day(when: str, state: State, since: str) -> None:
    (post,) = dpmptsp(CAME_0816, when).posts
    assert (post.state, post.since) == (state, at(since))


def test_a_shortage_more_than_an_hour_away_is_not_yet_a_risk() -> None:
    assert dpmptsp(((480, 1), (601, 0)), "09:00").state is State.AMAN


def test_a_shortage_exactly_an_hour_away_is() -> None:
    assert dpmptsp(((480, 1), (600, 0)), "09:00").state is State.RAWAN


def test_a_counter_with_too_many_people_is_as_safe_as_one_with_enough() -> None:
    assert dpmptsp(((480, 3), (900, 0)), "09:00").state is State.AMAN


def test_nobody_at_home_fills_a_counter() -> None:
    assert dpmptsp((), "08:30").state is State.KRITIS


def test_heads_are_counted_for_the_minute() -> None:
    (post,) = dpmptsp(CAME_0816, "12:30").posts
    assert (post.required, post.on_site, post.planned) == (1, 0, 0)


def test_people_are_counted_by_where_they_work() -> None:
    assert dpmptsp(CAME_0816, "08:16").modes == {"WFO": 2, "WFH": 31}


def test_a_closed_counter_tells_when_it_opens() -> None:
    assert dpmptsp((), "07:00").posts[0].opens == at("08:00")


def test_after_closing_it_opens_no_more_today() -> None:
    assert dpmptsp((), "16:00").posts[0].opens is None


def test_without_a_row_nothing_is_known() -> None:
    assert opd_now("32", "DPMPTSP", Rows(None), at("09:00")).state is State.TIDAK_DIKETAHUI


def test_a_view_that_is_behind_knows_nothing_however_good_it_looked() -> None:
    opd = dpmptsp(CAME_0816, "09:00", behind=at("08:40"))
    assert [opd.state, opd.posts[0].state, opd.posts[0].since] == [State.TIDAK_DIKETAHUI] * 2 + [at("08:40")]


def test_without_a_roster_an_open_counter_is_unknown_and_a_closed_one_closed() -> None:
    states = [opd_now("32", "DPMPTSP", Rows(row((), rostered=False)), at(when)).state for when in ("09:00", "16:00")]
    assert states == [State.TIDAK_DIKETAHUI, State.TUTUP]


def test_a_row_without_units_is_unknown() -> None:
    empty = row(()).model_copy(update={"units": {}})
    assert opd_now("32", "DPMPTSP", Rows(empty), at("09:00")).state is State.TIDAK_DIKETAHUI


def test_a_unit_without_counters_needs_nobody_if_it_has_a_roster() -> None:
    quiet = row(()).model_copy(update={"units": {"SEKRE": UnitCoverage(rostered=True)}})
    assert opd_now("32", "DPMPTSP", Rows(quiet), at("09:00")).state is State.TUTUP


def test_an_opd_is_as_covered_as_its_worst_counter() -> None:
    posts = {"LOKET-1": counter(()), "LOKET-2": counter(((480, 5), (900, 0)))}
    both = row(()).model_copy(update={"units": {"FRONT": UnitCoverage(rostered=True, posts=posts)}})
    assert opd_now("32", "DPMPTSP", Rows(both), at("09:00")).state is State.KRITIS


def test_a_critical_counter_is_not_hidden_by_an_unknown_one() -> None:
    assert worst([State.TIDAK_DIKETAHUI, State.KRITIS, State.AMAN]) is State.KRITIS


def test_what_is_unknown_never_counts_as_fine() -> None:
    assert worst([State.TIDAK_DIKETAHUI, State.RAWAN, State.AMAN]) is State.TIDAK_DIKETAHUI


def test_a_counter_of_makassar_keeps_the_time_of_makassar() -> None:
    there = row(CAME_0816, timezone="Asia/Makassar")
    assert opd_now("73", "DPMPTSP", Rows(there), at("08:16", region="73")).state is State.AMAN


def test_before_midnight_a_night_post_is_at_risk_if_nobody_follows() -> None:
    all_day = ((0, 1),)
    tonight = counter(all_day, required=all_day)
    states = [runs(Day(tonight, counter(known, required=all_day)))[-1] for known in ((), ((0, 1),))]
    assert [(run.start, run.state) for run in states] == [(1380, State.RAWAN), (0, State.AMAN)]


def spelt(states: tuple[State, ...]) -> list[tuple[State, int]]:
    return [(state, len(list(run))) for state, run in groupby(states)]


def test_the_strip_at_nine_shows_what_was_and_what_the_plan_promises() -> None:
    assert spelt(dpmptsp(((496, 1), (720, 0)), "09:00").posts[0].slots) == [
        (State.TUTUP, 32),  # to 08:00
        (State.KRITIS, 2),  # to 08:30: the clerk came at 08:16
        (State.AMAN, 14),  # to 12:00
        (State.KRITIS, 4),  # the break, which nobody fills
        (State.RAWAN, 8),  # to 15:00: rostered, not yet here
        (State.TUTUP, 36),
    ]


def test_a_slot_shows_its_worst_moment() -> None:
    gap_of_a_minute = ((480, 1), (607, 0), (608, 1), (900, 0))
    assert dpmptsp(gap_of_a_minute, "16:00").posts[0].slots[40] is State.KRITIS


STEPS = st.dictionaries(st.integers(0, DAY - 1), st.integers(0, 3), max_size=8).map(lambda s: tuple(sorted(s.items())))
DAYS = st.builds(lambda r, k, p, f: Day(counter(k, r, p), f), STEPS, STEPS, STEPS, st.builds(counter, STEPS, STEPS))


def by_definition(day: Day, minute: int) -> State:
    def lane(steps: Steps, following: Steps, m: int) -> int:
        return heads(steps, m) if m < DAY else heads(following, m - DAY)

    def missing(m: int) -> bool:
        following = day.following or PostCoverage()
        known = lane(day.post.known, following.known, m)
        return known < lane(day.post.required, following.required, m)

    if heads(day.post.required, minute) == 0:
        return State.TUTUP
    if missing(minute):
        return State.KRITIS
    return State.RAWAN if any(map(missing, range(minute, minute + 61))) else State.AMAN


@given(DAYS, st.integers(0, DAY - 1))
def test_every_minute_has_the_state_that_the_definition_gives_it(day: Day, minute: int) -> None:
    assert next(run for run in runs(day) if run.end > minute).state is by_definition(day, minute)


@given(DAYS)
def test_runs_cover_the_day_without_gap_and_change_at_each_border(day: Day) -> None:
    for found, end in ((runs(day), DAY), (forecast(day), 2 * DAY)):
        assert [found[0].start, *(run.end for run in found)] == [*(run.start for run in found), end]
        assert all(one.state is not two.state for one, two in pairwise(found))


@given(DAYS, st.integers(0, DAY - 1))
def test_a_day_has_96_slots(day: Day, now: int) -> None:
    assert len(slots([Course(runs(day), forecast(day))], now)) == SLOTS
