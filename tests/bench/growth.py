"""`python -m tests.bench.growth [EXPONENT]`: what an event costs after 10^5, 10^6, 10^7 of them; bytes of a person-day.

Through the processor, without Kafka: rosters of the day, everybody taps in and out, rows after each; then the next day.
Days go by, so what can change no more is forgotten. Rows are made in days around a mark only, else it took hours.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting.batches import BATCH, Batch
from services.reporting.processor import Processor
from services.reporting.worker import calm_collector
from shared.events import encode, source, topic
from shared.facts.fact import Fact
from tests import examples as ex
from tests.bench.rows import Nowhere

SERVICES = ("policy", "roster", "attendance")
SOURCES = {topic("32", service): source("32", service) for service in SERVICES}
UNIT = 50
"""People of one unit; its roster is one event."""
MODEL = "00000001-0000-0000-0000-"
"""How the ids of an OPD's people begin, in the event that the others are made from."""


class Town(NamedTuple):
    """So many OPD of so many people each."""

    opds: int
    people: int


@dataclass
class Spent:
    """Events folded and rows made, and the processor time of each, in s."""

    events: int = 0
    folding: float = 0.0
    rows: int = 0
    making: float = 0.0


class World:
    """A town whose days go by: events as bytes, made from one real event of each kind and day."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.processor, self.outlet = Processor(SOURCES), Nowhere()
        self.spent, self.with_rows = Spent(), True
        self._at = dict.fromkeys(SOURCES, 0)
        self._ids = map(partial("{:08x}-0000-4000-8000-000000000000".format), count(1))

    async def found(self, day: date) -> None:
        """The arrangement of every unit, and the placements of all people."""
        when = ex.at("05:00", day - timedelta(days=1))
        for _, unit in self._units():
            await self._every_opd(ex.arrangement(unit=unit, opd="OPD-0000"), when)
        for person in self._people():
            await self._every_opd(ex.placed(person).model_copy(update={"opd": "OPD-0000"}), when)
        await self._publish()

    async def pass_(self, day: date) -> None:
        """A day: rosters, taps in, rows, taps out, rows."""
        await self._take(ex.arrangement(opd="OPD-0000"), ex.at("05:00", day), range(1))
        for team, unit in self._units():
            shifts = [ex.shift(person) for person in team]
            plan = ex.roster(*shifts, unit=unit, day=day).model_copy(update={"opd": "OPD-0000"})
            await self._every_opd(plan, ex.at("05:00", day))
        for kind, hours in (("in", "07:25"), ("out", "16:05")):
            for team, unit in self._units():
                for number, person in enumerate(team):
                    when = ex.at(hours, day) + timedelta(seconds=number)
                    await self._every_opd(ex.tap(kind, person, when, opd="OPD-0000", unit=unit), when)
            await self._publish()

    def _people(self) -> Iterator[UUID]:
        return (UUID(f"{MODEL}{number:012x}") for number in range(self.town.people))

    def _units(self) -> Iterator[tuple[list[UUID], str]]:
        people = list(self._people())
        return ((people[at : at + UNIT], f"U-{at // UNIT}") for at in range(0, len(people), UNIT))

    async def _every_opd(self, fact: Fact, when: datetime) -> None:
        await self._take(fact, when, range(self.town.opds))

    async def _take(self, fact: Fact, when: datetime, opds: Iterable[int]) -> None:
        event = ex.Ledger().record(fact, when)
        place, model, own = topic("32", event.service), encode(event), str(event.id).encode()
        records = [self._record(place, model, own, opd) for opd in opds]
        for at in range(0, len(records), BATCH):
            some = records[at : at + BATCH]
            began = time.process_time()
            await self.processor.take(Batch(TP(place, 0), some[0].offset, some), bool)
            self.spent.folding += time.process_time() - began
        self.spent.events += len(records)

    def _record(self, place: str, model: bytes, own: bytes, opd: int) -> ConsumerRecord[bytes, bytes]:
        at = self._at[place]
        self._at[place] = at + 1
        body = model.replace(own, next(self._ids).encode()).replace(b"%020d" % 1, b"%020d" % (at + 1))
        body = body.replace(MODEL.encode(), b"%08x-0000-0000-0000-" % (opd + 1)).replace(b"OPD-0000", b"OPD-%04d" % opd)
        return ConsumerRecord(place, 0, at, 0, 0, b"32/OPD-%04d" % opd, body, None, 0, 0, ())

    async def _publish(self) -> None:
        if not self.with_rows:
            self.processor._folded.touched.clear()
        began, rows = time.process_time(), self.outlet.rows
        await self.processor.flush_once(self.outlet)
        self.processor.pace(())
        await self.processor.close_days()
        self.spent.making += time.process_time() - began
        self.spent.rows += self.outlet.rows - rows


def resident() -> int:
    """Bytes of memory that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def person_days(town: Town, days: int, *, with_rows: bool) -> str:
    """Memory of a person-day: a placement, one assignment a day and two taps; and what is counted for the rows."""
    world, before = World(town), resident()
    world.with_rows = with_rows
    await world.found(ex.THURSDAY)
    placed = resident()
    for number in range(days):
        await world.pass_(ex.THURSDAY + timedelta(days=number))
    kept, each, rows = resident() - before, town.opds * town.people, "with" if with_rows else "without"
    return (
        f"  {town.opds} OPD of {town.people} people for {days} days: {kept / each / days:,.0f} bytes a person-day"
        f" {rows} its rows (of a person: {(placed - before) / each:,.0f})"
    )


async def grow(town: Town, most: int) -> None:
    """Print what folding an event and making a row cost in one day, whenever there are ten times as many events."""
    world, day, read, mark = World(town), ex.THURSDAY, 0, 100_000
    world.with_rows = False
    await world.found(day)
    while read < most:
        today = 2 * town.opds * town.people
        world.with_rows, world.spent = read + 3 * today >= mark, Spent()
        day += timedelta(days=1)
        await world.pass_(day)
        read += world.spent.events
        if read >= mark:
            print(f"  {read:>12,} events, day {(day - ex.THURSDAY).days:>3}: {told(world.spent)}", flush=True)
            mark *= 10


def told(spent: Spent) -> str:
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
