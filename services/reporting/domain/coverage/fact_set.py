"""Stores the facts of one OPD as a set and computes its coverage rows: order and repeats change nothing. Pure."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from services.reporting.domain.coverage.duties import REFUSED_CHECK_IN, ScheduleCache, work_dates_around
from services.reporting.domain.coverage.service_date import IncrementalRow
from services.reporting.domain.fact_store.compact import (
    ONE_DAY,
    CompactFact,
    CompactRoster,
    CompactTap,
    ReferenceFact,
    date_of,
    within_live_window,
)
from services.reporting.domain.fact_store.index import FactIndex
from shared.domain.facts.coverage import Coverage

MAX_CACHED_DATES = 3
"""Service dates of an OPD whose sums stay in memory: as many as one tap affects."""


class FactSet:
    """The lasting facts (policy, arrangement, placement) and the facts of dates (rosters, taps) of one OPD.

    There are rows of the dates from `first` on. Facts are stored from the day before (`_eve`) on, because a night shift
    that began there ends on `first`. `outcomes` counts repeated facts ("repeat") and late ones ("late").
    """

    def __init__(self, region: str, opd: str, outcomes: Counter[str] | None = None, first: date | None = None) -> None:
        self._region, self._opd = region, opd
        self._outcomes: Counter[str] = Counter() if outcomes is None else outcomes
        self._index = FactIndex()
        self._first, self._eve = first, first and first - ONE_DAY
        self._dates: set[date] = set()
        self._affected: dict[date, frozenset[date]] = {}
        self._rows: dict[date, IncrementalRow] = {}
        self._schedules = ScheduleCache()

    def add(self, fact: CompactFact) -> frozenset[date] | None:
        """Store a new fact; return the service dates whose rows it affects, also if it is a repeat.

        Return None if it was dropped: its date is closed, or it was recorded after the live window.
        """
        day = date_of(fact)
        if day and self._eve and day < self._eve:
            return None
        if day and not within_live_window(fact.recorded, day):
            self._outcomes["late"] += 1
            return None
        if self._index.contains(fact):
            self._outcomes["repeat"] += 1
        else:
            self._insert(fact, day)
        return self.dates() if day is None else self._affected_dates(day)

    def contains(self, fact: CompactFact) -> bool:
        """Return whether a fact is stored."""
        return self._index.contains(fact)

    def restore(self, fact: CompactFact) -> None:
        """Store a fact from the changelog, unless its date is closed or it is stored already."""
        day = date_of(fact)
        if not (day and self._eve and day < self._eve) and not self._index.contains(fact):
            self._insert(fact, day)

    def _insert(self, fact: CompactFact, day: date | None) -> None:
        # Rows are notified before the index changes: they need the taps by which an employee was counted.
        rows = self._rows.values() if day is None else filter(None, map(self._rows.get, work_dates_around(day)))
        for row in rows:
            row.note(fact)
        self._index.add(fact)
        if not self._dates.issuperset(dates := _row_dates(fact)):
            self._dates |= dates
            self._affected.clear()

    def _affected_dates(self, day: date) -> frozenset[date]:
        affected = self._affected.get(day)
        if affected is None:
            affected = self._affected[day] = self.dates() & {*work_dates_around(day)}
        return affected

    def dates(self) -> frozenset[date]:
        """Return the service dates that have a row: those with a roster, the end of a night shift or a tap."""
        return frozenset(day for day in self._dates if self._first is None or day >= self._first)

    def facts_for(self, service_date: date) -> list[CompactFact]:
        """Return every fact that can affect a service date: lasting ones, and those of its date and its neighbours."""
        days = work_dates_around(service_date)
        employees = self._index.employees_with_taps(days)
        taps = (tap for employee in employees for tap in self._index.taps(employee, days))
        return [*self._index.reference_facts(days), *taps]

    def row(self, service_date: date, watermark: Mapping[str, int]) -> Coverage:
        """Return the coverage row of a service date. `watermark`: the last sequence read of each source."""
        incremental = self._rows.pop(service_date, None)
        if incremental is None:
            incremental = IncrementalRow(self._region, self._opd, service_date, self._index, self._schedules)
        # A dict keeps the order of insertion: the first key is the row that was asked for the longest time ago.
        self._rows[service_date] = incremental
        if len(self._rows) > MAX_CACHED_DATES:
            del self._rows[next(iter(self._rows))]
        return incremental.row(watermark)

    def close_days(self, first: date) -> list[bytes]:
        """Delete the rows before `first` and the facts that only they need; return the ids of these facts."""
        self._first, self._eve = first, first - ONE_DAY
        self._dates = {day for day in self._dates if day >= first}
        self._rows = {day: row for day, row in self._rows.items() if day >= first}
        self._affected.clear()
        self._schedules.close_days(self._eve)
        return self._index.close_days(self._eve)

    def __len__(self) -> int:
        return len(self._index)


def _row_dates(fact: CompactFact) -> set[date]:
    """Return the service dates that have a row because of a fact."""
    if isinstance(fact, CompactTap):
        # A refused tap may carry any date: it must not open a row.
        return set() if fact.context.kind == REFUSED_CHECK_IN else {fact.tap_date}
    if not isinstance(fact, ReferenceFact) or not isinstance(fact.data, CompactRoster):
        return set()
    roster = fact.data
    return {roster.work_date, roster.work_date + ONE_DAY} if roster.crosses_midnight else {roster.work_date}
