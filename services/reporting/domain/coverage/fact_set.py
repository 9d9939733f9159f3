"""The facts of one OPD, kept as a set: adding one twice, or in another order, changes nothing."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from services.reporting.domain.coverage.duties import REFUSED, Roll, around
from services.reporting.domain.coverage.service_date import Day
from services.reporting.domain.fact_store.compact import DAY, CompactTap, Fact, Roster, Settled, counts, day_of
from services.reporting.domain.fact_store.index import Kept
from shared.domain.facts.coverage import Coverage

NONE: frozenset[date] = frozenset()
COUNTED = 3
"""Dates of which an OPD keeps what was counted: as many as a tap touches."""


class FactSet:
    """Lasting facts (policy, arrangement, placement) and those about dates (rosters, taps), and the rows they make.

    Rows are of the dates from `first` on; nothing is kept of dates before its eve. `outcomes` counts repeats, and facts
    that were recorded too late to count.
    """

    def __init__(self, region: str, opd: str, outcomes: Counter[str] | None = None, first: date | None = None) -> None:
        self._region, self._opd = region, opd
        self._outcomes: Counter[str] = Counter() if outcomes is None else outcomes
        self._kept = Kept()
        self._first, self._eve = first, first and first - DAY
        self._dates: set[date] = set()
        self._touches: dict[date, frozenset[date]] = {}
        self._days: dict[date, Day] = {}
        self._roll = Roll()

    def add(self, fact: Fact) -> frozenset[date] | None:
        """Keep a fact; answer the service dates whose row it touches, also when it is a repeat.

        None for one that is not kept: its day is closed, or it came too late to count.
        """
        day = day_of(fact)
        if day and self._eve and day < self._eve:
            return None
        if day and not counts(fact.recorded, day):
            self._outcomes["late"] += 1
            return None
        if self._kept.knows(fact):
            self._outcomes["repeat"] += 1
        else:
            self._keep(fact, day)
        return self.dates() if day is None else self._touched(day)

    def recall(self, fact: Fact) -> None:
        """Keep a fact that was kept before, unless its day is closed or it is known."""
        day = day_of(fact)
        if not (day and self._eve and day < self._eve) and not self._kept.knows(fact):
            self._keep(fact, day)

    def _keep(self, fact: Fact, day: date | None) -> None:
        for told in self._days.values() if day is None else filter(None, map(self._days.get, around(day))):
            told.expect(fact)
        self._kept.add(fact)
        if not self._dates.issuperset(shown := _shown_on(fact)):
            self._dates |= shown
            self._touches.clear()

    def _touched(self, day: date) -> frozenset[date]:
        touched = self._touches.get(day)
        if touched is None:
            touched = self._touches[day] = self.dates() & {*around(day)}
        return touched

    def dates(self) -> frozenset[date]:
        """The service dates that have a row: a shift or an accepted tap falls on them."""
        return frozenset(day for day in self._dates if self._first is None or day >= self._first)

    def of(self, service_date: date) -> list[Fact]:
        """Every fact that can matter to a service date: what lasts, the day, and the days around."""
        days = around(service_date)
        taps = (tap for employee in self._kept.tapped(days) for tap in self._kept.taps(employee, days))
        return [*self._kept.settled(days), *taps]

    def row(self, service_date: date, watermark: Mapping[str, int]) -> Coverage:
        """The coverage row of a service date; what was counted for those asked last is kept."""
        day = self._days.pop(service_date, None) or Day(self._region, self._opd, service_date, self._kept, self._roll)
        self._days[service_date] = day
        if len(self._days) > COUNTED:
            del self._days[next(iter(self._days))]
        return day.row(watermark)

    def close(self, first: date) -> list[bytes]:
        """Forget the rows before a date and the facts that only they need; answers the ids of these."""
        self._first, self._eve = first, first - DAY
        self._dates = {day for day in self._dates if day >= first}
        self._days = {day: counted for day, counted in self._days.items() if day >= first}
        self._touches.clear()
        self._roll.forget(self._eve)
        return self._kept.forget(self._eve)

    def __len__(self) -> int:
        return len(self._kept)


def _shown_on(fact: Fact) -> set[date]:
    if isinstance(fact, CompactTap):
        return set() if fact.manner.kind == REFUSED else {fact.day}
    if not isinstance(fact, Settled) or not isinstance(fact.data, Roster):
        return set()
    roster = fact.data
    return {roster.day, roster.day + DAY} if roster.into_the_night else {roster.day}
