"""Computes the coverage rows that must exist, from the events in the stores of one region."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from deploy.operations.sources import committed_events
from services.reporting.domain.coverage.duties import work_dates_around
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import LIVE_DAYS, ONE_DAY, CompactFact, compact, date_of
from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.domain.partitions.region_state import NO_OPD_SUFFIX
from services.reporting.domain.row_diff import RowDifference, first_difference
from shared.domain.envelope import Event, Undecodable, decode, source
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.settings import Settings

COMPARED_PERIOD = timedelta(milliseconds=int(broker.VIEW_TOPIC["retention.ms"])) - timedelta(days=1)
"""Kafka may have deleted older rows: the margin of one day covers the difference between its clock and ours."""
PAGE_SIZE = 1000


class SourcePositions(NamedTuple):
    """Last sequence of each source of a region, and an instant before which no further event can be recorded."""

    heads: Mapping[str, int]
    at: datetime


class ExpectedRows:
    """The facts of one region on the compared days, and the rows that follow from them."""

    def __init__(self, settings: Settings, region: str) -> None:
        self.region = region
        self._stores = {service: committed_events(settings, service) for service in SOURCE_SERVICES}
        self._positions_read = dict.fromkeys(SOURCE_SERVICES, 0)
        self._now = settings.domain_clock()
        self._since = date.min
        self._facts: defaultdict[str, _OpdFacts] = defaultdict(_OpdFacts)
        # A row that was equal is compared again only if the row or the number of facts of its OPD has changed.
        self._equal_rows: dict[str, tuple[Coverage | None, int]] = {}

    async def positions(self) -> SourcePositions:
        """Return the current positions of the stores. Raise `Unavailable` if a store does not answer."""
        committed = {service: await store.committed_until(self.region) for service, store in self._stores.items()}
        heads = {source(self.region, service): until.sequence for service, until in committed.items()}
        return SourcePositions(heads, max(until.at for until in committed.values()))

    async def read_new_events(self) -> AsyncIterator[int]:
        """Read the events that were stored since the last call; yield the number of events read so far."""
        self.drop_expired_days()
        for service, store in self._stores.items():
            while page := await store.read_feed(self.region, self._positions_read[service], PAGE_SIZE):
                for stored in page:
                    self.add(stored.body)
                self._positions_read[service] = page[-1].sequence
                yield sum(self._positions_read.values())

    def drop_expired_days(self) -> None:
        """Drop the days whose rows Kafka may have deleted by now."""
        self._since = local_date(self._now(), self.region) - COMPARED_PERIOD
        for facts in self._facts.values():
            facts.drop_before(self._since)
        # A key is `region/OPD/date`, so its last ten characters compare like the date.
        self._equal_rows = {key: row for key, row in self._equal_rows.items() if key[-10:] >= str(self._since)}

    def add(self, body: bytes) -> None:
        """Add the fact of an event. Ignore other bytes: the worker writes them to the dead letters."""
        try:
            event = decode(body)
        except Undecodable:
            return
        # Facts without an OPD, such as holidays, do not belong to a row.
        if not event.partitionkey.endswith(NO_OPD_SUFFIX.decode()):
            self._facts[event.partitionkey].add(event, self._since)

    def compare(self, rows: Mapping[str, Coverage], heads: Mapping[str, int]) -> Iterator[RowDifference]:
        """Yield each difference of a row from the facts up to `heads` and the later facts that its watermark includes.

        Facts recorded after a day was closed do not change its row, unless the watermark of the row includes them.
        """
        rows_by_opd: defaultdict[str, dict[date, Coverage]] = defaultdict(dict)
        for row in rows.values():
            rows_by_opd[f"{row.region}/{row.opd}"][row.service_date] = row
        for opd in sorted(self._facts.keys() | rows_by_opd.keys()):
            yield from self._compare(opd, rows_by_opd[opd], heads)

    def _compare(self, opd: str, rows: Mapping[date, Coverage], heads: Mapping[str, int]) -> Iterator[RowDifference]:
        facts = self._facts[opd]
        for day in sorted(day for day in {*facts.days(), *rows} if day >= self._since):
            row, key = rows.get(day), f"{opd}/{day}"
            if self._equal_rows.get(key) == (row, len(facts)):
                continue
            if difference := first_difference(row, facts.row(opd, day, row.watermark if row else {}, heads)):
                yield difference
            elif facts.are_within(heads):  # a fact after `heads` was not compared: it may still be missing in the view
                self._equal_rows[key] = (row, len(facts))


class RecordedFact(NamedTuple):
    """A fact, with the source, sequence and local date of its recording."""

    fact: CompactFact
    source: str
    sequence: int
    recorded: date


class _OpdFacts:
    """The facts of one OPD by date; reference facts, which hold for many dates, under None."""

    def __init__(self) -> None:
        self._by_date: defaultdict[date | None, list[RecordedFact]] = defaultdict(list)
        self._last: dict[str, int] = {}

    def add(self, event: Event, since: date) -> None:
        """Add a fact if it can affect a row of `since` or later."""
        fact = compact(event)
        day = date_of(fact)
        self._last[event.source] = max(event.sequence, self._last.get(event.source, 0))
        # A night shift of the day before reaches into `since`.
        if day is None or day >= since - ONE_DAY:
            recorded = local_date(event.recordedtime, event.data.region)
            self._by_date[day].append(RecordedFact(fact, event.source, event.sequence, recorded))

    def drop_before(self, since: date) -> None:
        """Drop the facts that affect no row of `since` or later."""
        for day in [day for day in self._by_date if day and day < since - ONE_DAY]:
            del self._by_date[day]

    def are_within(self, heads: Mapping[str, int]) -> bool:
        """Return whether no fact was recorded after these sequences."""
        return all(last <= heads.get(source, 0) for source, last in self._last.items())

    def days(self) -> set[date]:
        """Return the dates that may have a row: the date of a fact, and the next one because of night shifts."""
        return {affected for day in self._by_date if day for affected in (day, day + ONE_DAY)}

    def row(self, opd: str, day: date, watermark: Mapping[str, int], heads: Mapping[str, int]) -> Coverage | None:
        """Return the expected row, None if its date has no shift and no accepted tap.

        Reference facts change a row only while its day is open. `FactSet` itself drops facts that came too late.
        """
        region, code = opd.split("/")
        facts = FactSet(region, code)
        for day_or_none in (None, *work_dates_around(day)):
            for recorded_fact in self._by_date.get(day_or_none, ()):
                in_time = recorded_fact.sequence <= heads.get(recorded_fact.source, 0) and (
                    day_or_none or recorded_fact.recorded <= day + LIVE_DAYS * ONE_DAY
                )
                # The watermark also counts facts after `heads`: the worker may be ahead of the positions read here.
                if in_time or recorded_fact.sequence <= watermark.get(recorded_fact.source, 0):
                    facts.add(recorded_fact.fact)
        return facts.row(day, watermark) if day in facts.dates() else None

    def __len__(self) -> int:
        return sum(map(len, self._by_date.values()))
