"""Reduces events to the few fields that coverage needs, and shares equal parts between facts. Pure.

A province records a million taps a day and each fact stays in memory for days. A fully validated event takes ten times
the memory. Ids are 16 bytes; instants are seconds since the epoch.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from math import ceil
from typing import NamedTuple, TypeVar

from msgspec import Struct

from shared.domain.envelope import Event, event_name
from shared.domain.facts.attendance import Tap
from shared.domain.facts.base import Fact
from shared.domain.facts.roster import Assignment, EmployeePlaced, RosterAssigned

LIVE_DAYS = 3
"""Days after a date in which facts about it still count for its row; facts recorded later are left to history."""
ONE_DAY = timedelta(days=1)
EPOCH_ORDINAL, SECONDS_PER_DAY = date(1970, 1, 1).toordinal(), 86_400
MINUTES_PER_DAY = 1440
T = TypeVar("T")
InternBytes = Callable[[bytes], bytes]
"""Returns one shared object for all equal byte strings."""


class TapContext(NamedTuple):
    """The part that many taps have in common: origin and kind of tap. `site` is None unless tapped at a site."""

    source: str
    key: bytes
    region: str
    kind: str
    mode: str
    confirmed: bool
    site: str | None
    unit: str | None
    post: str | None


# gc=False on all structs: they hold no reference cycles, and the collector then has millions of objects fewer to visit.
class CompactTap(Struct, frozen=True, gc=False):
    """A tap, accepted or refused; `delay` is the time from tapping to receipt, in seconds, rounded up."""

    id: bytes
    recorded: float
    tap_date: date
    employee: bytes
    occurred: float
    delay: int
    context: TapContext

    @property
    def key(self) -> bytes:
        """Return the record key `{region}/{opd}`."""
        return self.context.key

    @property
    def source(self) -> str:
        """Return the event source `/piket/{region}/attendance`."""
        return self.context.source


class ReferenceFact(Struct, frozen=True, gc=False):
    """A fact of policy or roster; `data` is a `CompactRoster`, a `CompactPlacement` or the event data unchanged."""

    id: bytes
    sequence: int
    recorded: float
    source: str
    key: bytes
    data: object


class CompactShift(NamedTuple):
    """Where and when an employee is expected, in minutes from the site's midnight of the work date."""

    post: str | None
    mode: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]


class CompactRoster(Struct, frozen=True, gc=False):
    """The employees and shifts of one unit on one work date; a withdrawn roster is not active.

    `present`: the people who are not absent in the unit and in the OPD; None in rosters of earlier releases.
    """

    region: str
    unit: str
    work_date: date
    is_active: bool
    crosses_midnight: bool
    staff: tuple[bytes, ...]
    shifts: tuple[CompactShift, ...]
    present: tuple[int, int] | None = None

    def assignments(self) -> Iterable[tuple[bytes, CompactShift]]:
        """Return the pairs of employee and shift, in roster order."""
        return zip(self.staff, self.shifts, strict=True)


class CompactPlacement(Struct, frozen=True, gc=False):
    """The skills of an employee from `start` to `end`, both included; no end if `end` is None."""

    employee: bytes
    start: date
    end: date | None
    skills: tuple[str, ...]


CompactFact = CompactTap | ReferenceFact
intern_context, intern_shift = lru_cache(200_000)(TapContext), lru_cache(20_000)(CompactShift)
intern_value: Callable[[T], T] = lru_cache(20_000)(lambda value: value)
"""Returns one shared object for equal names, dates or other hashable values."""


def identity(content: bytes) -> bytes:
    """Return the same object: the `InternBytes` that shares nothing."""
    return content


def compact(event: Event, intern: InternBytes = identity) -> CompactFact:
    """Return the compact form of an event. `intern` shares equal ids and keys."""
    data, source, key = event.data, intern_value(event.source), intern(event.partitionkey.encode())
    if isinstance(data, Tap):
        return _compact_tap(event, data, key, intern)
    return ReferenceFact(
        event.id.bytes, event.sequence, event.recordedtime.timestamp(), source, key, _compact_data(data, intern)
    )


def _compact_tap(event: Event, tap: Tap, key: bytes, intern: InternBytes) -> CompactTap:
    return CompactTap(
        event.id.bytes,
        event.recordedtime.timestamp(),
        tap.tap_date,
        intern(tap.employee.bytes),
        tap.occurred_at.timestamp(),
        ceil((tap.received_at - tap.occurred_at).total_seconds()),
        intern_context(
            event.source,
            key,
            tap.region,
            event_name(event.type),
            tap.mode,
            tap.strength == "CONFIRMED",
            tap.place.site if tap.place.class_ == "SITE" else None,
            tap.unit,
            tap.post,
        ),
    )


def _compact_data(data: Fact, intern: InternBytes) -> object:
    match data:
        case RosterAssigned():
            # A standard that the roster records may end later than every shift: its row is needed as well.
            ends = [*(a.to_minute for a in data.assignments), *(r.to_minute for r in data.required)]
            return CompactRoster(
                data.region,
                intern_value(data.unit),
                intern_value(data.work_date),
                is_active=data.status != "WITHDRAWN",
                crosses_midnight=max(ends, default=0) > MINUTES_PER_DAY,
                staff=tuple(intern(a.employee.bytes) for a in data.assignments),
                shifts=tuple(map(_compact_shift, data.assignments)),
                present=(data.present.unit, data.present.opd) if data.present else None,
            )
        case EmployeePlaced():
            start, end, skills = intern_value(data.from_), intern_value(data.to), intern_value(data.skills)
            return CompactPlacement(intern(data.employee.bytes), start, end, skills)
    return data


def _compact_shift(assignment: Assignment) -> CompactShift:
    breaks = tuple((b.from_minute, b.to_minute) for b in assignment.breaks)
    return intern_shift(assignment.post, assignment.mode, assignment.from_minute, assignment.to_minute, breaks)


def date_of(fact: CompactFact) -> date | None:
    """Return the tap date or work date of a fact; None for a fact that is not about a single date."""
    if isinstance(fact, CompactTap):
        return fact.tap_date
    return fact.data.work_date if isinstance(fact.data, CompactRoster) else None


def within_live_window(recorded: float, day: date) -> bool:
    """Return whether a fact about `day`, recorded at an instant (seconds), is early enough to count for its row."""
    return recorded < (day.toordinal() - EPOCH_ORDINAL + 1 + LIVE_DAYS) * SECONDS_PER_DAY  # UTC


def first_open_date(watermark: float) -> date:
    """Return the first date whose row can still change, if all facts recorded before `watermark` (seconds) are read."""
    return date.fromordinal(EPOCH_ORDINAL + int(watermark // SECONDS_PER_DAY) - LIVE_DAYS)
