"""One run: three brokers, a relay and workers under faults, and at the end the driver's truth beside what there is."""

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
from tests.faults.churn import plan
from tests.faults.churn import settlement as reckoning
from tests.faults.churn.fault_kinds import DEPLOYMENT, Scene
from tests.faults.churn.processes import Processes
from tests.faults.churn.settlement import Room
from tests.faults.churn.stores import Stores
from tests.faults.kafka_readback import View, viewed
from tests.faults.office_days import FRIDAY, THURSDAY, Offices

PARTITIONS = 6
DAYS = 6
TAPS = 10


class Asked(NamedTuple):
    """What makes a run: with the same one the same faults strike, and people come and go by the same dice."""

    seed: int
    seconds: float = 300
    kills: int = 12
    workers: int = 2
    regions: tuple[str, ...] = ("32", "3271")


@dataclass
class Told:
    """What a run found, told as it happens: sentences about what is wrong, none if all is right, and its figures."""

    faults: list[Mapping[str, Any]] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=lambda: Counter(ok=0, failed=0, unknown=0))
    anomalies: Sequence[str] = ("the run did not come to its end",)
    figures: Mapping[str, Any] = field(default_factory=dict)


Say = Callable[[str], None]


async def play(asked: Asked, folder: Path, told: Told, say: Say) -> None:
    """Play one run in a folder of its own, which keeps stores and logs, and tell of it."""
    with _cluster(folder) as cluster:
        await broker.create_topics(cluster.bootstrap, asked.regions, PARTITIONS, plan.BROKERS)
        await create_changelog(cluster.bootstrap, DEPLOYMENT, PARTITIONS, plan.BROKERS)
        async with _stores(folder, told) as stores, AsyncExitStack() as open_views:
            offices = [Offices(region, stores.tell, asked.seed + n) for n, region in enumerate(asked.regions)]
            views = [await open_views.enter_async_context(viewed(cluster.bootstrap, o.region)) for o in offices]
            with _processes(asked, cluster, folder) as processes:
                scene = Scene(cluster, processes, asked.workers)
                await _watched(asked, scene, stores, [*zip(offices, views, strict=True)], told, say)


@contextmanager
def _cluster(folder: Path) -> Iterator[Kafka]:
    """Three brokers; at the end they are killed, which takes a second less than goodbyes without a quorum."""
    with Kafka(folder / "kafka", plan.BROKERS) as cluster:
        yield cluster
        for node in cluster.pids:
            cluster.kill(node)


@asynccontextmanager
async def _stores(folder: Path, told: Told) -> AsyncIterator[Stores]:
    stores = Stores(folder, told.operations)
    await stores.open()
    yield stores
    await stores.close()


@contextmanager
def _processes(asked: Asked, cluster: Kafka, folder: Path) -> Iterator[Processes]:
    settings = {
        "PIKET_KAFKA": cluster.bootstrap,
        "PIKET_REGIONS": ",".join(asked.regions),
        "PIKET_DEPLOYMENT": DEPLOYMENT,
        "PIKET_PARTITIONS": str(PARTITIONS),
        "PIKET_FOLDER": str(folder),
    }
    processes = Processes(folder, settings)
    try:
        for name in ("relay", *(f"worker-{number}" for number in range(1, asked.workers + 1))):
            processes.start(name)
        yield processes
    finally:
        processes.stop()


async def _watched(asked: Asked, scene: Scene, stores: Stores, rooms: Sequence[Room], told: Told, say: Say) -> None:
    """Faults while people come and go; then, with everything running, all is compared."""
    began, done = monotonic(), asyncio.Event()
    living = [asyncio.create_task(_live(offices, asked, done)) for offices, _ in rooms]
    async with _beside(scene.processes.supervise()):
        async with _beside(*(_follow(view) for _, view in rooms)):
            async for fault in _strike(asked, scene, say):
                told.faults.append(fault)
                if any(life.done() for life in living):
                    break
            done.set()
            await asyncio.gather(*living)
        found = await reckoning.reckon(asked.regions, scene, stores, rooms)
    told.anomalies, told.figures = found.wrong, {"took_s": round(monotonic() - began, 1), **found.figures}


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work without end, meanwhile. What one raises comes out here."""
    tasks = [asyncio.create_task(each) for each in work]
    yield
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


async def _live(offices: Offices, asked: Asked, done: asyncio.Event) -> None:
    """Six days of work, one after another, and on until all faults have struck."""
    await offices.open(THURSDAY, FRIDAY)
    turns = asked.seconds / DAYS
    began = monotonic()
    while not done.is_set():
        await offices.morning(TAPS // len(asked.regions))
        await asyncio.sleep(0.1)
        if monotonic() - began > turns:
            began = monotonic()
            await offices.open(offices.days[-1] + timedelta(days=1))


async def _follow(view: View) -> None:
    """Read rows while they are published, so that the end needs not read them all."""
    while True:
        with suppress(KafkaError, TimeoutError):  # a broker is away
            await view.rows()
        await asyncio.sleep(0.5)


async def _strike(asked: Asked, scene: Scene, say: Say) -> AsyncIterator[Mapping[str, Any]]:
    """Let the planned faults happen, and answer each with the times at which it struck and was healed."""
    began = monotonic()
    for fault in plan.draw(asked.seed, asked.seconds, asked.kills, asked.workers):
        await asyncio.sleep(max(0.0, fault.at - (monotonic() - began)))
        struck = round(monotonic() - began, 2)
        say(f"{struck:7.1f} s  {fault.kind}  (worker {fault.worker}, broker {fault.broker}, {fault.hold} s)")
        await scene.strike(fault)
        yield {**fault._asdict(), "struck": struck, "healed": round(monotonic() - began, 2)}
