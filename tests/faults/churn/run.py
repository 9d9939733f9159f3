"""Runs three brokers, a relay and workers under faults, and compares the result with the driver's count."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError

from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import create_changelog
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.faults.churn import plan, settlement
from tests.faults.churn.fault_kinds import DEPLOYMENT, FaultTarget
from tests.faults.churn.processes import Processes
from tests.faults.churn.settlement import RegionView
from tests.faults.churn.stores import Stores
from tests.faults.kafka_readback import ViewReader, open_view
from tests.faults.office_days import FRIDAY, THURSDAY, Offices

PARTITIONS = 6
DAYS = 6
TAPS_PER_ROUND = 10


class RunParameters(NamedTuple):
    """The parameters of a run. The same parameters give the same faults and the same random taps."""

    seed: int
    seconds: float = 300
    kills: int = 12
    workers: int = 2
    regions: tuple[str, ...] = ("32", "3271")
    kinds: tuple[str, ...] = plan.KINDS


@dataclass
class RunResults:
    """The results of a run, updated while it runs: faults, anomalies (one sentence per error), and figures."""

    faults: list[Mapping[str, Any]] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=lambda: Counter(ok=0, failed=0, unknown=0))
    anomalies: Sequence[str] = ("the run did not finish",)
    figures: Mapping[str, Any] = field(default_factory=dict)


PrintLine = Callable[[str], None]


async def run_churn(parameters: RunParameters, folder: Path, results: RunResults, print_line: PrintLine) -> None:
    """Run once with stores and logs in `folder`, and update the results."""
    with _cluster(folder) as cluster:
        await broker.create_topics(KafkaConnection(cluster.bootstrap), parameters.regions, PARTITIONS, plan.BROKERS)
        await create_changelog(KafkaConnection(cluster.bootstrap), DEPLOYMENT, PARTITIONS, plan.BROKERS)
        async with _stores(folder, results) as stores, AsyncExitStack() as open_views:
            offices = [
                Offices(region, stores.record_facts, parameters.seed + n) for n, region in enumerate(parameters.regions)
            ]
            views = [await open_views.enter_async_context(open_view(cluster.bootstrap, o.region)) for o in offices]
            with _processes(parameters, cluster, folder) as processes:
                target = FaultTarget(cluster, processes, parameters.workers)
                await _run_faults(parameters, target, stores, [*zip(offices, views, strict=True)], results, print_line)


@contextmanager
def _cluster(folder: Path) -> Iterator[Kafka]:
    """Run three brokers. At the end they are killed: a regular stop without a quorum takes a second longer."""
    with Kafka(folder / "kafka", plan.BROKERS) as cluster:
        yield cluster
        for node in cluster.pids:
            cluster.kill(node)


@asynccontextmanager
async def _stores(folder: Path, results: RunResults) -> AsyncIterator[Stores]:
    stores = Stores(folder, results.operations)
    await stores.open()
    yield stores
    await stores.close()


@contextmanager
def _processes(parameters: RunParameters, cluster: Kafka, folder: Path) -> Iterator[Processes]:
    settings = {
        "PIKET_KAFKA": cluster.bootstrap,
        "PIKET_REGIONS": ",".join(parameters.regions),
        "PIKET_DEPLOYMENT": DEPLOYMENT,
        "PIKET_PARTITIONS": str(PARTITIONS),
        "PIKET_FOLDER": str(folder),
    }
    processes = Processes(folder, settings)
    try:
        for name in ("relay", *(f"worker-{number}" for number in range(1, parameters.workers + 1))):
            processes.start(name)
        yield processes
    finally:
        processes.stop()


async def _run_faults(
    parameters: RunParameters,
    target: FaultTarget,
    stores: Stores,
    regions: Sequence[RegionView],
    results: RunResults,
    print_line: PrintLine,
) -> None:
    """Inject faults while taps are recorded; then compare everything while all processes run."""
    started_at, stop = monotonic(), asyncio.Event()
    recordings = [asyncio.create_task(_record_days(*region, parameters, stop)) for region in regions]
    async with _background(target.processes.supervise()):
        async with _background(*(_read_view(view) for _, view in regions)):
            async for fault in _inject_faults(parameters, target, print_line):
                results.faults.append(fault)
                if any(recording.done() for recording in recordings):
                    break
            stop.set()
            await asyncio.gather(*recordings)
        result = await settlement.settle_run(parameters.regions, target, stores, regions)
    results.anomalies = result.errors
    results.figures = {"took_s": round(monotonic() - started_at, 1), **result.figures}


@asynccontextmanager
async def _background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run endless work while the block runs. An error of it is raised at the end of the block."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    yield
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


async def _record_days(offices: Offices, view: ViewReader, parameters: RunParameters, stop: asyncio.Event) -> None:
    """Record taps on six consecutive days, and continue until all faults were injected.

    A day lasts until the view has the final rows of an earlier one. Days of seconds would otherwise pass while the
    relay is away, and the worker may close a day when the rosters of the fifth day after it arrive (decision 0012).
    """
    await offices.open(THURSDAY, FRIDAY)
    seconds_per_day = parameters.seconds / DAYS
    started_at = monotonic()
    while not stop.is_set():
        await offices.record_taps(TAPS_PER_ROUND // len(parameters.regions))
        await asyncio.sleep(0.1)  # the pause between two rounds of taps
        if monotonic() - started_at > seconds_per_day and view.has_read(offices.latest_final_rows()):
            started_at = monotonic()
            await offices.open(offices.days[-1] + timedelta(days=1))


async def _read_view(view: ViewReader) -> None:
    """Read rows while they are published, so that the end does not need to read them all."""
    while True:
        with suppress(KafkaError, TimeoutError):  # a broker does not answer
            await view.rows()
        await asyncio.sleep(0.5)  # the interval of the reader


def _planned_faults(parameters: RunParameters) -> Sequence[plan.Fault]:
    asked = (parameters.seconds, parameters.kills, parameters.workers, parameters.kinds)
    return plan.draw_faults(parameters.seed, *asked)


async def _inject_faults(
    parameters: RunParameters, target: FaultTarget, print_line: PrintLine
) -> AsyncIterator[Mapping[str, Any]]:
    """Inject the planned faults; yield each with the seconds at which it started and was healed."""
    started_at = monotonic()
    for fault in _planned_faults(parameters):
        await asyncio.sleep(max(0.0, fault.at - (monotonic() - started_at)))
        struck = round(monotonic() - started_at, 2)
        print_line(f"{struck:7.1f} s  {fault.kind}  (worker {fault.worker}, broker {fault.broker}, {fault.hold} s)")
        await target.inject(fault)
        yield {**fault._asdict(), "struck": struck, "healed": round(monotonic() - started_at, 2)}
