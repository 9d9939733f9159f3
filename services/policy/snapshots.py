"""What is on record, read from the store as it was known at an instant."""

from datetime import date, datetime
from functools import reduce
from typing import NamedTuple

from services.policy.domain import decider
from services.policy.domain.decider import State
from services.policy.domain.opd_register import Entry
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged
from shared.domain.work_location import Who
from shared.event_store.store import Store


class UnknownOpd(LookupError):
    """The register has no such OPD that day, or the OPD no such unit."""


class Subject(NamedTuple):
    """Who is asked about in an OPD: one of its units, or a typical one of a class; and when."""

    day: date
    unit: str | None = None
    class_: str | None = None


async def books(store: Store[State], region: str, known_by: datetime | None = None) -> PolicySnapshot:
    """The instruments and the calendar of a region."""
    instruments = await _known(store, f"instruments/{region}", known_by)
    calendar = await _known(store, f"calendar/{region}", known_by)
    return PolicySnapshot(region, instruments.courses, calendar.holidays)


async def entry(store: Store[State], region: str, opd: str, known_by: datetime | None = None) -> Entry:
    """An OPD of the register. Raises `UnknownOpd`."""
    found = (await _known(store, f"policy/{region}/{opd}", known_by)).entry
    if found is None:
        raise UnknownOpd(f"OPD {opd} is not in the register of region {region}.")
    return found


async def who(store: Store[State], region: str, opd: str, asked: Subject, known_by: datetime | None = None) -> Who:
    """An OPD of the register, or one of its units as it is arranged on a day. Raises `UnknownOpd`."""
    own = await entry(store, region, opd, known_by)
    if not own.stands(asked.day):
        raise UnknownOpd(f"OPD {opd} of region {region} is no more on {asked.day}.")
    kinds = frozenset({opd, *own.opened.kinds})
    if asked.unit is None:
        return Who(asked.class_ or "NON_SERVICE", kinds)
    events = await _events(store, f"arrangement/{region}/{opd}/{asked.unit}", known_by)
    arranged = [fact for fact in events if isinstance(fact, ArrangementChanged)]
    valid = [a for a in arranged if a.valid_from <= asked.day <= (a.valid_to or asked.day)]
    if not valid:
        raise UnknownOpd(f"OPD {opd} of region {region} has no unit {asked.unit} on {asked.day}.")
    unit = valid[-1]
    opens = frozenset(weekday for post in unit.posts for weekday in post.weekdays)
    return Who(asked.class_ or unit.class_, kinds | {asked.unit, *unit.kinds}, unit.site.site, opens=opens)


async def _known(store: Store[State], stream: str, known_by: datetime | None) -> State:
    return reduce(decider.evolve, await _events(store, stream, known_by), decider.initial)


async def _events(store: Store[State], stream: str, known_by: datetime | None) -> list[Fact]:
    events = await store.read_stream(stream)
    return [e.data for e in events if known_by is None or e.recordedtime <= known_by]
