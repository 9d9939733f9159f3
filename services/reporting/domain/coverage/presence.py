"""Derives from taps and duties when an employee is present and which post the presence covers. Pure.

Time is whole minutes since the epoch; spans are half-open.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import PostKey
from services.reporting.domain.fact_store.compact import MINUTES_PER_DAY, CompactShift, CompactTap
from services.reporting.domain.fact_store.current import CurrentFacts
from shared.domain.facts.policy import ArrangementChanged, Post
from shared.domain.facts.rules import Presence
from shared.domain.regions import midnight_minute, region_timezone

EARLY_CHECK_IN_MINUTES = 180
"""How long before a duty begins a check-in counts for it (docs/decisions/0001-the-spine.md). No tap is too early."""

MinuteSpan = tuple[int, int]
"""(first minute, minute after the last)"""


class Duty(NamedTuple):
    """A shift of a work date, placed on the clock."""

    unit: str
    post: str | None
    mode: str
    start: int
    end: int
    breaks: tuple[MinuteSpan, ...]
    work_date: date

    def cover_spans(self) -> Iterator[MinuteSpan]:
        """Yield the spans in which this duty must fill its post: on site and not on a break."""
        if self.mode == "WFO" and self.post:
            yield from subtract_breaks((self.start, self.end), self.breaks)


class PresenceInterval(NamedTuple):
    """Minutes in which an employee is present in a mode; `post` is the post this covers, if any."""

    mode: str
    post: PostKey | None
    start: int
    end: int


def duty_of(shift: CompactShift, unit: str, day: date, start: int) -> Duty:
    """Return the duty of a shift on a work date; the shift counts its minutes from `start`, the site's midnight."""
    breaks = tuple((start + begin, start + end) for begin, end in shift.breaks)
    return Duty(unit, shift.post, shift.mode, start + shift.start, start + shift.end, breaks, day)


def subtract_breaks(span: MinuteSpan, breaks: Iterable[MinuteSpan]) -> Iterator[MinuteSpan]:
    """Yield the parts of a span that lie outside all breaks."""
    start, end = span
    for begin, finish in sorted(breaks):
        if start < min(begin, end):
            yield start, min(begin, end)
        start = max(start, finish)
    if start < end:
        yield start, end


def presence_intervals(
    taps: Sequence[CompactTap], duties: Sequence[Duty], current: CurrentFacts
) -> Iterator[PresenceInterval]:
    """Yield the presence of one employee, from all their accepted taps and all their duties around that time.

    A tap makes the employee present until the next tap or the end of the duty. An interval without a post counts for
    its mode; the same minutes may appear again with the post that they cover.
    """
    for duty in duties:
        if duty.mode == "AWAY":  # on an official trip: no tap is expected
            yield PresenceInterval("AWAY", None, duty.start, duty.end)
    ordered = sorted(taps, key=lambda tap: (tap.occurred, tap.id))
    following = [_minute(tap) for tap in ordered[1:]]
    for tap, next_minute in zip_longest(ordered, following):
        if tap.context.kind != "checked-out":
            end = _presence_end(tap, duties, current)
            yield from _presence_of_tap(tap, end if next_minute is None else min(end, next_minute), duties, current)


def _presence_of_tap(
    tap: CompactTap, end: int, duties: Sequence[Duty], current: CurrentFacts
) -> Iterator[PresenceInterval]:
    start = _minute(tap)
    yield PresenceInterval(tap.context.mode, None, start, end)
    if not _counts_for_cover(tap, current):
        return
    if tap.context.kind == "post-taken":
        yield from _presence_at_taken_post(tap, (start, end), duties, current)
        return
    covered: list[MinuteSpan] = []
    for duty in reversed(duties):  # nobody can be at two posts: the roster recorded last decides
        if duty.post and _at_site(tap, duty.unit, duty.work_date, current):
            spans = [(max(begin, start), min(finish, end)) for begin, finish in duty.cover_spans()]
            for begin, finish in (part for span in spans for part in subtract_breaks(span, covered)):
                yield PresenceInterval(tap.context.mode, (duty.unit, duty.post), begin, finish)
            covered += (span for span in spans if span[0] < span[1])


def _presence_at_taken_post(
    tap: CompactTap, span: MinuteSpan, duties: Sequence[Duty], current: CurrentFacts
) -> Iterator[PresenceInterval]:
    unit = _unit_of(tap, current)
    post = _post_of(unit, tap, current)
    if (
        post
        and _at_site(tap, unit, tap.tap_date, current)
        and set(post.skills) <= current.skills_of(tap.employee, tap.tap_date)
    ):
        # A person who takes over a post still has the breaks of their own duties.
        for begin, finish in subtract_breaks(span, [rest for duty in duties for rest in duty.breaks]):
            yield PresenceInterval(tap.context.mode, (unit, post.post), begin, finish)


def _counts_for_cover(tap: CompactTap, current: CurrentFacts) -> bool:
    rules = current.rules(tap.tap_date, tap.context.site).presence or Presence()
    accepted = tap.context.confirmed or rules.accepts_claims
    in_time = tap.delay <= rules.offline_hours * 3600
    return tap.context.mode == "WFO" and tap.context.site is not None and accepted and in_time


def _at_site(tap: CompactTap, unit: str, day: date, current: CurrentFacts) -> bool:
    arrangement = current.arrangement(unit, day)
    return arrangement is not None and arrangement.site.site == tap.context.site


def _presence_end(tap: CompactTap, duties: Sequence[Duty], current: CurrentFacts) -> int:
    """Return the end of the duties that a tap belongs to.

    Without one: the closing of the post that was taken over, or the end of the day, but not beyond the minute from
    which a check-in would count for the next duty.
    """
    minute = _minute(tap)
    chains = _duty_chains(duties)
    ends = [end for start, end in chains if start - EARLY_CHECK_IN_MINUTES <= minute < end]
    later = [start - EARLY_CHECK_IN_MINUTES for start, _ in chains if start - EARLY_CHECK_IN_MINUTES > minute]
    return max(ends) if ends else min([_closing_minute(tap, current), *later])


def _duty_chains(duties: Sequence[Duty]) -> list[MinuteSpan]:
    """Merge duties that touch: employees do not tap between two of them."""
    working = sorted((d.start, d.end) for d in duties if d.mode not in {"AWAY", "OFF"})
    chains = working[:1]
    for start, end in working[1:]:
        if start <= chains[-1][1]:
            chains[-1] = (chains[-1][0], max(end, chains[-1][1]))
        else:
            chains.append((start, end))
    return chains


def _closing_minute(tap: CompactTap, current: CurrentFacts) -> int:
    unit = _unit_of(tap, current)
    post = _post_of(unit, tap, current) if tap.context.kind == "post-taken" else None
    arrangement = current.arrangement(unit, tap.tap_date)
    if post is None or arrangement is None:
        return midnight_minute(tap.tap_date, region_timezone(tap.context.region)) + MINUTES_PER_DAY
    closing = midnight_minute(tap.tap_date, arrangement.site.timezone) + post.closes_minute
    # A night post taken over after midnight closes in the same morning: it opened the day before.
    return closing - MINUTES_PER_DAY if _minute(tap) < closing - MINUTES_PER_DAY else closing


def _unit_of(tap: CompactTap, current: CurrentFacts) -> str:
    units = (unit for unit in sorted(current.arrangements) if _post_of(unit, tap, current))
    return tap.context.unit or next(units, "")


def _post_of(unit: str, tap: CompactTap, current: CurrentFacts) -> Post | None:
    arrangement: ArrangementChanged | None = current.arrangement(unit, tap.tap_date)
    posts = [p for p in arrangement.posts if p.post == tap.context.post] if arrangement else []
    # A post can be listed several times, with other opening hours on other weekdays.
    return next((p for p in posts if p.opens_on(tap.tap_date, current.holidays)), posts[0] if posts else None)


def _minute(tap: CompactTap) -> int:
    return int(tap.occurred // 60)
