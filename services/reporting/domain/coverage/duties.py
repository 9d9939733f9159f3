"""Derives required and planned heads, and the duties of employees, from the facts in force. Pure.

Time is whole minutes since the epoch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import HeadcountSpan
from services.reporting.domain.coverage.presence import Duty, duty_of
from services.reporting.domain.fact_store.compact import ONE_DAY, CompactRoster, CompactTap, intern_value
from services.reporting.domain.fact_store.current import CurrentFacts
from shared.domain.regions import midnight_minute, region_timezone

RosterKey = tuple[str, date]
"""(unit, work date)"""
REFUSED_CHECK_IN = "check-in-refused"
NO_UNITS: frozenset[str] = frozenset()


class ScheduledRoster(NamedTuple):
    """A roster placed on the clock: `start` is the site's midnight of its work date; `duties` are by employee."""

    roster: CompactRoster
    start: int
    duties: Mapping[bytes, tuple[Duty, ...]]


class DutySchedule(NamedTuple):
    """The active rosters of some work dates, in the order of recording.

    `position` is the index of each roster in `rosters`. `units_of` holds the units in which an employee was ever
    rostered, so that a look-up visits only these.
    """

    days: Collection[date]
    rosters: Sequence[ScheduledRoster]
    position: Mapping[RosterKey, int]
    units_of: Mapping[bytes, frozenset[str]]

    def roster_of(self, key: RosterKey) -> ScheduledRoster | None:
        """Return the roster of a unit and work date; None without an active one."""
        return self.rosters[self.position[key]] if key in self.position else None

    def duties_of(self, employee: bytes) -> tuple[Duty, ...]:
        """Return the duties of an employee, in the order of their rosters."""
        keys = ((unit, day) for unit in self.units_of.get(employee, ()) for day in self.days)
        positions = sorted(self.position[key] for key in keys if key in self.position)
        return tuple(duty for position in positions for duty in self.rosters[position].duties.get(employee, ()))

    def employees(self) -> set[bytes]:
        """Return all employees who have a duty."""
        return {employee for scheduled in self.rosters for employee in scheduled.duties}


def work_dates_around(day: date) -> tuple[date, date, date]:
    """Return the work dates that affect a service date: its own, and both neighbours because of night shifts."""
    return (day - ONE_DAY, day, day + ONE_DAY)


def required_spans(current: CurrentFacts, unit: str, day: date) -> Iterator[HeadcountSpan]:
    """Yield the service standard of every post of a unit that opens on a work date."""
    if arrangement := current.arrangement(unit, day):
        start = midnight_minute(day, arrangement.site.timezone)
        for p in arrangement.posts:
            if p.opens_on(day, current.holidays):
                yield HeadcountSpan((unit, p.post), start + p.opens_minute, start + p.closes_minute, p.minimum)


class ScheduleCache:
    """The scheduled rosters of an OPD: each is computed once for all service dates that it touches."""

    def __init__(self) -> None:
        self._scheduled: dict[RosterKey, ScheduledRoster] = {}
        self._units_of: dict[bytes, frozenset[str]] = {}

    def schedule(self, current: CurrentFacts, days: Collection[date]) -> DutySchedule:
        """Return the duty schedule of some work dates."""
        active = [r for (_, day), r in current.rosters.items() if day in days and r.is_active]
        rosters = [
            self._schedule_roster(
                r, midnight_minute(r.work_date, site_timezone(current, r.unit, r.work_date, r.region))
            )
            for r in active
        ]
        position = {(r.unit, r.work_date): index for index, r in enumerate(active)}
        return DutySchedule(days, rosters, position, self._units_of)

    def close_days(self, first: date) -> None:
        """Delete the rosters of work dates before `first`."""
        self._scheduled = {key: scheduled for key, scheduled in self._scheduled.items() if key[1] >= first}

    def _schedule_roster(self, roster: CompactRoster, start: int) -> ScheduledRoster:
        key = (roster.unit, roster.work_date)
        scheduled = self._scheduled.get(key)
        # `start` changes if the unit moves to a site in another time zone.
        if scheduled is None or scheduled.roster is not roster or scheduled.start != start:
            scheduled = self._scheduled[key] = ScheduledRoster(roster, start, _duties(roster, start))
            for employee in scheduled.duties:
                self._units_of[employee] = intern_value(self._units_of.get(employee, NO_UNITS) | {roster.unit})
        return scheduled


def _duties(roster: CompactRoster, start: int) -> Mapping[bytes, tuple[Duty, ...]]:
    # Equal shifts share one tuple: a unit of 300 employees has a handful of shifts.
    by_shift = {shift: (duty_of(shift, roster.unit, roster.work_date, start),) for shift in {*roster.shifts}}
    duties: dict[bytes, tuple[Duty, ...]] = {}
    for employee, shift in roster.assignments():
        duties[employee] = duties[employee] + by_shift[shift] if employee in duties else by_shift[shift]
    return duties


def planned_spans(scheduled: ScheduledRoster) -> Iterator[HeadcountSpan]:
    """Return the spans of heads rostered at a post on site, without breaks."""
    duties = (duty for employee_duties in scheduled.duties.values() for duty in employee_duties)
    return (HeadcountSpan((d.unit, d.post), start, end) for d in duties if d.post for start, end in d.cover_spans())


def accepted_taps(taps: Iterable[CompactTap]) -> Sequence[CompactTap]:
    """Return one employee's accepted taps, each once, in the order of their ids."""
    by_id = {tap.id: tap for tap in taps if tap.context.kind != REFUSED_CHECK_IN}
    return [by_id[tap_id] for tap_id in sorted(by_id)]


def site_timezone(current: CurrentFacts, unit: str, day: date, region: str) -> str:
    """Return the time zone of a unit's site on a day; the region's if no arrangement is valid."""
    arrangement = current.arrangement(unit, day)
    return arrangement.site.timezone if arrangement else region_timezone(region).key
