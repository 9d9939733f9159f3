"""Facts in, coverage rows out: every fact folds into the set of its OPD, and every row it touches is published.

Read downwards: `process` takes a batch, `_fold` adds its facts, `flush` makes durable what that touched, and only then
acknowledges. Facts form sets, so a repeat changes nothing; its rows are published all the same, because a kill may have
come between fact and row.
"""

import asyncio
import logging
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from faust.types import TP
from prometheus_client import Counter

from services.reporting.changelog import Row
from services.reporting.known import Known
from services.reporting.outlet import Outlet
from services.reporting.transport import Batch
from shared.events import Event, Undecodable, decode
from shared.events import source as source_of
from shared.facts.coverage import Coverage
from shared.facts.heartbeat import Positions
from shared.kafka import EVENTS, DeadLetter, Record, dead_letter

log = logging.getLogger(__name__)

BATCHES = Counter("piket_worker_batches_total", "Batches folded")
WAITING = 50_000
"""Records folded and not yet durable: with more, no batch is taken, and soon none is fetched."""
COALESCE_S = 0.1
"""Pause between flushes: however many facts touch a row, it is published once in this time."""


class Touched(NamedTuple):
    """A coverage row to publish; `opd` is the record key, `{region}/{opd}`."""

    partition: int
    opd: str
    service_date: date


@dataclass
class Folded:
    """Batches folded, and what must be durable before they are acknowledged. Facts by partition."""

    records: int = 0
    facts: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    touched: set[Touched] = field(default_factory=set)
    unreadable: list[tuple[str, DeadLetter]] = field(default_factory=list)
    acknowledge: list[Callable[[], object]] = field(default_factory=list)
    positions: dict[Any, int] = field(default_factory=dict)


class Gap(Exception):
    """Records were skipped: a batch does not begin where the last one of its partition ended."""


class Processor:
    """The facts of the partitions that this worker holds, and the batches that are not durable yet.

    `sources` names the one source of each topic that is read.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._known: defaultdict[int, Known] = defaultdict(Known)
        self.positions: dict[Any, int] = {}
        self._durable: dict[Any, int] = {}
        self._assignment = 0
        self._folded = Folded()
        self._changed = asyncio.Condition()

    async def process(self, stream: AsyncIterable[Any]) -> None:
        """Fold every batch of a Faust stream of events that are acknowledged by hand."""
        async for event in stream:
            await self.take(event.value, event.ack)

    async def take(self, batch: Batch, acknowledge: Callable[[], object]) -> None:
        """Fold one batch, then wait while too much is not being made durable yet. Raises `Gap`."""
        self._follows(batch)
        place = batch.tp.topic
        for outcome, count in Tally(self._fold(record, batch.tp) for record in batch.records).items():
            EVENTS.labels("worker", place, outcome).inc(count)
        BATCHES.inc()
        self._folded.acknowledge.append(acknowledge)
        async with self._changed:
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._folded.records < WAITING)

    def _follows(self, batch: Batch) -> None:
        """Refuse a skip, whatever its cause: once committed over, it would never be read again."""
        expected = self.positions.get(batch.tp) if batch.begins is None else batch.begins
        first, after = batch.records[0].offset, batch.records[-1].offset + 1
        if first != expected or after - first != len(batch.records):
            raise Gap(f"{batch.tp.topic}/{batch.tp.partition} goes on at offset {first}, not {expected}")
        self.positions[batch.tp] = self._folded.positions[batch.tp] = after

    def _fold(self, record: Record, tp: TP) -> str:
        self._folded.records += 1
        source = self._sources[tp.topic]
        try:
            event = _read(record, source)
        except Undecodable as why:
            self._folded.unreadable.append((source.split("/")[2], dead_letter(tp, record, why.reason)))
            return "unreadable"
        for day in self._known[tp.partition].add(event):
            self._folded.touched.add(Touched(tp.partition, event.partitionkey, day))
        fact = Row(f"{event.partitionkey}|{event.id}".encode(), record.value or b"")
        self._folded.facts[tp.partition].append(fact)
        return "folded"

    async def flush(self, outlet: Outlet) -> None:
        """Make folded batches durable and acknowledge them, for ever."""
        while True:
            await self.flush_once(outlet)
            await asyncio.sleep(COALESCE_S)

    async def flush_once(self, outlet: Outlet) -> None:
        """Make durable what is folded, at least one batch or row; then acknowledge it, oldest first."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._folded.acknowledge or self._folded.touched)
            folded, self._folded, assignment = self._folded, Folded(), self._assignment
            self._changed.notify_all()
        await asyncio.gather(
            *(outlet.keep(partition, facts) for partition, facts in folded.facts.items()),
            *(outlet.put_aside(*letter) for letter in folded.unreadable),
            self._publish(sorted(folded.touched), outlet),
        )
        if assignment == self._assignment:
            self._durable |= folded.positions
        for acknowledge in folded.acknowledge:
            acknowledge()

    async def _publish(self, touched: Sequence[Touched], outlet: Outlet) -> None:
        sent = []
        for partition, row in ((each.partition, self._row(each)) for each in touched):
            if row is None:
                continue
            sent.append(asyncio.create_task(outlet.publish(partition, row)))
            await asyncio.sleep(0)  # a row takes milliseconds: others have their turn in between
        await asyncio.gather(*sent)

    def _row(self, touched: Touched) -> Coverage | None:
        known = self._known.get(touched.partition)
        return known.row(touched.opd, touched.service_date) if known else None  # else it was revoked since

    def recover(self, partition: int, values: Iterable[bytes | None]) -> None:
        """Take facts of a newly assigned partition from the changelog; null where one was deleted."""
        for value in filter(None, values):
            try:
                self._known[partition].add(decode(value))
            except Undecodable as why:  # a later version wrote it; its source topic keeps it
                log.error("A fact in the changelog of partition %d is left out: %s.", partition, why.reason)  # noqa: TRY400

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now."""
        self._known.pop(partition, None)
        self._newly_assigned()

    def _newly_assigned(self) -> None:
        self._assignment += 1
        self._durable.clear()

    def words(self, begins: Mapping[Any, int | None], wall: datetime) -> list[Positions]:
        """How far the partitions held are durable. `begins`: where one starts of which nothing was handed out yet."""
        positions: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        for tp, begin in begins.items():
            durable = self._durable.get(tp) if begin is None else begin
            if tp.topic in self._sources and durable is not None:
                _, region, service, _ = tp.topic.split(".")
                positions[region, tp.partition][service] = durable
        return [Positions(region=r, partition=n, positions=told, wall=wall) for (r, n), told in positions.items()]

    async def publish_all(self) -> None:
        """Publish every row of the assigned partitions: what was killed before its row was out shows now."""
        every = {Touched(partition, *row) for partition, known in self._known.items() for row in known.rows()}
        self._newly_assigned()
        log.info("Assigned: facts of partitions %s are there; publishing all %d rows.", sorted(self._known), len(every))
        async with self._changed:
            self._folded.touched |= every
            self._changed.notify_all()


def _read(record: Record, source: str) -> Event:
    event = decode(record.value or b"")
    own_source = event.source == source == source_of(event.data.region, event.service)
    if own_source and record.key == event.partitionkey.encode() == event.data.partition_key.encode():
        return event
    raise Undecodable(f"{event.source} with the key {event.partitionkey} does not belong on this topic")
