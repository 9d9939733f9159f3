"""Facts as the view needs them: what coverage asks of an event and no more, alike parts shared. Pure.

A province taps a million times a day, and each fact stays for days: an event as it was validated takes ten times this.
Ids are 16 bytes, instants seconds since the epoch.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from math import ceil
from typing import NamedTuple, TypeVar

from msgspec import Struct

from shared.domain.envelope import Event, name
from shared.domain.facts.attendance import Tap as TapTold
from shared.domain.facts.base import Fact as Told
from shared.domain.facts.roster import Assignment, EmployeePlaced, RosterAssigned

LIVE_DAYS = 3
"""Days after a date in which facts about it count for its row; what is recorded later is left to history."""
DAY = timedelta(days=1)
EPOCH, DAY_S = date(1970, 1, 1).toordinal(), 86_400
T = TypeVar("T")
Same = Callable[[bytes], bytes]
"""Answers the one object that stands for equal bytes."""


class Manner(NamedTuple):
    """What taps have in common: where they come from and how they were made. `site` is None unless tapped at a site."""

    source: str
    key: bytes
    region: str
    kind: str
    mode: str
    confirmed: bool
    site: str | None
    unit: str | None
    post: str | None


class CompactTap(Struct, frozen=True, gc=False):
    """One press of the button, accepted or refused; `delay` is how much later it was received, in full seconds."""

    id: bytes
    recorded: float
    day: date
    employee: bytes
    occurred: float
    delay: int
    manner: Manner

    @property
    def key(self) -> bytes:
        """`{region}/{opd}`."""
        return self.manner.key

    @property
    def source(self) -> str:
        """`/piket/{region}/attendance`."""
        return self.manner.source


class Settled(Struct, frozen=True, gc=False):
    """Any other fact, as policy and roster settled it: a `Roster`, a `Placement`, or what was told, as it is."""

    id: bytes
    sequence: int
    recorded: float
    source: str
    key: bytes
    data: object


class Shift(NamedTuple):
    """Where and when somebody is expected, in minutes from the site's midnight of the work date."""

    post: str | None
    mode: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]


class Roster(Struct, frozen=True, gc=False):
    """Who works when in one unit on one work date; one that was withdrawn does not stand."""

    region: str
    unit: str
    day: date
    stands: bool
    into_the_night: bool
    staff: tuple[bytes, ...]
    shifts: tuple[Shift, ...]

    def assignments(self) -> Iterable[tuple[bytes, Shift]]:
        """Who works which shift, in the order of the roster."""
        return zip(self.staff, self.shifts, strict=True)


class Placement(Struct, frozen=True, gc=False):
    """What a person can do from a date to a date, both included."""

    employee: bytes
    start: date
    end: date | None
    skills: tuple[str, ...]


Fact = CompactTap | Settled
manner, shift = lru_cache(200_000)(Manner), lru_cache(20_000)(Shift)
shared: Callable[[T], T] = lru_cache(20_000)(lambda value: value)
"""Answers the one object that stands for equal names or dates."""


def same(content: bytes) -> bytes:
    """Share nothing."""
    return content


def lean(event: Event, one: Same = same) -> Fact:
    """What the view needs of an event."""
    read, source, key = event.data, shared(event.source), one(event.partitionkey.encode())
    if isinstance(read, TapTold):
        return _tap(event, read, key, one)
    return Settled(event.id.bytes, event.sequence, event.recordedtime.timestamp(), source, key, _data(read, one))


def _tap(event: Event, told: TapTold, key: bytes, one: Same) -> CompactTap:
    return CompactTap(
        event.id.bytes,
        event.recordedtime.timestamp(),
        told.tap_date,
        one(told.employee.bytes),
        told.occurred_at.timestamp(),
        ceil((told.received_at - told.occurred_at).total_seconds()),
        manner(
            event.source,
            key,
            told.region,
            name(event.type),
            told.mode,
            told.strength == "CONFIRMED",
            told.place.site if told.place.class_ == "SITE" else None,
            told.unit,
            told.post,
        ),
    )


def _data(told: Told, one: Same) -> object:
    match told:
        case RosterAssigned():
            ends = [*(a.to_minute for a in told.assignments), *(r.to_minute for r in told.required)]
            staff = tuple(one(a.employee.bytes) for a in told.assignments)
            stands, late = told.status != "WITHDRAWN", max(ends, default=0) > 1440
            return Roster(
                told.region,
                shared(told.unit),
                shared(told.work_date),
                stands,
                late,
                staff,
                (*map(_shift, told.assignments),),
            )
        case EmployeePlaced():
            return Placement(one(told.employee.bytes), shared(told.from_), shared(told.to), shared(told.skills))
    return told


def _shift(told: Assignment) -> Shift:
    breaks = tuple((b.from_minute, b.to_minute) for b in told.breaks)
    return shift(told.post, told.mode, told.from_minute, told.to_minute, breaks)


def day_of(fact: Fact) -> date | None:
    """The date that a fact is about; None for one that lasts."""
    if isinstance(fact, CompactTap):
        return fact.day
    return fact.data.day if isinstance(fact.data, Roster) else None


def counts(recorded: float, day: date) -> bool:
    """Whether what was recorded at an instant counts for the row of a date, or came too late."""
    return recorded < (day.toordinal() - EPOCH + 1 + LIVE_DAYS) * DAY_S


def first_open(reached: float) -> date:
    """The first date for whose row a fact can still count, when all that was recorded before an instant is known."""
    return date.fromordinal(EPOCH + int(reached // DAY_S) - LIVE_DAYS)
