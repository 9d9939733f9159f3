"""What the end-to-end tests know of a deployment, by its own front doors: HTTP, Kafka, the stores' feeds."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.processes import Stack
from deploy.local.kafka import Kafka
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from tests.support.office_setup import OPD, REGION, Office
from tests.support.story import SERVICES, World, reached

__all__ = ["SERVICES", "Deployment"]
PATIENCE_S = 30


@dataclass
class Deployment:
    """The processes, their broker, and the people who use them."""

    stack: Stack
    kafka: Kafka
    office: Office
    restarted: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The stage of the story."""
        return World(self.office, self.stack.set_clock, self.row)

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Meanwhile, what ends by itself is started again."""

        async def watch() -> None:
            while True:
                self.restarted += self.stack.restart_ended()
                await asyncio.sleep(0.5)

        watching = asyncio.create_task(watch())
        yield
        watching.cancel()

    async def row(self, day: date, seen: dict[str, int], patience: float = PATIENCE_S) -> Coverage:
        """The row that readers see, once it has seen these positions."""
        deadline = time.monotonic() + patience
        row: Coverage | None = None
        while time.monotonic() < deadline:
            row = await self._row(day) or row
            if row and reached(row, seen):
                return row
            await asyncio.sleep(0.05)
        raise AssertionError(f"{day}: {seen} not reached in {patience} s, the row has {row and row.watermark}")

    async def _row(self, day: date) -> Coverage | None:
        try:
            answer = await self.office.http.get(f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(day)})
        except httpx.TransportError:
            return None
        return Coverage.model_validate_json(answer.content) if answer.is_success else None

    async def stored(self, service: str) -> list[dict[str, Any]]:
        """Every event of a source, by its feed."""
        headers = {"authorization": f"Bearer {self.stack.issuer.token('agus')}"}
        events: list[dict[str, Any]] = []
        while True:
            path = f"/{service}/v1/{REGION}/feed"
            answer = await self.office.http.get(path, params={"after": len(events), "limit": 1000}, headers=headers)
            page = answer.raise_for_status().json()
            if not page:
                return events
            events += page

    async def in_kafka(self, service: str) -> list[tuple[int, bytes, bytes]]:
        """Every record of a source's topic: partition, key, value; in offset order."""
        return await records(self.kafka.bootstrap, topic(REGION, service), 3)


async def records(bootstrap: str, name: str, partitions: int) -> list[tuple[int, bytes, bytes]]:
    """All records of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(name, number) for number in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[tuple[int, bytes, bytes]] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found += [(r.partition, r.key or b"", r.value or b"") for r in batch]
        return found
    finally:
        await consumer.stop()
