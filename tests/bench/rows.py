"""`python -m tests.bench.rows`: what a coverage row costs while an OPD arrives, and how soon a worker knows a province.

Through FactSet and Processor, without Kafka; CPU time.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from uuid import UUID

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import lean
from services.reporting.faust_batches.batch import BATCH, Batch
from services.reporting.worker.__main__ import calm_collector
from services.reporting.worker.processor import Processor
from shared.domain.envelope import Event, encode, source, topic
from shared.domain.facts.coverage import Coverage
from tests.support import example_facts as ex

SIZES, PORTIONS = (2_200, 12_000), 5_000
OPDS, PEOPLE, UNITS, DAYS = 130, 8_000, 6, 3
BEFORE = ex.at("06:00", date(2025, 11, 3))
COUNTER = 4
"""People of a unit who stand at its counter; the others are on site without one."""


def staffed(ledger: ex.Ledger, opd: str, staff: Sequence[UUID], units: int, days: int) -> Iterator[Event]:
    """The arrangements of an OPD, the placements of its people, and their rosters from Thursday on."""
    teams = {f"U-{n}": staff[n::units] for n in range(units)}
    for unit in teams:
        yield ledger.record(ex.arrangement(ex.post(minimum=2), unit=unit, opd=opd), BEFORE)
    for person in staff:
        yield ledger.record(ex.placed(person).model_copy(update={"opd": opd}), BEFORE)
    for day in (ex.THURSDAY + timedelta(days=n) for n in range(days)):
        for unit, team in teams.items():
            shifts = [
                ex.shift(p, rest=(720, 780), at_post="LOKET-1" if n < COUNTER else None) for n, p in enumerate(team)
            ]
            yield ledger.record(ex.roster(*shifts, unit=unit, day=day).model_copy(update={"opd": opd}), BEFORE)


def arrive(size: int) -> str:
    """One OPD whose people all tap in, in portions; a row after each."""
    ledger, chance, facts = ex.Ledger(), random.Random(1), FactSet("32", "DPMPTSP")  # noqa: S311 - a game of chance
    staff = [UUID(int=n + 1) for n in range(size)]
    for event in staffed(ledger, "DPMPTSP", staff, size // 40, DAYS):
        facts.add(lean(event))
    whens = sorted(ex.at("07:25") + timedelta(seconds=chance.gauss(0, 1200)) for _ in staff)
    taps = [ledger.record(ex.tap("in", p, w), w) for p, w in zip(chance.sample(staff, size), whens, strict=True)]
    cuts = [0, *sorted(chance.sample(range(1, size), min(PORTIONS, size) - 1)), size]
    first, costs = cost(facts), []
    for begin, end in pairwise(cuts):
        for tap in taps[begin:end]:
            facts.add(lean(tap))
        costs.append(cost(facts))
    return (
        f"  an OPD of {size:>6,}: first row {first * 1e3:,.0f} ms, then {len(costs):,} rows:"
        f" {median(costs) * 1e6:,.0f} µs a row (most {max(costs) * 1e6:,.0f}), {sum(costs) / size * 1e6:,.0f} µs a tap"
    )


def cost(facts: FactSet) -> float:
    began = time.process_time()
    facts.row(ex.THURSDAY, {})
    return time.process_time() - began


class Nowhere:
    """An outlet that counts rows."""

    def __init__(self) -> None:
        self.rows = 0

    async def keep(self, *_: object) -> None:
        """Facts go nowhere."""

    async def publish(self, _: int, row: Coverage) -> None:
        row.model_dump_json(exclude_none=True)
        self.rows += 1

    async def put_aside(self, *letter: object) -> None:
        raise AssertionError(letter)


async def province() -> str:
    """Policy and rosters of all OPD arrive at once, folded and flushed as the worker does."""
    ledger, each = ex.Ledger(), PEOPLE // OPDS
    events = [
        event
        for n in range(OPDS)
        for event in staffed(ledger, f"OPD-{n}", [UUID(int=1 + n * each + m) for m in range(each)], UNITS, DAYS)
    ]
    processor, outlet = Processor({topic("32", s): source("32", s) for s in ("policy", "roster")}), Nowhere()
    batches = [b for service in ("policy", "roster") for b in batched([e for e in events if e.service == service])]
    flushing = asyncio.create_task(processor.flush(outlet))
    began, cpu, durable = time.perf_counter(), time.process_time(), asyncio.Event()
    for batch in batches:
        await processor.take(batch, durable.set if batch is batches[-1] else bool)
        await asyncio.sleep(0)
    await durable.wait()
    flushing.cancel()
    return (
        f"  {OPDS} OPD, {PEOPLE:,} people, {OPDS * UNITS * DAYS:,} unit-days at once:"
        f" {time.perf_counter() - began:.1f} s, CPU {time.process_time() - cpu:.1f} s,"
        f" {outlet.rows:,} rows from {len(events):,} events"
    )


def batched(events: Sequence[Event]) -> Iterator[Batch]:
    name = topic("32", events[0].service)
    records = [
        ConsumerRecord(name, 0, n, 0, 0, event.partitionkey.encode(), encode(event), None, 0, 0, ())
        for n, event in enumerate(events)
    ]
    for begin in range(0, len(records), BATCH):
        yield Batch(TP(name, 0), begin, records[begin : begin + BATCH])


def run() -> None:
    """Print all of it."""
    calm_collector()
    print("\nCoverage rows (CPU time)")
    for size in SIZES:
        print(arrive(size), flush=True)
    print(asyncio.run(province()), flush=True)


if __name__ == "__main__":
    run()
