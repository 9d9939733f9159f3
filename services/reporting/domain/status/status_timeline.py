"""The states of a counter over a whole day, from the steps of its coverage: as they were, and as expected. Pure."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from shared.domain.facts.coverage import PostCoverage, Steps, at

DAY = 1440
AHEAD = 60
"""Minutes within which a shortage to come makes a counter RAWAN."""
SLOT = 15
SLOTS = DAY // SLOT
NO_POST = PostCoverage()


class State(StrEnum):
    """The five states (design 4-domain), the most pressing first: an OPD is as covered as its worst post."""

    KRITIS = "KRITIS"
    TIDAK_DIKETAHUI = "TIDAK_DIKETAHUI"
    RAWAN = "RAWAN"
    AMAN = "AMAN"
    TUTUP = "TUTUP"


STATES = tuple(State)
PRESSING = {state: rank for rank, state in enumerate(STATES)}


def worst(states: Iterable[State]) -> State:
    """The most pressing of some states; TUTUP if there is none."""
    return min(states, key=PRESSING.__getitem__, default=State.TUTUP)


class Day(NamedTuple):
    """A counter on its service date, and the same counter on the next one, None while nothing was said of that."""

    post: PostCoverage
    following: PostCoverage | None = None


class Run(NamedTuple):
    """A state over minutes of the service date, half-open."""

    start: int
    end: int
    state: State


Runs = tuple[Run, ...]


@lru_cache(maxsize=10_000)
def runs(day: Day) -> Runs:
    """The states of the whole day, each minute by what was known then, seeing an hour ahead."""
    spans = list(_spans(day, "required", "known", "unrostered"))
    short = [start for start, _, (needed, known, _) in spans if known < needed]
    return _merged(
        run
        for start, end, (needed, known, unrostered) in spans
        for run in _of_span(Heads(start, end, needed, known), next((s for s in short if s >= end), 2 * DAY), unrostered)
    )


class Heads(NamedTuple):
    """Heads needed and there over minutes."""

    start: int
    end: int
    required: int
    known: int


def _of_span(heads: Heads, next_short: int, unrostered: int) -> Iterator[Run]:
    start, end, required, known = heads
    if unrostered:
        yield Run(start, end, State.TIDAK_DIKETAHUI)
        return
    if required == 0 or known < required:
        yield Run(start, end, State.KRITIS if required else State.TUTUP)
        return
    turns = min(max(start, next_short - AHEAD), end)
    yield Run(start, turns, State.AMAN)
    yield Run(turns, end, State.RAWAN)


@lru_cache(maxsize=10_000)
def forecast(day: Day) -> Runs:
    """What to expect of today and tomorrow: RAWAN where only the plan fills the counter, KRITIS where not even that."""
    spans = _spans(day, "required", "known", "planned", "unrostered")
    expected = [Run(start, end, _expected(*heads)) for start, end, heads in spans]
    if day.following is None:
        return (*_merged(expected), Run(DAY, 2 * DAY, State.TIDAK_DIKETAHUI))
    return _merged(expected, 2 * DAY)


def _expected(required: int, known: int, planned: int, unrostered: int) -> State:
    if unrostered:
        return State.TIDAK_DIKETAHUI
    if required == 0:
        return State.TUTUP
    if known >= required:
        return State.AMAN
    return State.RAWAN if planned >= required else State.KRITIS


class Course(NamedTuple):
    """A counter's day as it was known at each minute, and what to expect of it and of the next."""

    known: Runs
    expected: Runs


def slots(courses: Iterable[Course], now: int, first: int = 0, last: int = SLOTS) -> tuple[State, ...]:
    """Slots of 15 minutes, each with the worst moment of all counters: as it was until now, as expected after.

    Slot 0 begins at midnight of the service date, slot 96 at the next one. Where no counter says anything: TUTUP.
    """
    ranks = [PRESSING[State.TUTUP]] * (last - first)
    for course in courses:
        for start, end, state in _seen(course, now):
            rank = PRESSING[state]
            for n in range(max(start // SLOT, first), min(-(-end // SLOT), last)):
                ranks[n - first] = min(ranks[n - first], rank)
    return tuple(STATES[rank] for rank in ranks)


def _seen(course: Course, now: int) -> Iterator[Run]:
    for start, end, state in course.known:
        if start <= now:
            yield Run(start, min(end, now + 1), state)
    for start, end, state in course.expected:
        if end > now + 1:
            yield Run(max(start, now + 1), end, state)


def _spans(day: Day, *lanes: str) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """The stretches of two days in which no lane changes: start, end, heads of each lane."""
    steps = [_joined(getattr(day.post, lane), getattr(day.following or NO_POST, lane)) for lane in lanes]
    cuts = sorted({0, 2 * DAY, *(minute for lane in steps for minute, _ in lane)})
    return ((start, end, tuple(at(lane, start) for lane in steps)) for start, end in pairwise(cuts))


def _joined(today: Steps, tomorrow: Steps) -> Steps:
    return (*today, (DAY, 0), *((DAY + minute, heads) for minute, heads in tomorrow))


def _merged(states: Iterable[Run], until: int = DAY) -> Runs:
    """One run per state, until a minute."""
    merged: list[Run] = []
    for run in states:
        if merged and merged[-1].state is run.state:
            merged[-1] = merged[-1]._replace(end=run.end)
        elif run.start < min(run.end, until):
            merged.append(run)
    return tuple(run._replace(end=min(run.end, until)) for run in merged)
