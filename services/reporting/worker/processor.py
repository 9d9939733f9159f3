"""Folds batches of facts into the fact sets of their OPD, and publishes the coverage rows that they affect.

Read from top to bottom: `process_batch` receives a batch, `_fold` adds its facts, `flush_once` makes the facts and the
affected rows durable, and only then acknowledges the batch. Facts form sets, so a duplicate changes nothing. Its rows
are published again nevertheless, because the worker may have been killed after it wrote the fact and before the row.
Days whose facts can no longer change are closed: removed from memory and deleted from the changelog.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any

from services.reporting.domain.partitions.partition_state import (
    OpdPartition,
    PartitionState,
    RegionPartition,
)
from services.reporting.faust_batches.batch import PartitionBatch
from services.reporting.worker.metrics import count_outcomes
from services.reporting.worker.pending import PendingBatch
from services.reporting.worker.publisher import Publisher
from shared.domain.envelope import Undecodable, decode_envelope
from shared.domain.facts.heartbeat import WorkerPositions
from shared.kafka.dead_letters import dead_letter

log = logging.getLogger(__name__)

MAX_PENDING_RECORDS = 50_000
"""Limit of folded records that are not durable yet: above it no batch is accepted, and soon none is fetched."""
FLUSH_PAUSE_S = 0.1
"""Pause between flushes: a row is published once in this time, however many facts affect it."""
MAX_REPUBLISHED_OPD = 20
"""After an assignment, OPD whose rows one flush publishes again, at most: rows of new facts must not wait for all."""


class RecordsSkipped(Exception):
    """A batch does not start at the offset where the last batch of its partition ended, or has a gap."""


class Processor:
    """The facts of the assigned partitions, and the batches that are not durable yet.

    `sources` maps each topic to its source. Rows are made only for dates from `since` on. `staged` rows are written to
    a topic beside the one that readers follow.
    """

    def __init__(self, sources: Mapping[str, str], since: date | None = None, *, staged: bool = False) -> None:
        self._sources = sources
        self._partitions = PartitionState(sources, since, staged=staged)
        # The bound methods themselves, without a wrapper: a recovery calls `restore` for each of its batches.
        self.restore, self.update_watermarks = self._partitions.restore, self._partitions.update_watermarks
        self.positions: dict[Any, int] = {}
        self._durable_offsets: dict[Any, int] = {}
        self._assignment_number, self._pending = 0, PendingBatch()
        self._pending_changed, self._write_lock = asyncio.Condition(), asyncio.Lock()
        self._is_paused = False

    async def process_stream(self, stream: AsyncIterable[Any]) -> None:
        """Process every batch of a Faust stream whose events are acknowledged explicitly (`noack`)."""
        async for event in stream:
            await self.process_batch(event.value, event.ack)

    async def process_batch(self, batch: PartitionBatch, acknowledge: Callable[[], object]) -> None:
        """Fold one batch, then wait while too many records are not durable yet. Raise `RecordsSkipped` for a gap."""
        self._check_contiguous(batch)
        self._fold(batch)
        self._pending.acknowledgements.append(acknowledge)
        async with self._pending_changed:
            self._pending_changed.notify_all()
            await self._pending_changed.wait_for(lambda: self._pending.record_count < MAX_PENDING_RECORDS)

    def _check_contiguous(self, batch: PartitionBatch) -> None:
        """Raise `RecordsSkipped` for a gap of any cause: after a later commit the records would never be read again."""
        expected = self.positions.get(batch.tp) if batch.start_offset is None else batch.start_offset
        first, after = batch.records[0].offset, batch.records[-1].offset + 1
        if first != expected or after - first != len(batch.records):
            raise RecordsSkipped(f"{batch.tp.topic}/{batch.tp.partition} goes on at offset {first}, not {expected}")
        self.positions[batch.tp] = self._pending.positions[batch.tp] = after

    def _fold(self, batch: PartitionBatch) -> None:
        source, (topic, partition) = self._sources[batch.tp.topic], batch.tp
        region_partition = RegionPartition(topic.split(".")[1], partition)
        state, pending = self._partitions.region_state(region_partition), self._pending
        pending.region_partitions.add(region_partition)
        pending.spans.start(batch.tp, batch.records, lambda *record: state.is_replay(source, *record))
        last: bytes | None = None
        unreadable = 0
        for record in batch.records:
            try:
                fact = state.decode(record.value or b"", source, record.key)
            except Undecodable as error:
                pending.dead_letters.append((region_partition.region, dead_letter(batch.tp, record, error.reason)))
                unreadable += 1
                continue
            repeats, dates, last = state.outcomes["repeat"], state.add(fact), record.value
            if dates is not None:
                is_new = state.outcomes["repeat"] == repeats
                pending.add(OpdPartition(region_partition, fact.key), fact, dates, record.value, is_new=is_new)
        if last:
            state.advance(decode_envelope(last))  # once per batch: the last fact is the furthest of its source
        pending.record_count += len(batch.records)
        counts = {"folded": len(batch.records) - unreadable, "unreadable": unreadable}
        count_outcomes(topic, region_partition.region, counts, state.outcomes)
        state.outcomes.clear()

    async def flush(self, publisher: Publisher) -> None:
        """Make folded batches durable and acknowledge them, until cancelled."""
        while True:
            await self.flush_once(publisher)
            await asyncio.sleep(FLUSH_PAUSE_S)

    async def flush_once(self, publisher: Publisher) -> None:
        """Wait for at least one batch or row, make all pending ones durable, then acknowledge them, oldest first."""
        async with self._pending_changed:
            await self._pending_changed.wait_for(self._has_work)
            for opd_partition, dates in self._partitions.next_to_republish(MAX_REPUBLISHED_OPD):
                self._pending.affected_dates[opd_partition].update(dates)
            pending, self._pending, assignment = self._pending, PendingBatch(), self._assignment_number
            self._pending_changed.notify_all()
        for region_partition in pending.region_partitions | {opd.region_partition for opd in pending.affected_dates}:
            pending.changelog[region_partition.partition] += self._partitions.state_records(region_partition)
        async with self._write_lock:
            await asyncio.gather(
                *(publisher.write_changelog(n, records) for n, records in pending.changelog.items() if records),
                *(publisher.write_dead_letter(region, record) for region, record in pending.dead_letters),
                self._publish_rows(pending, publisher),
            )
        self._pending.region_partitions |= self._partitions.mark_published()  # the next flush writes their states
        if assignment == self._assignment_number:  # else the partitions may have been revoked during the write
            self._durable_offsets |= pending.positions
        pending.acknowledge()

    def _has_work(self) -> bool:
        return not self._is_paused and bool(self._pending.has_work() or self._partitions.has_pending())

    async def _publish_rows(self, pending: PendingBatch, publisher: Publisher) -> None:
        tasks = []
        for opd, dates in sorted(pending.affected_dates.items()):
            for row in filter(None, (self._partitions.row(opd, day) for day in sorted(dates))):
                headers = pending.headers(opd, row.service_date)
                write = publisher.publish(opd.region_partition.partition, row, headers)
                tasks.append(asyncio.create_task(pending.spans.in_span("send coverage row", opd.opd, write)))
                await asyncio.sleep(0)  # computing a row takes milliseconds: let other tasks run in between
        await asyncio.gather(*tasks)

    async def close_days(self) -> None:
        """Close days whose facts can no longer change, between two flushes; the next flush deletes their facts."""
        async with self._write_lock:
            for partition, record in self._partitions.close_days(self._pending.affected_dates):
                self._pending.changelog[partition].append(record)
        async with self._pending_changed:
            self._pending_changed.notify_all()

    async def pause(self) -> None:
        """Wait for the running flush, then write nothing until `publish_all`: others may own the partitions by then."""
        async with self._write_lock:
            self._is_paused = True
            self._assignment_number += 1

    def release(self, partition: int) -> None:
        """Drop a partition that another worker has now, with its unwritten facts: that worker reads them itself."""
        self._partitions.release(partition)
        self._pending.changelog.pop(partition, None)
        self._start_assignment()

    def _start_assignment(self) -> None:
        self._assignment_number += 1
        self._durable_offsets.clear()

    def durable_positions(self, start_offsets: Mapping[Any, int | None], wall: datetime) -> list[WorkerPositions]:
        """Return the durable offset of each assigned partition, by region and partition number.

        `start_offsets`: see the consumer. A partition is left out while readers do not see all its (staged) rows yet.
        """
        positions: defaultdict[RegionPartition, dict[str, int]] = defaultdict(dict)
        for tp, start_offset in start_offsets.items():
            durable = self._durable_offsets.get(tp) if start_offset is None else start_offset
            if tp.topic in self._sources and durable is not None:
                _, region, service, _ = tp.topic.split(".")
                positions[RegionPartition(region, tp.partition)][service] = durable
        visible = {key: by_service for key, by_service in positions.items() if self._partitions.is_visible(key)}
        return [WorkerPositions(region=r, partition=n, positions=p, wall=wall) for (r, n), p in visible.items()]

    async def publish_all(self, verification: Awaitable[object]) -> None:
        """Resume writing and publish all rows of new partitions, once `verification` returns: no facts are missing."""
        self._start_assignment()
        assignment = self._assignment_number
        await verification
        async with self._pending_changed:
            if assignment != self._assignment_number:
                return  # the partitions were revoked during the verification
            count = self._partitions.schedule_republish()
            log.info("Assigned: all facts are recovered; publishing all rows of %d OPD of new partitions.", count)
            self._is_paused = False
            self._pending_changed.notify_all()
