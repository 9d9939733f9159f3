"""The states of a counter over a whole day, from the steps of its coverage: as they were, and as expected. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from shared.facts.coverage import PostCoverage, Steps, at

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


PRESSING = {state: rank for rank, state in enumerate(State)}


def worst(states: Iterable[State]) -> State:
    """The most pressing of some states; TUTUP if there is none."""
    return min(states, key=PRESSING.__getitem__, default=State.TUTUP)


class Day(NamedTuple):
    """A counter on its service date, and the same counter on the next one."""

    post: PostCoverage
    following: PostCoverage = NO_POST


class Run(NamedTuple):
    """A state over minutes of the service date, half-open."""

    start: int
    end: int
    state: State


Runs = tuple[Run, ...]


@lru_cache(maxsize=50_000)
def runs(day: Day) -> Runs:
    """The states of the whole day, each minute by what was known then, seeing an hour ahead."""
    one, two = day.post, day.following
    lanes = zip((one.required, one.known, one.unrostered), (two.required, two.known, two.unrostered), strict=True)
    spans = list(_spans(*(_joined(today, tomorrow) for today, tomorrow in lanes)))
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


@lru_cache(maxsize=50_000)
def forecast(day: Day) -> Runs:
    """What to expect of the hours to come: RAWAN where only the plan fills the counter, KRITIS where not even that."""
    lanes = _spans(day.post.required, day.post.known, day.post.planned, day.post.unrostered)
    return _merged(Run(start, end, _expected(*heads)) for start, end, heads in lanes)


def _expected(required: int, known: int, planned: int, unrostered: int) -> State:
    if unrostered:
        return State.TIDAK_DIKETAHUI
    if required == 0:
        return State.TUTUP
    if known >= required:
        return State.AMAN
    return State.RAWAN if planned >= required else State.KRITIS


def slots(day: Day, now: int) -> tuple[State, ...]:
    """The day in 96 slots of 15 minutes, each with its worst moment: as it was until now, as expected after."""
    past = [run._replace(end=min(run.end, now + 1)) for run in runs(day) if run.start <= now]
    ahead = [run._replace(start=max(run.start, now + 1)) for run in forecast(day) if run.end > now + 1]
    return tuple(worst(_within(past + ahead, SLOT * n, SLOT * (n + 1))) for n in range(SLOTS))


def _within(states: Sequence[Run], start: int, end: int) -> Iterator[State]:
    return (run.state for run in states if run.start < end and run.end > start)


def _spans(*lanes: Steps) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """The stretches of two days in which no lane changes: start, end, heads of each lane."""
    cuts = sorted({0, 2 * DAY, *(minute for steps in lanes for minute, _ in steps)})
    return ((start, end, tuple(at(steps, start) for steps in lanes)) for start, end in pairwise(cuts))


def _joined(today: Steps, tomorrow: Steps) -> Steps:
    return (*today, (DAY, 0), *((DAY + minute, heads) for minute, heads in tomorrow))


def _merged(states: Iterable[Run]) -> Runs:
    """One run per state, within the day."""
    merged: list[Run] = []
    for run in states:
        if merged and merged[-1].state is run.state:
            merged[-1] = merged[-1]._replace(end=run.end)
        elif run.start < min(run.end, DAY):
            merged.append(run)
    return tuple(run._replace(end=min(run.end, DAY)) for run in merged)
