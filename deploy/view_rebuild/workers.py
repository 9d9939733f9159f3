"""The workers of a view that is being built, and how far they have read."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple

from aiokafka import TopicPartition

from deploy.local.server_process import Child
from services.reporting.domain.freshness import READ
from services.reporting.view.generations import Generation
from services.reporting.worker.changelog import app_id
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.relay import log_tail
from shared.settings import Settings

PATIENCE_MS = 10_000
LOOK_S = 0.5
NEAR_S = 5.0
"""What takes no longer to be read is no backlog."""
STARTS = 4
"""A worker that ends by itself more often is not started again."""


class Progress(NamedTuple):
    """Events read, of those that there were when somebody looked, in so many seconds."""

    read: int
    of: int
    seconds: float

    def __str__(self) -> str:
        rate = self.read / self.seconds if self.seconds else 0.0
        left = f"{(self.of - self.read) / rate:,.0f} s left" if rate else "starting"
        return f"{self.read:,} of {self.of:,} events, {rate:,.0f} a second, {left}"


Say = Callable[[Progress], object]


class Crew:
    """Workers of one generation, started again when they end by themselves."""

    def __init__(self, settings: Settings, new: Generation, count: int) -> None:
        told = {
            "PIKET_KAFKA": settings.kafka,
            "PIKET_REGIONS": settings.regions,
            "PIKET_DEPLOYMENT": settings.deployment,
            "PIKET_PARTITIONS": settings.partitions,
            "PIKET_GENERATION": new.number,
            "PIKET_SINCE": new.since,
            "PIKET_METRICS_PORT": 0,
            "PIKET_MEMBER": "",
        }
        variables = [f"{name}={value}" for name, value in told.items()]
        self._command = ["env", *variables, sys.executable, "-m", "services.reporting.worker"]
        self._log = settings.folder / f"rebuild-{new.number}.log"
        self._children = [Child(self._command, self._log) for _ in range(count)]
        self._starts = count * STARTS
        self.meanwhile = "The old view stands as it was."

    def revive(self) -> None:
        """Start again what ended. Raises `Refused` when that does not help."""
        for number, child in enumerate(self._children):
            if not child.running:
                self._starts -= 1
                if not self._starts:
                    raise broker.Refused(
                        f"The workers of the new view end again and again; their log: {self._log}. "
                        f"{self.meanwhile} Run this again when the cause is gone."
                    )
                child.kill()
                self._children[number] = Child(self._command, self._log)

    def stop(self) -> None:
        """Let them write what they hold, and end."""
        for child in self._children:
            child.stop(10)


@asynccontextmanager
async def crew(settings: Settings, new: Generation, count: int) -> AsyncIterator[Crew]:
    """Workers of a generation for as long as the block runs."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    working = Crew(settings, new, count)
    try:
        yield working
    finally:
        await asyncio.to_thread(working.stop)


async def caught_up(settings: Settings, new: Generation, working: Crew, said: Say) -> None:
    """Return when the workers are as near to the ends of the log as they come: a round reads what came in the last."""
    took, before = await reach(settings, new, working, said), float("inf")
    while NEAR_S < took < before / 2:
        took, before = await reach(settings, new, working, said), took


async def reach(settings: Settings, new: Generation, working: Crew, said: Say) -> float:
    """Return when the workers have read, and made durable, all that stands in the log now; the seconds it took.

    Raises `Refused` when they end again and again.
    """
    names = [topic(region, service) for region in settings.region_list() for service in READ]
    places = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    group, began = app_id(settings.deployment, new.number), monotonic()
    async with log_tail.reading(settings.kafka, places, PATIENCE_MS) as log:
        starts, ends = await log.beginning_offsets(places), await log.end_offsets(places)
    of = sum(ends.values()) - sum(starts.values())
    while (left := _left(ends, starts, await broker.committed(settings.kafka, group))) > 0:
        said(Progress(of - left, of, monotonic() - began))
        working.revive()
        await asyncio.sleep(LOOK_S)
    return monotonic() - began


def _left(
    ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int], committed: Mapping[TopicPartition, int]
) -> int:
    return sum(max(0, end - max(committed.get(place, 0), starts[place])) for place, end in ends.items())
