"""Computes the states of a post over a whole day from its coverage row: as they were, and as expected. Pure."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from shared.domain.facts.coverage import PostCoverage, Steps, heads_at

MINUTES_PER_DAY = 1440
RISK_HORIZON_MINUTES = 60
"""A staffed post is RAWAN if it will be short of staff within this time."""
SLOT_MINUTES = 15
SLOTS_PER_DAY = MINUTES_PER_DAY // SLOT_MINUTES
NO_POST = PostCoverage()


class CoverageState(StrEnum):
    """The status of a post, unit, OPD or region (docs/glossary.md, status of a post); the most severe first."""

    KRITIS = "KRITIS"
    TIDAK_DIKETAHUI = "TIDAK_DIKETAHUI"
    RAWAN = "RAWAN"
    AMAN = "AMAN"
    TUTUP = "TUTUP"


STATES = tuple(CoverageState)
SEVERITY_RANK = {state: rank for rank, state in enumerate(STATES)}
"""0 is the most severe state."""


def worst_state(states: Iterable[CoverageState]) -> CoverageState:
    """Return the most severe of some states (of the parts of a unit, OPD or region); TUTUP if there is none."""
    return min(states, key=SEVERITY_RANK.__getitem__, default=CoverageState.TUTUP)


class PostDays(NamedTuple):
    """The coverage of a post on the service date and on the next date; None if the next date has no row yet."""

    post: PostCoverage
    next_day: PostCoverage | None = None


class StateInterval(NamedTuple):
    """A state from minute `start` to before minute `end` of the service date."""

    start: int
    end: int
    state: CoverageState


class StaffingSpan(NamedTuple):
    """Heads required and present from minute `start` to before minute `end`."""

    start: int
    end: int
    required: int
    known: int


# Cached: rows are immutable, and a status is computed every minute, mostly from rows that have not changed.
@lru_cache(maxsize=10_000)
def known_states(days: PostDays) -> tuple[StateInterval, ...]:
    """Return the states of the service date, each minute as known then, looking ahead by the risk horizon."""
    spans = list(_constant_spans(days, "required", "known", "unrostered"))
    short = [start for start, _, (required, known, _) in spans if known < required]
    return _merge_adjacent(
        interval
        for start, end, (required, known, unrostered) in spans
        for interval in _states_of_span(
            StaffingSpan(start, end, required, known),
            next((s for s in short if s >= end), 2 * MINUTES_PER_DAY),
            unrostered,
        )
    )


def _states_of_span(span: StaffingSpan, next_short: int, unrostered: int) -> Iterator[StateInterval]:
    """Yield the states of a span; `next_short` is the next minute at which heads are missing."""
    start, end, required, known = span
    # Also with enough heads: without a roster there is no verdict (docs/decisions/0001-the-spine.md).
    if unrostered:
        yield StateInterval(start, end, CoverageState.TIDAK_DIKETAHUI)
        return
    if required == 0 or known < required:
        yield StateInterval(start, end, CoverageState.KRITIS if required else CoverageState.TUTUP)
        return
    risk_start = min(max(start, next_short - RISK_HORIZON_MINUTES), end)
    yield StateInterval(start, risk_start, CoverageState.AMAN)
    yield StateInterval(risk_start, end, CoverageState.RAWAN)


@lru_cache(maxsize=10_000)
def forecast(days: PostDays) -> tuple[StateInterval, ...]:
    """Return the expected states of the service date and the next date, in minutes from midnight of the first.

    Where staff is missing: RAWAN if the roster fills the post, KRITIS if it does not.
    """
    spans = _constant_spans(days, "required", "known", "planned", "unrostered")
    expected = [StateInterval(start, end, _expected_state(*heads)) for start, end, heads in spans]
    if days.next_day is None:
        unknown = StateInterval(MINUTES_PER_DAY, 2 * MINUTES_PER_DAY, CoverageState.TIDAK_DIKETAHUI)
        return (*_merge_adjacent(expected), unknown)
    return _merge_adjacent(expected, 2 * MINUTES_PER_DAY)


def _expected_state(required: int, known: int, planned: int, unrostered: int) -> CoverageState:
    if unrostered:
        return CoverageState.TIDAK_DIKETAHUI
    if required == 0:
        return CoverageState.TUTUP
    if known >= required:
        return CoverageState.AMAN
    return CoverageState.RAWAN if planned >= required else CoverageState.KRITIS


class DayStates(NamedTuple):
    """The states of a post: as known at each minute of the service date, and as expected until the end of the next."""

    known: tuple[StateInterval, ...]
    expected: tuple[StateInterval, ...]


def slot_states(
    posts: Iterable[DayStates], now: int, first: int = 0, last: int = SLOTS_PER_DAY
) -> tuple[CoverageState, ...]:
    """Return the states of the 15-minute slots from `first` to before `last`.

    A slot has the most severe state of all posts in its minutes: as known up to minute `now`, as expected after it.
    Slot 0 begins at midnight of the service date, slot 96 at the next midnight. A slot without any state is TUTUP.
    """
    # Ranks instead of states, because a comparison of small integers is all that the inner loop does.
    ranks = [SEVERITY_RANK[CoverageState.TUTUP]] * (last - first)
    for states in posts:
        for start, end, state in _known_then_expected(states, now):
            rank = SEVERITY_RANK[state]
            # `-(-a // b)` is a / b rounded up: a slot that a state only touches has this state too.
            for n in range(max(start // SLOT_MINUTES, first), min(-(-end // SLOT_MINUTES), last)):
                ranks[n - first] = min(ranks[n - first], rank)
    return tuple(STATES[rank] for rank in ranks)


def _known_then_expected(states: DayStates, now: int) -> Iterator[StateInterval]:
    for start, end, state in states.known:
        if start <= now:
            yield StateInterval(start, min(end, now + 1), state)
    for start, end, state in states.expected:
        if end > now + 1:
            yield StateInterval(max(start, now + 1), end, state)


def _constant_spans(days: PostDays, *lanes: str) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Split two days where a lane changes; yield start, end and the heads of each lane."""
    steps = [_two_days(getattr(days.post, lane), getattr(days.next_day or NO_POST, lane)) for lane in lanes]
    cuts = sorted({0, 2 * MINUTES_PER_DAY, *(minute for lane in steps for minute, _ in lane)})
    return ((start, end, tuple(heads_at(lane, start) for lane in steps)) for start, end in pairwise(cuts))


def _two_days(today: Steps, tomorrow: Steps) -> Steps:
    # The step to 0 at midnight: a row without a step at minute 0 begins with no heads.
    return (*today, (MINUTES_PER_DAY, 0), *((MINUTES_PER_DAY + minute, heads) for minute, heads in tomorrow))


def _merge_adjacent(intervals: Iterable[StateInterval], until: int = MINUTES_PER_DAY) -> tuple[StateInterval, ...]:
    """Merge adjacent intervals with equal states, drop empty ones, and cut off what lies beyond minute `until`."""
    merged: list[StateInterval] = []
    for interval in intervals:
        if merged and merged[-1].state is interval.state:
            merged[-1] = merged[-1]._replace(end=interval.end)
        elif interval.start < min(interval.end, until):
            merged.append(interval)
    return tuple(interval._replace(end=min(interval.end, until)) for interval in merged)
