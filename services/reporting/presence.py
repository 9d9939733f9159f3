"""Who is present when, and which post that covers: taps read against duties, in minutes since the epoch."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import zip_longest
from typing import NamedTuple
from uuid import UUID

from services.reporting.inforce import InForce
from services.reporting.spans import PostKey
from shared.facts.attendance import CheckedOut, PostTaken, Tap
from shared.facts.policy import ArrangementChanged, Post, Presence
from shared.facts.roster import Assignment
from shared.regions import midnight, minute_of, zone

EARLY_MINUTES = 180
"""How long before a duty begins a check-in counts for it; a window classifies, it never refuses (design 4-domain)."""

Span = tuple[int, int]


class Duty(NamedTuple):
    """One assignment on the clock."""

    employee: UUID
    unit: str
    post: str | None
    mode: str
    start: int
    end: int
    breaks: tuple[Span, ...]
    work_date: date

    def covers(self) -> Iterator[Span]:
        """The spans in which this duty is meant to fill its post: on site, breaks taken out."""
        if self.mode == "WFO" and self.post:
            yield from without((self.start, self.end), self.breaks)


class Present(NamedTuple):
    """A person is there in a mode; `post` is the post this covers, if any."""

    mode: str
    post: PostKey | None
    start: int
    end: int


def duty(assignment: Assignment, unit: str, day: date, start: int) -> Duty:
    """An assignment of a work date, whose minutes count from `start`, the site's midnight."""
    return Duty(
        assignment.employee,
        unit,
        assignment.post,
        assignment.mode,
        start + assignment.from_minute,
        start + assignment.to_minute,
        tuple((start + b.from_minute, start + b.to_minute) for b in assignment.breaks),
        day,
    )


def without(span: Span, breaks: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span when breaks are taken out."""
    start, end = span
    for begin, finish in sorted(breaks):
        if start < min(begin, end):
            yield start, min(begin, end)
        start = max(start, finish)
    if start < end:
        yield start, end


def present(taps: Sequence[Tap], duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    """The presence of one person by all their taps, against all their duties around that time."""
    for away in duties:
        if away.mode == "AWAY":
            yield Present("AWAY", None, away.start, away.end)
    ordered = sorted(taps, key=lambda tap: (tap.occurred_at, tap.client_id))
    following = [minute_of(tap.occurred_at) for tap in ordered[1:]]
    for tap, after in zip_longest(ordered, following):
        if not isinstance(tap, CheckedOut):
            until = _until(tap, duties, holds)
            yield from _one(tap, until if after is None else min(until, after), duties, holds)


def _one(tap: Tap, until: int, duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    start = minute_of(tap.occurred_at)
    yield Present(tap.mode, None, start, until)
    if not _counts(tap, holds):
        return
    if isinstance(tap, PostTaken):
        yield from _taken(tap, (start, until), duties, holds)
        return
    taken: list[Span] = []
    for own in reversed(duties):  # nobody stands at two posts: the roster recorded last says where
        if own.post and _at_site(tap, own.unit, own.work_date, holds):
            spans = [(max(begin, start), min(finish, until)) for begin, finish in own.covers()]
            for begin, finish in (left for span in spans for left in without(span, taken)):
                yield Present(tap.mode, (own.unit, own.post), begin, finish)
            taken += (span for span in spans if span[0] < span[1])


def _taken(tap: PostTaken, span: Span, duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    unit = _unit_of(tap, holds)
    post = _post(unit, tap, holds)
    if (
        post
        and _at_site(tap, unit, tap.tap_date, holds)
        and set(post.skills) <= holds.skills_of(tap.employee, tap.tap_date)
    ):
        for begin, finish in without(span, [rest for own in duties for rest in own.breaks]):
            yield Present(tap.mode, (unit, post.post), begin, finish)


def _counts(tap: Tap, holds: InForce) -> bool:
    rules = holds.rules(tap.tap_date).presence or Presence()
    accepted = tap.strength == "CONFIRMED" or rules.accept_claimed
    in_time = tap.received_at - tap.occurred_at <= timedelta(hours=rules.offline_limit_hours)
    return tap.mode == "WFO" and tap.place.class_ == "SITE" and accepted and in_time


def _at_site(tap: Tap, unit: str, day: date, holds: InForce) -> bool:
    arrangement = holds.arrangement(unit, day)
    return arrangement is not None and arrangement.site.site == tap.place.site


def _until(tap: Tap, duties: Sequence[Duty], holds: InForce) -> int:
    """The end of the duties this tap belongs to; without one the closing of the post taken, or the end of the day."""
    minute = minute_of(tap.occurred_at)
    chains = _chains(duties)
    ends = [end for start, end in chains if start - EARLY_MINUTES <= minute < end]
    later = [start - EARLY_MINUTES for start, _ in chains if start - EARLY_MINUTES > minute]
    return max(ends) if ends else min([_closing(tap, holds), *later])


def _chains(duties: Sequence[Duty]) -> list[Span]:
    """Duties that touch make one stretch: nobody taps between two of them."""
    working = sorted((d.start, d.end) for d in duties if d.mode not in {"AWAY", "OFF"})
    chains = working[:1]
    for start, end in working[1:]:
        if start <= chains[-1][1]:
            chains[-1] = (chains[-1][0], max(end, chains[-1][1]))
        else:
            chains.append((start, end))
    return chains


def _closing(tap: Tap, holds: InForce) -> int:
    unit = _unit_of(tap, holds)
    post = _post(unit, tap, holds) if isinstance(tap, PostTaken) else None
    arrangement = holds.arrangement(unit, tap.tap_date)
    if post is None or arrangement is None:
        return midnight(tap.tap_date, zone(tap.region)) + 1440
    today = midnight(tap.tap_date, arrangement.site.timezone) + post.closes_minute
    return today - 1440 if minute_of(tap.occurred_at) < today - 1440 else today


def _unit_of(tap: Tap, holds: InForce) -> str:
    has_post = (unit for unit in sorted(holds.arrangements) if _post(unit, tap, holds))
    return tap.unit or next(has_post, "")


def _post(unit: str, tap: Tap, holds: InForce) -> Post | None:
    arrangement: ArrangementChanged | None = holds.arrangement(unit, tap.tap_date)
    return next((p for p in arrangement.posts if p.post == tap.post), None) if arrangement else None
