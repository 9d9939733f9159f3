"""The status of a post and an OPD through the day, and the states and slots of a whole day."""

from datetime import datetime
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.status.current_status import OpdStatus, StatusRows, opd_status
from services.reporting.domain.status.status_timeline import (
    MINUTES_PER_DAY,
    SLOTS_PER_DAY,
    CoverageState,
    DayStates,
    PostDays,
    forecast,
    known_states,
    slot_states,
    worst_state,
)
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage, heads_at
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


def status_of_dpmptsp(known: Steps, when: str, behind: datetime | None = None) -> OpdStatus:
    return opd_status("32", "DPMPTSP", StatusRows(row(known)), at(when), behind)


CAME_0816 = ((496, 1), (720, 0), (780, 1), (900, 0))


@pytest.mark.parametrize(
    ("when", "state", "since"),
    [
        ("07:59", CoverageState.TUTUP, "00:00"),
        ("08:00", CoverageState.KRITIS, "08:00"),
        ("08:15", CoverageState.KRITIS, "08:00"),
        ("08:16", CoverageState.AMAN, "08:16"),
        ("10:59", CoverageState.AMAN, "08:16"),
        ("11:00", CoverageState.RAWAN, "11:00"),
        ("11:59", CoverageState.RAWAN, "11:00"),
        ("12:00", CoverageState.KRITIS, "12:00"),
        ("13:00", CoverageState.AMAN, "13:00"),
        ("14:59", CoverageState.AMAN, "13:00"),
        ("15:00", CoverageState.TUTUP, "15:00"),
        ("23:59", CoverageState.TUTUP, "15:00"),
    ],
)
def test_counter_1_whose_clerk_came_at_0816_through_the_day(when: str, state: CoverageState, since: str) -> None:
    (post,) = status_of_dpmptsp(CAME_0816, when).posts
    assert (post.state, post.since) == (state, at(since))


def test_a_shortage_more_than_an_hour_away_is_not_yet_a_risk() -> None:
    assert status_of_dpmptsp(((480, 1), (601, 0)), "09:00").state is CoverageState.AMAN


def test_a_shortage_exactly_an_hour_away_is() -> None:
    assert status_of_dpmptsp(((480, 1), (600, 0)), "09:00").state is CoverageState.RAWAN


def test_a_counter_with_too_many_people_is_as_safe_as_one_with_enough() -> None:
    assert status_of_dpmptsp(((480, 3), (900, 0)), "09:00").state is CoverageState.AMAN


def test_nobody_at_home_fills_a_counter() -> None:
    assert status_of_dpmptsp((), "08:30").state is CoverageState.KRITIS


def test_heads_are_counted_for_the_minute() -> None:
    (post,) = status_of_dpmptsp(CAME_0816, "12:30").posts
    assert (post.required, post.on_site, post.planned) == (1, 0, 0)


def test_people_are_counted_by_where_they_work() -> None:
    assert status_of_dpmptsp(CAME_0816, "08:16").modes == {"WFO": 2, "WFH": 31}


def test_a_closed_counter_shows_when_it_opens() -> None:
    assert status_of_dpmptsp((), "07:00").posts[0].opens == at("08:00")


def test_after_closing_it_opens_no_more_today() -> None:
    assert status_of_dpmptsp((), "16:00").posts[0].opens is None


def test_without_a_row_nothing_is_known() -> None:
    assert opd_status("32", "DPMPTSP", StatusRows(None), at("09:00")).state is CoverageState.TIDAK_DIKETAHUI


def test_a_view_that_is_behind_shows_unknown_whatever_its_rows_were() -> None:
    opd = status_of_dpmptsp(CAME_0816, "09:00", behind=at("08:40"))
    assert [opd.state, opd.posts[0].state, opd.posts[0].since] == [CoverageState.TIDAK_DIKETAHUI] * 2 + [at("08:40")]


def test_without_a_roster_an_open_counter_is_unknown_and_a_closed_one_closed() -> None:
    states = [
        opd_status("32", "DPMPTSP", StatusRows(row((), rostered=False)), at(when)).state for when in ("09:00", "16:00")
    ]
    assert states == [CoverageState.TIDAK_DIKETAHUI, CoverageState.TUTUP]


def test_a_row_without_units_is_unknown() -> None:
    empty = row(()).model_copy(update={"units": {}})
    assert opd_status("32", "DPMPTSP", StatusRows(empty), at("09:00")).state is CoverageState.TIDAK_DIKETAHUI


def test_a_unit_without_counters_needs_nobody_if_it_has_a_roster() -> None:
    quiet = row(()).model_copy(update={"units": {"SEKRE": UnitCoverage(rostered=True)}})
    assert opd_status("32", "DPMPTSP", StatusRows(quiet), at("09:00")).state is CoverageState.TUTUP


def test_an_opd_is_as_covered_as_its_worst_counter() -> None:
    posts = {"LOKET-1": counter(()), "LOKET-2": counter(((480, 5), (900, 0)))}
    both = row(()).model_copy(update={"units": {"FRONT": UnitCoverage(rostered=True, posts=posts)}})
    assert opd_status("32", "DPMPTSP", StatusRows(both), at("09:00")).state is CoverageState.KRITIS


def test_a_critical_counter_is_not_hidden_by_an_unknown_one() -> None:
    assert (
        worst_state([CoverageState.TIDAK_DIKETAHUI, CoverageState.KRITIS, CoverageState.AMAN]) is CoverageState.KRITIS
    )


def test_what_is_unknown_never_counts_as_fine() -> None:
    assert (
        worst_state([CoverageState.TIDAK_DIKETAHUI, CoverageState.RAWAN, CoverageState.AMAN])
        is CoverageState.TIDAK_DIKETAHUI
    )


def test_a_counter_of_makassar_keeps_the_time_of_makassar() -> None:
    makassar = row(CAME_0816, timezone="Asia/Makassar")
    assert opd_status("73", "DPMPTSP", StatusRows(makassar), at("08:16", region="73")).state is CoverageState.AMAN


def test_before_midnight_a_night_post_is_at_risk_if_nobody_follows() -> None:
    all_day = ((0, 1),)
    tonight = counter(all_day, required=all_day)
    intervals = [known_states(PostDays(tonight, counter(known, required=all_day)))[-1] for known in ((), ((0, 1),))]
    assert [(interval.start, interval.state) for interval in intervals] == [
        (1380, CoverageState.RAWAN),
        (0, CoverageState.AMAN),
    ]


def state_lengths(states: tuple[CoverageState, ...]) -> list[tuple[CoverageState, int]]:
    return [(state, len(list(slots))) for state, slots in groupby(states)]


def test_the_strip_at_nine_shows_what_was_and_what_the_plan_promises() -> None:
    assert state_lengths(status_of_dpmptsp(((496, 1), (720, 0)), "09:00").posts[0].slots) == [
        (CoverageState.TUTUP, 32),  # to 08:00
        (CoverageState.KRITIS, 2),  # to 08:30: the clerk came at 08:16
        (CoverageState.AMAN, 14),  # to 12:00
        (CoverageState.KRITIS, 4),  # the break, which nobody fills
        (CoverageState.RAWAN, 8),  # to 15:00: rostered, not yet here
        (CoverageState.TUTUP, 36),
    ]


def test_a_slot_shows_its_worst_moment() -> None:
    gap_of_a_minute = ((480, 1), (607, 0), (608, 1), (900, 0))
    assert status_of_dpmptsp(gap_of_a_minute, "16:00").posts[0].slots[40] is CoverageState.KRITIS


STEPS = st.dictionaries(st.integers(0, MINUTES_PER_DAY - 1), st.integers(0, 3), max_size=8).map(
    lambda s: tuple(sorted(s.items()))
)
DAYS = st.builds(
    lambda r, k, p, f: PostDays(counter(k, r, p), f), STEPS, STEPS, STEPS, st.builds(counter, STEPS, STEPS)
)


def state_by_definition(day: PostDays, minute: int) -> CoverageState:
    def lane(steps: Steps, following: Steps, m: int) -> int:
        return heads_at(steps, m) if m < MINUTES_PER_DAY else heads_at(following, m - MINUTES_PER_DAY)

    def missing(m: int) -> bool:
        following = day.next_day or PostCoverage()
        known = lane(day.post.known, following.known, m)
        return known < lane(day.post.required, following.required, m)

    if heads_at(day.post.required, minute) == 0:
        return CoverageState.TUTUP
    if missing(minute):
        return CoverageState.KRITIS
    return CoverageState.RAWAN if any(map(missing, range(minute, minute + 61))) else CoverageState.AMAN


@given(DAYS, st.integers(0, MINUTES_PER_DAY - 1))
def test_every_minute_has_the_state_that_the_definition_gives_it(day: PostDays, minute: int) -> None:
    assert next(i for i in known_states(day) if i.end > minute).state is state_by_definition(day, minute)


@given(DAYS)
def test_runs_cover_the_day_without_gap_and_change_at_each_border(day: PostDays) -> None:
    for intervals, end in ((known_states(day), MINUTES_PER_DAY), (forecast(day), 2 * MINUTES_PER_DAY)):
        assert [intervals[0].start, *(i.end for i in intervals)] == [*(i.start for i in intervals), end]
        assert all(former.state is not later.state for former, later in pairwise(intervals))


@given(DAYS, st.integers(0, MINUTES_PER_DAY - 1))
def test_a_day_has_96_slots(day: PostDays, now: int) -> None:
    assert len(slot_states([DayStates(known_states(day), forecast(day))], now)) == SLOTS_PER_DAY
