"""Who stood at which post, minute by minute: as it was, and as the taps say. No code of the product is used here.

The rules of what a tap says are those of the published contract: a check-in counts at a site of the post from its
minute on, until the next tap or the end of the duty, breaks taken out; a take-over likewise, for the post it names.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from deploy.simulation.behaviour import CHECK_OUT, TAKE, Life, Press
from deploy.simulation.shifts import Counter, Shift

EARLY = 180
"""Minutes before a duty from which a check-in counts for it."""


class Stand(NamedTuple):
    """Somebody at a post, from a minute until another."""

    counter: Counter
    start: int
    end: int


def lived(lives: Iterable[Life]) -> Iterator[Stand]:
    """Who really stood where."""
    for life in lives:
        duty, came, went = life.shift, life.came // 60, life.went // 60
        taken, post = life.taken or (life.went, "")
        if duty.post and duty.mode == "WFO":
            yield from _without(duty.counter, max(came, duty.start), min(went, duty.end, taken // 60), duty.breaks)
        if life.taken:
            yield from _without(duty.counter._replace(post=post), taken // 60, min(went, duty.end), duty.breaks)


def disclosed(presses: Iterable[Press], duties: Iterable[Shift]) -> Iterator[Stand]:
    """Who stood where by the presses that were accepted."""
    own: dict[str, list[Shift]] = defaultdict(list)
    for duty in duties:
        own[duty.employee].append(duty)
    pressed: dict[str, list[Press]] = defaultdict(list)
    for press in presses:
        pressed[press.shift.employee].append(press)
    for employee, made in pressed.items():
        yield from _told(sorted(made, key=lambda press: press.clock), [d for d in own[employee] if d.works])


def _told(presses: Sequence[Press], duties: Sequence[Shift]) -> Iterator[Stand]:
    following = [press.clock // 60 for press in presses[1:]] + [10**6]
    for press, after in zip(presses, following, strict=True):
        minute = press.clock // 60
        until = min(after, max((d.end for d in duties if d.start - EARLY <= minute < d.end), default=minute))
        if press.kind == CHECK_OUT or not press.on_site:
            continue
        if press.kind == TAKE:
            breaks = [rest for duty in duties for rest in duty.breaks]
            yield from _without(press.shift.counter._replace(unit=press.unit, post=press.post), minute, until, breaks)
            continue
        for duty in duties:
            if duty.post and duty.mode == "WFO" and duty.site == press.shift.site:
                yield from _without(duty.counter, max(minute, duty.start), min(until, duty.end), duty.breaks)


def _without(counter: Counter, start: int, end: int, breaks: Iterable[tuple[int, int]]) -> Iterator[Stand]:
    for begin, finish in sorted(breaks):
        if start < min(begin, end):
            yield Stand(counter, start, min(begin, end))
        start = max(start, finish)
    if start < end:
        yield Stand(counter, start, end)


def heads(stands: Iterable[Stand], minute: int) -> Tally[Counter]:
    """Heads at every post at a minute."""
    return Tally(stand.counter for stand in stands if stand.start <= minute < stand.end)


def steps(stands: Iterable[Stand]) -> Mapping[Counter, list[tuple[int, int]]]:
    """Heads at every post over the day, as (minute, heads from then on)."""
    changes: dict[Counter, Tally[int]] = defaultdict(Tally)
    for counter, start, end in stands:
        changes[counter].update({max(start, 0): 1})
        changes[counter].subtract({max(end, 0): 1})
    return {counter: _summed(change) for counter, change in sorted(changes.items())}


def _summed(change: Mapping[int, int]) -> list[tuple[int, int]]:
    out = [(-1, 0)]
    for minute in sorted(minute for minute in change if change[minute]):
        out.append((minute, out[-1][1] + change[minute]))
    return [after for before, after in pairwise(out) if before[1] != after[1]]
