"""Computes who was present at which post by the minute: actually, and as reported by taps. It uses no product code.

Taps are interpreted by the rules of the published contract: a check-in counts at the site of the post from its minute
until the next tap or the end of the shift, without breaks; a take-over counts likewise for the post that it names.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from deploy.simulation.behaviour import CHECK_OUT, TAKE_OVER, PersonDay, SimulatedTap
from deploy.simulation.shifts import PostId, SimulatedShift

EARLY_CHECK_IN_MINUTES = 180
"""A check-in counts for a shift from so many minutes before its start."""


class PostPresence(NamedTuple):
    """Presence of one person at a post, from `start` to `end`, in minutes of the day."""

    post_id: PostId
    start: int
    end: int


def actual_presence(days: Iterable[PersonDay]) -> Iterator[PostPresence]:
    """Yield who was actually present at which post."""
    for day in days:
        duty, arrival, departure = day.shift, day.arrival // 60, day.departure // 60
        takeover, post = day.takeover or (day.departure, "")
        if duty.post and duty.mode == "WFO":
            yield from _outside_breaks(
                duty.post_id, max(arrival, duty.start), min(departure, duty.end, takeover // 60), duty.breaks
            )
        if day.takeover:
            yield from _outside_breaks(
                duty.post_id._replace(post=post), takeover // 60, min(departure, duty.end), duty.breaks
            )


def reported_presence(taps: Iterable[SimulatedTap], duties: Iterable[SimulatedShift]) -> Iterator[PostPresence]:
    """Yield who was present at which post according to the accepted taps."""
    duties_by_employee: dict[str, list[SimulatedShift]] = defaultdict(list)
    for duty in duties:
        duties_by_employee[duty.employee].append(duty)
    taps_by_employee: dict[str, list[SimulatedTap]] = defaultdict(list)
    for tap in taps:
        taps_by_employee[tap.shift.employee].append(tap)
    for employee, employee_taps in taps_by_employee.items():
        working = [duty for duty in duties_by_employee[employee] if duty.is_working]
        yield from _reported_by(sorted(employee_taps, key=lambda tap: tap.phone_clock), working)


def _reported_by(taps: Sequence[SimulatedTap], duties: Sequence[SimulatedShift]) -> Iterator[PostPresence]:
    # The last tap of a person counts until the end of the shift: no further tap limits it.
    next_minutes = [tap.phone_clock // 60 for tap in taps[1:]] + [10**6]
    for tap, next_minute in zip(taps, next_minutes, strict=True):
        minute = tap.phone_clock // 60
        ends = (duty.end for duty in duties if duty.start - EARLY_CHECK_IN_MINUTES <= minute < duty.end)
        until = min(next_minute, max(ends, default=minute))  # outside all shifts it counts for no minute
        if tap.kind == CHECK_OUT or not tap.on_site:
            continue
        if tap.kind == TAKE_OVER:
            breaks = [pause for duty in duties for pause in duty.breaks]
            yield from _outside_breaks(tap.shift.post_id._replace(unit=tap.unit, post=tap.post), minute, until, breaks)
            continue
        for duty in duties:
            if duty.post and duty.mode == "WFO" and duty.site == tap.shift.site:
                yield from _outside_breaks(duty.post_id, max(minute, duty.start), min(until, duty.end), duty.breaks)


def _outside_breaks(post_id: PostId, start: int, end: int, breaks: Iterable[tuple[int, int]]) -> Iterator[PostPresence]:
    for break_start, break_end in sorted(breaks):
        if start < min(break_start, end):
            yield PostPresence(post_id, start, min(break_start, end))
        start = max(start, break_end)
    if start < end:
        yield PostPresence(post_id, start, end)


def head_counts(presences: Iterable[PostPresence], minute: int) -> Counter[PostId]:
    """Return the number of people at each post at a minute."""
    return Counter(presence.post_id for presence in presences if presence.start <= minute < presence.end)


def head_count_steps(presences: Iterable[PostPresence]) -> Mapping[PostId, list[tuple[int, int]]]:
    """Return the number of people at each post over the day, as steps (minute, number from then on)."""
    changes: dict[PostId, Counter[int]] = defaultdict(Counter)
    for post_id, start, end in presences:
        changes[post_id].update({max(start, 0): 1})
        changes[post_id].subtract({max(end, 0): 1})
    return {post_id: _cumulative_steps(change) for post_id, change in sorted(changes.items())}


def _cumulative_steps(change: Mapping[int, int]) -> list[tuple[int, int]]:
    cumulated = [(-1, 0)]  # a start value, so that the first step is compared with 0
    for minute in sorted(minute for minute in change if change[minute]):
        cumulated.append((minute, cumulated[-1][1] + change[minute]))
    return [step for previous, step in pairwise(cumulated) if previous[1] != step[1]]
