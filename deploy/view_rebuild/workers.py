"""Runs the workers that build a new view generation, and measures their progress."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple

from aiokafka import TopicPartition

from deploy.local.server_process import Child
from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.view.generations import Generation
from services.reporting.worker.changelog import app_id
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.relay import log_tail
from shared.settings import Settings

REQUEST_TIMEOUT_MS = 10_000
POLL_INTERVAL_S = 0.5
CATCH_UP_LIMIT_S = 5.0
"""A backlog that is read within this time counts as caught up."""
MAX_STARTS_PER_WORKER = 4
"""A worker that ends by itself more often is not started again."""


class RebuildProgress(NamedTuple):
    """Number of events read, of the total in the log at the start, after some seconds."""

    read: int
    total: int
    seconds: float

    def __str__(self) -> str:
        rate = self.read / self.seconds if self.seconds else 0.0
        remaining = f"{(self.total - self.read) / rate:,.0f} s left" if rate else "starting"
        return f"{self.read:,} of {self.total:,} events, {rate:,.0f} a second, {remaining}"


ProgressReporter = Callable[[RebuildProgress], object]


class RebuildWorkers:
    """The workers of one generation, which are restarted when they end by themselves."""

    def __init__(self, settings: Settings, new: Generation, count: int) -> None:
        settings_by_name = {
            "PIKET_KAFKA": settings.kafka,
            "PIKET_REGIONS": settings.regions,
            "PIKET_DEPLOYMENT": settings.deployment,
            "PIKET_PARTITIONS": settings.partitions,
            "PIKET_GENERATION": new.number,
            "PIKET_SINCE": new.since,
            "PIKET_METRICS_PORT": 0,  # none: the worker of the deployment on this host may use it
            "PIKET_MEMBER": "",  # never the name of a worker of the deployment, from the inherited environment
        }
        variables = [f"{name}={value}" for name, value in settings_by_name.items()]
        self._command = ["env", *variables, sys.executable, "-m", "services.reporting.worker"]
        self._log = settings.folder / f"rebuild-{new.number}.log"
        self._children = [Child(self._command, self._log) for _ in range(count)]
        self._starts = count * MAX_STARTS_PER_WORKER
        self.view_status = "The old view is unchanged."

    def restart_ended(self) -> None:
        """Restart ended workers. Raise `UnsafeToContinue` if they end too often."""
        for number, child in enumerate(self._children):
            if not child.running:
                self._starts -= 1
                if not self._starts:
                    raise UnsafeToContinue(
                        f"The workers of the new view ended too often; their log: {self._log}. "
                        f"{self.view_status} Run this again when the cause is gone."
                    )
                child.kill()  # ends its guard process as well
                self._children[number] = Child(self._command, self._log)

    def stop(self) -> None:
        """Stop the workers; they write their pending state first."""
        for child in self._children:
            child.stop(10)


@asynccontextmanager
async def start_workers(settings: Settings, new: Generation, count: int) -> AsyncIterator[RebuildWorkers]:
    """Run the workers of a generation inside the block."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    workers = RebuildWorkers(settings, new, count)
    try:
        yield workers
    finally:
        await asyncio.to_thread(workers.stop)


async def wait_until_near_end(
    settings: Settings, new: Generation, workers: RebuildWorkers, report: ProgressReporter
) -> None:
    """Wait until the workers have nearly reached the end of the log.

    Each round reads the events that arrived in the round before; stop when rounds no longer become much shorter.
    """
    seconds, previous_seconds = await wait_until_read(settings, new, workers, report), float("inf")
    while CATCH_UP_LIMIT_S < seconds < previous_seconds / 2:
        seconds, previous_seconds = await wait_until_read(settings, new, workers, report), seconds


async def wait_until_read(
    settings: Settings, new: Generation, workers: RebuildWorkers, report: ProgressReporter
) -> float:
    """Wait until the workers have durably read all events that are in the log now; return the seconds it took.

    Raise `UnsafeToContinue` if they end too often.
    """
    names = [topic(region, service) for region in settings.region_list() for service in SOURCE_SERVICES]
    partitions = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    group, started_at = app_id(settings.deployment, new.number), monotonic()
    async with log_tail.assigned_consumer(connection_of(settings), partitions, REQUEST_TIMEOUT_MS) as log:
        starts, ends = await log.beginning_offsets(partitions), await log.end_offsets(partitions)
    total = sum(ends.values()) - sum(starts.values())
    while (remaining := _remaining(ends, starts, await broker.committed_offsets(connection_of(settings), group))) > 0:
        report(RebuildProgress(total - remaining, total, monotonic() - started_at))
        workers.restart_ended()
        await asyncio.sleep(POLL_INTERVAL_S)
    return monotonic() - started_at


def _remaining(
    ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int], committed: Mapping[TopicPartition, int]
) -> int:
    # The start counts as read: records below it were deleted from the log.
    return sum(max(0, end - max(committed.get(partition, 0), starts[partition])) for partition, end in ends.items())
