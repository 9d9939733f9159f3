"""Loads snapshots and OPD from the event store, as they were known at an instant."""

from datetime import date, datetime
from functools import reduce
from typing import NamedTuple

from services.policy.domain import decider
from services.policy.domain.decider import State
from services.policy.domain.opd.register import OpdEntry
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged, arrangement_on
from shared.domain.work_location import StaffProfile
from shared.event_store.store import Store


class UnknownOpd(LookupError):
    """The register has no such OPD on the date, or the OPD has no such unit."""


class SubjectQuery(NamedTuple):
    """The subject of a query in an OPD: one of its units, or a typical unit of a class, on a date."""

    day: date
    unit: str | None = None
    class_: str | None = None


async def load_snapshot(store: Store[State], region: str, known_by: datetime | None = None) -> PolicySnapshot:
    """Return the instruments and the calendar of a region; without `known_by` as known now."""
    instruments = await _state(store, f"instruments/{region}", known_by)
    calendar = await _state(store, f"calendar/{region}", known_by)
    return PolicySnapshot(
        region, decider.instruments_state(instruments).instruments, decider.calendar_state(calendar).holidays
    )


async def load_entry(store: Store[State], region: str, opd: str, known_by: datetime | None = None) -> OpdEntry:
    """Return an OPD of the register. Raise `UnknownOpd` if the register has none with this code."""
    state = decider.opd_state(await _state(store, f"policy/{region}/{opd}", known_by))
    if state is None:
        raise UnknownOpd(f"OPD {opd} is not in the register of region {region}.")
    return state.entry


async def load_subject(
    store: Store[State], region: str, opd: str, subject: SubjectQuery, known_by: datetime | None = None
) -> StaffProfile:
    """Return the profile of an OPD, or of one of its units as arranged on the date. Raise `UnknownOpd` without one."""
    entry = await load_entry(store, region, opd, known_by)
    if not entry.exists_on(subject.day):
        raise UnknownOpd(f"OPD {opd} of region {region} does not exist any more on {subject.day}.")
    kinds = frozenset({opd, *entry.opened.kinds})
    if subject.unit is None:
        return StaffProfile(subject.class_ or "NON_SERVICE", kinds)
    events = await _events(store, f"arrangement/{region}/{opd}/{subject.unit}", known_by)
    arrangements = [fact for fact in events if isinstance(fact, ArrangementChanged)]
    unit = arrangement_on(arrangements, subject.day)
    if unit is None:
        raise UnknownOpd(f"OPD {opd} of region {region} has no unit {subject.unit} on {subject.day}.")
    open_weekdays = frozenset(weekday for post in unit.posts for weekday in post.weekdays)
    return StaffProfile(
        subject.class_ or unit.class_, kinds | {subject.unit, *unit.kinds}, unit.site.site, open_weekdays=open_weekdays
    )


async def _state(store: Store[State], stream: str, known_by: datetime | None) -> State:
    return reduce(decider.evolve, await _events(store, stream, known_by), decider.initial)


async def _events(store: Store[State], stream: str, known_by: datetime | None) -> list[Fact]:
    # The complete stream is read: streams are short by design (docs/decisions/0003).
    events = await store.read_stream(stream)
    return [e.data for e in events if known_by is None or e.recordedtime <= known_by]
