"""Facts in, coverage rows out: every fact folds into the set of its OPD, and every row it touches is published.

Read downwards: `process` takes a batch, `_fold` adds its facts, `flush` makes durable what that touched, and only then
acknowledges. Facts form sets, so a repeat changes nothing; its rows are published all the same, because a kill may have
come between fact and row.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol

from aiokafka import ConsumerRecord

from services.reporting import coverage
from services.reporting.changelog import Row
from services.reporting.factset import FactSet
from services.reporting.transport import Batch
from shared.events import Event, Undecodable, decode
from shared.events import source as source_of
from shared.facts.coverage import Coverage
from shared.kafka import EVENTS, DeadLetter, dead_letter

log = logging.getLogger(__name__)

WAITING = 64
"""Batches folded and not yet durable, at most: beyond, the worker stops fetching."""
COALESCE_S = 0.1
"""Pause between flushes: however many facts touch a row, it is published once in this time."""
TOGETHER = 100
"""Rows published before the next ones are computed."""
NO_OPD = "-"


class Touched(NamedTuple):
    """A coverage row to publish."""

    partition: int
    region: str
    opd: str
    service_date: date


@dataclass
class Folded:
    """One batch, and what must be durable before it is acknowledged."""

    partition: int = 0
    facts: list[Row] = field(default_factory=list)
    touched: set[Touched] = field(default_factory=set)
    unreadable: list[tuple[str, DeadLetter]] = field(default_factory=list)
    acknowledge: Callable[[], object] = bool


class Outlet(Protocol):
    """Where a worker writes. What was written is durable when the call returns."""

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        """Write facts to the changelog."""

    async def publish(self, row: Coverage) -> None:
        """Write a row of the view."""

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        """Write a record that nobody could read to the region's dead letters."""


class Gap(Exception):
    """Records were skipped: a batch does not begin where the last one of its partition ended."""


class Known:
    """What is known of one partition: the facts of each (region, OPD), and the highest sequence read of each source."""

    def __init__(self) -> None:
        self.facts: defaultdict[tuple[str, str], FactSet] = defaultdict(FactSet)
        self.watermark: dict[str, int] = {}

    def add(self, event: Event) -> Collection[tuple[str, str, date]]:
        """Keep a fact; answers region, OPD and service date of every row that it touches, also when it is a repeat."""
        region, opd = event.partitionkey.split("/")
        self.watermark[event.source] = max(event.sequence, self.watermark.get(event.source, 0))
        if opd == NO_OPD:
            return ()
        return [(region, opd, day) for day in self.facts[region, opd].add(event)]


class Processor:
    """The facts of the partitions that this worker holds, and the batches that are not durable yet.

    `sources` names the one source of each topic that is read.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._known: defaultdict[int, Known] = defaultdict(Known)
        self.positions: dict[Any, int] = {}
        self._waiting: asyncio.Queue[Folded] = asyncio.Queue(WAITING)

    async def process(self, stream: AsyncIterable[Any]) -> None:
        """Fold every batch of a Faust stream of events that are acknowledged by hand."""
        async for event in stream:
            await self.take(event.value, event.ack)

    async def take(self, batch: Batch, acknowledge: Callable[[], object]) -> None:
        """Fold one batch; waits while too much is not durable yet. Raises `Gap`."""
        self._follows(batch)
        folded = self._fold(batch)
        folded.acknowledge = acknowledge
        await self._waiting.put(folded)

    def _follows(self, batch: Batch) -> None:
        """Refuse a skip, whatever its cause: once committed over, it would never be read again."""
        expected = self.positions.get(batch.tp) if batch.begins is None else batch.begins
        first, after = batch.records[0].offset, batch.records[-1].offset + 1
        if first != expected or after - first != len(batch.records):
            raise Gap(f"{batch.tp.topic}/{batch.tp.partition} goes on at offset {first}, not {expected}")
        self.positions[batch.tp] = after

    def _fold(self, batch: Batch) -> Folded:
        folded, source = Folded(batch.tp.partition), self._sources[batch.tp.topic]
        for record in batch.records:
            try:
                self._fold_one(folded, record, source)
            except Undecodable as why:
                folded.unreadable.append((source.split("/")[2], dead_letter(record, why.reason)))
        EVENTS.labels("worker", batch.tp.topic, "folded").inc(len(folded.facts))
        EVENTS.labels("worker", batch.tp.topic, "unreadable").inc(len(folded.unreadable))
        return folded

    def _fold_one(self, folded: Folded, record: ConsumerRecord[bytes, bytes], source: str) -> None:
        event = decode(record.value or b"")
        if not _belongs(event, record.key, source):
            raise Undecodable(f"{event.source} with the key {event.partitionkey} does not belong on this topic")
        touched = self._known[folded.partition].add(event)
        folded.facts.append(Row(f"{event.partitionkey}|{event.id}".encode(), record.value or b""))
        folded.touched.update(Touched(folded.partition, *row) for row in touched)

    async def flush(self, outlet: Outlet) -> None:
        """Make folded batches durable and acknowledge them, for ever."""
        while True:
            await self.flush_once(outlet)
            await asyncio.sleep(COALESCE_S)

    async def flush_once(self, outlet: Outlet) -> None:
        """Make durable what waits, at least one batch; then acknowledge it, oldest first."""
        folded = [await self._waiting.get()]
        while not self._waiting.empty():
            folded.append(self._waiting.get_nowait())
        await asyncio.gather(
            *(outlet.keep(batch.partition, batch.facts) for batch in folded if batch.facts),
            *(outlet.put_aside(*letter) for batch in folded for letter in batch.unreadable),
            self._publish(sorted(set().union(*(batch.touched for batch in folded))), outlet),
        )
        for batch in folded:
            batch.acknowledge()

    async def _publish(self, touched: Sequence[Touched], outlet: Outlet) -> None:
        for i in range(0, len(touched), TOGETHER):
            rows = [row for each in touched[i : i + TOGETHER] if (row := self._row(each))]
            await asyncio.gather(*(outlet.publish(row) for row in rows))

    def _row(self, touched: Touched) -> Coverage | None:
        partition, region, opd, service_date = touched
        known = self._known.get(partition)
        if known is None or (region, opd) not in known.facts:
            return None  # revoked since
        return coverage.row(known.facts[region, opd].of(service_date), region, opd, service_date, known.watermark)

    def recover(self, partition: int, values: Iterable[bytes | None]) -> None:
        """Take facts of a newly assigned partition from the changelog."""
        for value in values:
            self._known[partition].add(decode(value or b""))

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now."""
        self._known.pop(partition, None)

    async def publish_all(self) -> None:
        """Publish every row of the assigned partitions: what was killed before its row was out shows now."""
        every = {
            Touched(partition, *opd, day)
            for partition, known in self._known.items()
            for opd, facts in known.facts.items()
            for day in facts.dates()
        }
        log.info("Assigned: facts of partitions %s are there; publishing all %d rows.", sorted(self._known), len(every))
        await self._waiting.put(Folded(touched=every))


def _belongs(event: Event, key: bytes | None, source: str) -> bool:
    same_source = event.source == source == source_of(event.data.region, event.service)
    return same_source and key == event.partitionkey.encode() == event.data.partition_key.encode()
