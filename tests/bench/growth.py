"""Measures the cost of an event after 10^5, 10^6, 10^7 events, and the memory of a person-day.

`python -m tests.bench.growth [EXPONENT]` feeds the processor without Kafka: rosters of the day, all people tap in, rows
are computed, all tap out, rows are computed; then the next day. Closed days are dropped. Rows are computed only on days
near a power of ten; otherwise the benchmark would take hours.
"""

import asyncio
import ctypes
import gc
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting.faust_batches.batch import MAX_BATCH_RECORDS, PartitionBatch
from services.reporting.worker.__main__ import tune_garbage_collector
from services.reporting.worker.processor import Processor
from shared.domain.envelope import source, topic
from tests.bench.rows import CountingPublisher
from tests.bench.town_events import REGION, EventStream, TopicEvents, Town, town_events

SERVICES = ("policy", "roster", "attendance")
SOURCES = {topic(REGION, service): source(REGION, service) for service in SERVICES}
PARTS_PER_DAY = 2
"""How often rows are computed per day."""


@dataclass
class Cost:
    """Number of events and rows, and their CPU time in seconds."""

    events: int = 0
    fold_seconds: float = 0.0
    rows: int = 0
    row_seconds: float = 0.0


class ProcessorRun:
    """Feeds the events of a town to a processor, part by part."""

    def __init__(self, town: EventStream) -> None:
        self._events = town
        self._processor, self._publisher = Processor(SOURCES), CountingPublisher()
        self.cost, self.with_rows = Cost(), True

    async def process_part(self) -> None:
        """Process the events of one part of the day, then compute rows."""
        while events := next(self._events):
            await self._process(events)
        if not self.with_rows:
            self._processor._pending.affected_dates.clear()
        started_at, rows = time.process_time(), self._publisher.rows
        await self._processor.flush_once(self._publisher)
        self._processor.update_watermarks(())
        await self._processor.close_days()
        self.cost.row_seconds += time.process_time() - started_at
        self.cost.rows += self._publisher.rows - rows

    async def _process(self, events: TopicEvents) -> None:
        topic_partition = TP(events.topic, 0)
        records = [
            ConsumerRecord(events.topic, 0, at, 0, 0, key, body, None, 0, 0, ())
            for at, (key, body) in enumerate(events.events, events.first)
        ]
        for at in range(0, len(records), MAX_BATCH_RECORDS):
            batch = records[at : at + MAX_BATCH_RECORDS]
            started_at = time.process_time()
            await self._processor.process_batch(PartitionBatch(topic_partition, batch[0].offset, batch), bool)
            self.cost.fold_seconds += time.process_time() - started_at
        self.cost.events += len(records)


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes, after the C library has returned free memory."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def person_days(town: Town, days: int, *, with_rows: bool) -> str:
    """Return the memory per person-day: a placement, one assignment and two taps per day, and the counts for rows."""
    with town_events(town, days) as events:
        run, bytes_before = ProcessorRun(events), resident_bytes()
        run.with_rows = with_rows
        await run.process_part()
        bytes_placed = resident_bytes()
        for _ in range(days * PARTS_PER_DAY):
            await run.process_part()
    bytes_used, people = resident_bytes() - bytes_before, town.opds * town.people
    rows = "with" if with_rows else "without"
    return (
        f"  {town.opds} OPD of {town.people} people for {days} days:"
        f" {bytes_used / people / days:,.0f} bytes a person-day {rows} its rows"
        f" (of a person: {(bytes_placed - bytes_before) / people:,.0f})"
    )


async def grow(town: Town, max_events: int) -> None:
    """Print the cost of an event and of a row at each power of ten, measured since the previous line."""
    read, mark, today = 0, 100_000, 2 * town.opds * town.people
    days = max_events // today + 1
    with town_events(town, days) as events:
        run = ProcessorRun(events)
        run.with_rows = False
        await run.process_part()
        for day in range(days):
            run.with_rows = read + run.cost.events + 3 * today >= mark
            for _ in range(PARTS_PER_DAY):
                await run.process_part()
            if read + run.cost.events >= mark:
                read, cost, run.cost = read + run.cost.events, run.cost, Cost()
                print(f"  {read:>12,} events, day {day + 1:>3}: {cost_text(cost)}", flush=True)
                mark *= 10


def cost_text(cost: Cost) -> str:
    """Return the CPU time of an event and of a row, and the memory in use, as text."""
    event, row = cost.fold_seconds / cost.events * 1e6, cost.row_seconds / max(cost.rows, 1) * 1e3
    return f"{event:6.1f} CPU µs an event, {row:6.2f} ms a row, {resident_bytes() / 2**20:,.0f} MiB resident"


def person_day_text(*, with_rows: bool) -> str:
    """Return the memory per person-day in a town of 12,000 people, as text."""
    return asyncio.run(person_days(Town(40, 300), 4, with_rows=with_rows))


def run(exponent: int) -> None:
    """Print all measurements."""
    tune_garbage_collector()
    print("\nMemory of the facts")
    for with_rows in (False, True):  # in separate processes, so that memory is measured from the start
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            print(executor.submit(person_day_text, with_rows=with_rows).result(), flush=True)
    print("\nGrowth: 1,350 OPD of 20 people, two taps a day each")
    asyncio.run(grow(Town(1_350, 20), 10**exponent))


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
