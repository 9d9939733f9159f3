"""Measures the CPU time of a coverage row while the people of an OPD arrive, and the time to load a province.

`python -m tests.bench.rows` uses FactSet and Processor, without Kafka.
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
from services.reporting.domain.fact_store.compact import compact
from services.reporting.faust_batches.batch import MAX_BATCH_RECORDS, PartitionBatch
from services.reporting.worker.__main__ import tune_garbage_collector
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import Headers
from shared.domain.envelope import Event, encode, source, topic
from shared.domain.facts.coverage import Coverage
from tests.support import example_facts as ex

SIZES, MAX_PORTIONS = (2_200, 12_000), 5_000
OPDS, PEOPLE, UNITS, DAYS = 130, 8_000, 6, 3
SETUP_TIME = ex.at("06:00", date(2025, 11, 3))
COUNTER_STAFF = 4
"""People of a unit with a post; the others are on site without one."""


def opd_events(ledger: ex.Ledger, opd: str, staff: Sequence[UUID], units: int, days: int) -> Iterator[Event]:
    """Yield the arrangements of an OPD, the placements of its people, and their rosters from Thursday on."""
    teams = {f"U-{n}": staff[n::units] for n in range(units)}
    for unit in teams:
        yield ledger.record(ex.arrangement(ex.post(minimum=2), unit=unit, opd=opd), SETUP_TIME)
    for person in staff:
        yield ledger.record(ex.placement(person).model_copy(update={"opd": opd}), SETUP_TIME)
    for day in (ex.THURSDAY + timedelta(days=n) for n in range(days)):
        for unit, team in teams.items():
            shifts = [
                ex.shift(p, rest=(720, 780), at_post="LOKET-1" if n < COUNTER_STAFF else None)
                for n, p in enumerate(team)
            ]
            yield ledger.record(ex.roster(*shifts, unit=unit, day=day).model_copy(update={"opd": opd}), SETUP_TIME)


def row_cost_text(size: int) -> str:
    """Return the cost of rows of one OPD whose people tap in, with a row after each portion of taps."""
    ledger, generator, facts = ex.Ledger(), random.Random(1), FactSet("32", "DPMPTSP")  # noqa: S311 - a game of chance
    staff = [UUID(int=n + 1) for n in range(size)]
    for event in opd_events(ledger, "DPMPTSP", staff, size // 40, DAYS):
        facts.add(compact(event))
    tap_times = sorted(ex.at("07:25") + timedelta(seconds=generator.gauss(0, 1200)) for _ in staff)
    taps = [ledger.record(ex.tap("in", p, w), w) for p, w in zip(generator.sample(staff, size), tap_times, strict=True)]
    cuts = [0, *sorted(generator.sample(range(1, size), min(MAX_PORTIONS, size) - 1)), size]
    first, costs = row_cpu_seconds(facts), []
    for begin, end in pairwise(cuts):
        for tap in taps[begin:end]:
            facts.add(compact(tap))
        costs.append(row_cpu_seconds(facts))
    return (
        f"  an OPD of {size:>6,}: first row {first * 1e3:,.0f} ms, then {len(costs):,} rows:"
        f" {median(costs) * 1e6:,.0f} µs a row (most {max(costs) * 1e6:,.0f}), {sum(costs) / size * 1e6:,.0f} µs a tap"
    )


def row_cpu_seconds(facts: FactSet) -> float:
    started_at = time.process_time()
    facts.row(ex.THURSDAY, {})
    return time.process_time() - started_at


class CountingPublisher:
    """A publisher that counts rows."""

    def __init__(self) -> None:
        self.rows = 0

    async def write_changelog(self, *_: object) -> None:
        """Discard facts."""

    async def publish(self, _: int, row: Coverage, headers: Headers = ()) -> None:  # noqa: ARG002
        row.model_dump_json(exclude_none=True)
        self.rows += 1

    async def write_dead_letter(self, *letter: object) -> None:
        raise AssertionError(letter)


async def province_text() -> str:
    """Return the time to process policy and rosters of all OPD at once, as the worker does."""
    ledger, people_per_opd = ex.Ledger(), PEOPLE // OPDS
    events = [
        event
        for n in range(OPDS)
        for event in opd_events(
            ledger, f"OPD-{n}", [UUID(int=1 + n * people_per_opd + m) for m in range(people_per_opd)], UNITS, DAYS
        )
    ]
    processor, publisher = (
        Processor({topic("32", s): source("32", s) for s in ("policy", "roster")}),
        CountingPublisher(),
    )
    batches = [b for service in ("policy", "roster") for b in batches_of([e for e in events if e.service == service])]
    flush = asyncio.create_task(processor.flush(publisher))
    started_at, cpu, durable = time.perf_counter(), time.process_time(), asyncio.Event()
    for batch in batches:
        await processor.process_batch(batch, durable.set if batch is batches[-1] else bool)
        await asyncio.sleep(0)
    await durable.wait()
    flush.cancel()
    return (
        f"  {OPDS} OPD, {PEOPLE:,} people, {OPDS * UNITS * DAYS:,} unit-days at once:"
        f" {time.perf_counter() - started_at:.1f} s, CPU {time.process_time() - cpu:.1f} s,"
        f" {publisher.rows:,} rows from {len(events):,} events"
    )


def batches_of(events: Sequence[Event]) -> Iterator[PartitionBatch]:
    name = topic("32", events[0].service)
    records = [
        ConsumerRecord(name, 0, n, 0, 0, event.partitionkey.encode(), encode(event), None, 0, 0, ())
        for n, event in enumerate(events)
    ]
    for begin in range(0, len(records), MAX_BATCH_RECORDS):
        yield PartitionBatch(TP(name, 0), begin, records[begin : begin + MAX_BATCH_RECORDS])


def run() -> None:
    """Print all measurements."""
    tune_garbage_collector()
    print("\nCoverage rows (CPU time)")
    for size in SIZES:
        print(row_cost_text(size), flush=True)
    print(asyncio.run(province_text()), flush=True)


if __name__ == "__main__":
    run()
