"""Who is present when, and which post that covers: taps read against duties, in minutes since the epoch."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import PostKey
from services.reporting.domain.fact_store.compact import CompactTap, Shift
from services.reporting.domain.fact_store.current import InForce
from shared.domain.facts.policy import ArrangementChanged, Post, Presence
from shared.domain.regions import midnight, zone

EARLY_MINUTES = 180
"""How long before a duty begins a check-in counts for it; a window classifies, it never refuses (design 4-domain)."""

Span = tuple[int, int]


class Duty(NamedTuple):
    """A shift of some work date on the clock."""

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


def duty(shift: Shift, unit: str, day: date, start: int) -> Duty:
    """A shift of a work date, whose minutes count from `start`, the site's midnight."""
    breaks = tuple((start + begin, start + end) for begin, end in shift.breaks)
    return Duty(unit, shift.post, shift.mode, start + shift.start, start + shift.end, breaks, day)


def without(span: Span, breaks: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span when breaks are taken out."""
    start, end = span
    for begin, finish in sorted(breaks):
        if start < min(begin, end):
            yield start, min(begin, end)
        start = max(start, finish)
    if start < end:
        yield start, end


def present(taps: Sequence[CompactTap], duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    """The presence of one person by all their taps, against all their duties around that time."""
    for away in duties:
        if away.mode == "AWAY":
            yield Present("AWAY", None, away.start, away.end)
    ordered = sorted(taps, key=lambda tap: (tap.occurred, tap.id))
    following = [_minute(tap) for tap in ordered[1:]]
    for tap, after in zip_longest(ordered, following):
        if tap.manner.kind != "checked-out":
            until = _until(tap, duties, holds)
            yield from _one(tap, until if after is None else min(until, after), duties, holds)


def _one(tap: CompactTap, until: int, duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    start = _minute(tap)
    yield Present(tap.manner.mode, None, start, until)
    if not _counts(tap, holds):
        return
    if tap.manner.kind == "post-taken":
        yield from _taken(tap, (start, until), duties, holds)
        return
    taken: list[Span] = []
    for own in reversed(duties):  # nobody stands at two posts: the roster recorded last says where
        if own.post and _at_site(tap, own.unit, own.work_date, holds):
            spans = [(max(begin, start), min(finish, until)) for begin, finish in own.covers()]
            for begin, finish in (left for span in spans for left in without(span, taken)):
                yield Present(tap.manner.mode, (own.unit, own.post), begin, finish)
            taken += (span for span in spans if span[0] < span[1])


def _taken(tap: CompactTap, span: Span, duties: Sequence[Duty], holds: InForce) -> Iterator[Present]:
    unit = _unit_of(tap, holds)
    post = _post(unit, tap, holds)
    if post and _at_site(tap, unit, tap.day, holds) and set(post.skills) <= holds.skills_of(tap.employee, tap.day):
        for begin, finish in without(span, [rest for own in duties for rest in own.breaks]):
            yield Present(tap.manner.mode, (unit, post.post), begin, finish)


def _counts(tap: CompactTap, holds: InForce) -> bool:
    rules = holds.rules(tap.day, tap.manner.site).presence or Presence()
    accepted = tap.manner.confirmed or rules.takes_claims
    in_time = tap.delay <= rules.offline_hours * 3600
    return tap.manner.mode == "WFO" and tap.manner.site is not None and accepted and in_time


def _at_site(tap: CompactTap, unit: str, day: date, holds: InForce) -> bool:
    arrangement = holds.arrangement(unit, day)
    return arrangement is not None and arrangement.site.site == tap.manner.site


def _until(tap: CompactTap, duties: Sequence[Duty], holds: InForce) -> int:
    """The end of the duties this tap belongs to; without one the closing of the post taken, or the end of the day."""
    minute = _minute(tap)
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


def _closing(tap: CompactTap, holds: InForce) -> int:
    unit = _unit_of(tap, holds)
    post = _post(unit, tap, holds) if tap.manner.kind == "post-taken" else None
    arrangement = holds.arrangement(unit, tap.day)
    if post is None or arrangement is None:
        return midnight(tap.day, zone(tap.manner.region)) + 1440
    today = midnight(tap.day, arrangement.site.timezone) + post.closes_minute
    return today - 1440 if _minute(tap) < today - 1440 else today


def _unit_of(tap: CompactTap, holds: InForce) -> str:
    has_post = (unit for unit in sorted(holds.arrangements) if _post(unit, tap, holds))
    return tap.manner.unit or next(has_post, "")


def _post(unit: str, tap: CompactTap, holds: InForce) -> Post | None:
    arrangement: ArrangementChanged | None = holds.arrangement(unit, tap.day)
    own = [p for p in arrangement.posts if p.post == tap.manner.post] if arrangement else []
    return next((p for p in own if holds.is_open(p, tap.day)), own[0] if own else None)


def _minute(tap: CompactTap) -> int:
    return int(tap.occurred // 60)
