"""The facts of one OPD, kept as a set: adding one twice, or in another order, changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from services.reporting.day import Day
from services.reporting.lanes import DAY, Roll, around
from shared.events import Event
from shared.facts.attendance import CheckInRefused, Tap
from shared.facts.coverage import Coverage
from shared.facts.roster import RosterAssigned


class FactSet:
    """Facts by event id: the lasting ones (policy, arrangement, placement) and those of a date (rosters, taps).

    Dates before `since` have no row; of their facts, those of the night before it are kept.
    """

    def __init__(self, since: date = date.min) -> None:
        self._since = since
        self._lasting: dict[UUID, Event] = {}
        self._dated: dict[date, dict[UUID, Event]] = defaultdict(dict)
        self._dates: set[date] = set()
        self._days: dict[date, Day] = {}
        self._roll = Roll()

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
                self._tell(event, self._days)
                return self.dates()

    def _add_dated(self, event: Event, day: date, shown: set[date]) -> frozenset[date]:
        if day + DAY < self._since:
            return frozenset()
        self._dated[day][event.id] = event
        self._dates |= {each for each in shown if each >= self._since}
        self._tell(event, around(day))
        return frozenset({*around(day)} & self._dates)

    def _tell(self, event: Event, days: Iterable[date]) -> None:
        for day in days:
            if day in self._days:
                self._days[day].add(event)

    def dates(self) -> frozenset[date]:
        """The service dates that have a row: a shift or an accepted tap falls on them."""
        return frozenset(self._dates)

    def of(self, service_date: date) -> list[Event]:
        """Every fact that can matter to a service date: what lasts, the day, and the days around."""
        dated = [event for day in around(service_date) for event in self._dated.get(day, {}).values()]
        return [*self._lasting.values(), *dated]

    def row(self, region: str, opd: str, service_date: date, watermark: Mapping[str, int]) -> Coverage:
        """The coverage row of a service date; what was counted for the last one is kept."""
        day = self._days.get(service_date)
        if day is None:
            day = self._days[service_date] = Day(region, opd, service_date, self._roll)
            for event in self.of(service_date):
                day.add(event)
        return day.row(watermark)

    def __len__(self) -> int:
        return len(self._lasting) + sum(map(len, self._dated.values()))


def _shown_on(roster: RosterAssigned) -> set[date]:
    ends = [*(a.to_minute for a in roster.assignments), *(r.to_minute for r in roster.required)]
    into_the_night = max(ends, default=0) > 1440
    return {roster.work_date, roster.work_date + DAY} if into_the_night else {roster.work_date}
