"""`python -m tests.bench.growth [EXPONENT]`: what an event costs after 10^5, 10^6, 10^7 of them; bytes of a person-day.

Through the processor, without Kafka: rosters of the day, everybody taps in and out, rows after each; then the next day.
Days go by, so what can change no more is forgotten. Rows are made in days around a mark only, else it took hours.
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

from services.reporting.faust_batches.batch import BATCH, Batch
from services.reporting.worker.__main__ import calm_collector
from services.reporting.worker.processor import Processor
from shared.domain.envelope import source, topic
from tests.bench.rows import Nowhere
from tests.bench.town_events import REGION, Telling, Told, Town, telling

SERVICES = ("policy", "roster", "attendance")
SOURCES = {topic(REGION, service): source(REGION, service) for service in SERVICES}
PARTS = 2
"""How often a day has its rows made."""


@dataclass
class Spent:
    """Events folded and rows made, and the processor time of each, in s."""

    events: int = 0
    folding: float = 0.0
    rows: int = 0
    making: float = 0.0


class Folded:
    """What a town told, folded part by part."""

    def __init__(self, town: Telling) -> None:
        self._town = town
        self._processor, self._outlet = Processor(SOURCES), Nowhere()
        self.spent, self.with_rows = Spent(), True

    async def part(self) -> None:
        """Fold until rows are to be made, and make them."""
        while told := next(self._town):
            await self._take(told)
        if not self.with_rows:
            self._processor._folded.touched.clear()
        began, rows = time.process_time(), self._outlet.rows
        await self._processor.flush_once(self._outlet)
        self._processor.pace(())
        await self._processor.close_days()
        self.spent.making += time.process_time() - began
        self.spent.rows += self._outlet.rows - rows

    async def _take(self, told: Told) -> None:
        place = TP(told.topic, 0)
        records = [
            ConsumerRecord(told.topic, 0, at, 0, 0, key, body, None, 0, 0, ())
            for at, (key, body) in enumerate(told.events, told.first)
        ]
        for at in range(0, len(records), BATCH):
            some = records[at : at + BATCH]
            began = time.process_time()
            await self._processor.take(Batch(place, some[0].offset, some), bool)
            self.spent.folding += time.process_time() - began
        self.spent.events += len(records)


def resident() -> int:
    """Bytes of memory that this process holds, without what it gave back to its C library but that kept."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def person_days(town: Town, days: int, *, with_rows: bool) -> str:
    """Memory of a person-day: a placement, one assignment a day and two taps; and what is counted for the rows."""
    with telling(town, days) as told:
        folded, before = Folded(told), resident()
        folded.with_rows = with_rows
        await folded.part()
        placed = resident()
        for _ in range(days * PARTS):
            await folded.part()
    kept, each, rows = resident() - before, town.opds * town.people, "with" if with_rows else "without"
    return (
        f"  {town.opds} OPD of {town.people} people for {days} days: {kept / each / days:,.0f} bytes a person-day"
        f" {rows} its rows (of a person: {(placed - before) / each:,.0f})"
    )


async def grow(town: Town, most: int) -> None:
    """Print what folding an event and making a row cost since the last line, at ten times as many events each."""
    read, mark, today = 0, 100_000, 2 * town.opds * town.people
    days = most // today + 1
    with telling(town, days) as told:
        folded = Folded(told)
        folded.with_rows = False
        await folded.part()
        for day in range(days):
            folded.with_rows = read + folded.spent.events + 3 * today >= mark
            for _ in range(PARTS):
                await folded.part()
            if read + folded.spent.events >= mark:
                read, spent, folded.spent = read + folded.spent.events, folded.spent, Spent()
                print(f"  {read:>12,} events, day {day + 1:>3}: {spoken(spent)}", flush=True)
                mark *= 10


def spoken(spent: Spent) -> str:
    """CPU time of an event and of a row, and the memory in use."""
    event, row = spent.folding / spent.events * 1e6, spent.making / max(spent.rows, 1) * 1e3
    return f"{event:6.1f} CPU µs an event, {row:6.2f} ms a row, {resident() / 2**20:,.0f} MiB resident"


def remember(*, with_rows: bool) -> str:
    """Memory of a person-day in a town of 12,000."""
    return asyncio.run(person_days(Town(40, 300), 4, with_rows=with_rows))


def run(exponent: int) -> None:
    """Print all of it."""
    calm_collector()
    print("\nMemory of what is known")
    for with_rows in (False, True):  # each in a process of its own, whose memory is fresh
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            print(alone.submit(remember, with_rows=with_rows).result(), flush=True)
    print("\nGrowth: 1,350 OPD of 20 people, two taps a day each")
    asyncio.run(grow(Town(1_350, 20), 10**exponent))


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
