"""The facts of one OPD, kept as a set: adding one twice, or in another order, changes nothing."""

from collections import defaultdict
from datetime import date, timedelta
from uuid import UUID

from shared.events import Event
from shared.facts.attendance import CheckInRefused, Tap
from shared.facts.roster import RosterAssigned

DAY = timedelta(days=1)


class FactSet:
    """Facts by event id: the lasting ones (policy, arrangement, placement) and those of a date (rosters, taps)."""

    def __init__(self) -> None:
        self._lasting: dict[UUID, Event] = {}
        self._dated: dict[date, dict[UUID, Event]] = defaultdict(dict)
        self._dates: set[date] = set()

    def add(self, event: Event) -> frozenset[date]:
        """Keep a fact; answer the service dates whose row it touches, also when it is a repeat."""
        match event.data:
            case RosterAssigned() as fact:
                return self._add_dated(event, fact.work_date, _shown_on(fact))
            case CheckInRefused() as fact:
                return self._add_dated(event, fact.tap_date, set())
            case Tap() as fact:
                return self._add_dated(event, fact.tap_date, {fact.tap_date})
            case _:
                self._lasting[event.id] = event
                return self.dates()

    def _add_dated(self, event: Event, day: date, shown: set[date]) -> frozenset[date]:
        self._dated[day][event.id] = event
        self._dates |= shown
        return frozenset({day - DAY, day, day + DAY} & self._dates)

    def dates(self) -> frozenset[date]:
        """The service dates that have a row: a shift or an accepted tap falls on them."""
        return frozenset(self._dates)

    def of(self, service_date: date) -> list[Event]:
        """Every fact that can matter to a service date: what lasts, the day, and the days around."""
        days = (service_date - DAY, service_date, service_date + DAY)
        dated = [event for day in days for event in self._dated.get(day, {}).values()]
        return [*self._lasting.values(), *dated]

    def __len__(self) -> int:
        return len(self._lasting) + sum(map(len, self._dated.values()))


def _shown_on(roster: RosterAssigned) -> set[date]:
    ends = [*(a.to_minute for a in roster.assignments), *(r.to_minute for r in roster.required)]
    into_the_night = max(ends, default=0) > 1440
    return {roster.work_date, roster.work_date + DAY} if into_the_night else {roster.work_date}
