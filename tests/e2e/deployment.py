"""Reads from a deployment through its interfaces: HTTP, Kafka, and the feeds of the stores."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from tests.support.office_setup import OPD, REGION, Office
from tests.support.story import SERVICES, StoryEnvironment, has_reached
from tests.support.waiting import LIMIT_S, read_until

__all__ = ["SERVICES", "Deployment"]


@dataclass
class Deployment:
    """The processes, their broker, and the office that uses them."""

    stack: Stack
    kafka: Kafka
    office: Office
    restarted: list[str] = field(default_factory=list)

    @property
    def story_environment(self) -> StoryEnvironment:
        """Return the environment in which the story is played."""
        return StoryEnvironment(self.office, self.stack.set_clock, self.row)

    @asynccontextmanager
    async def supervision(self) -> AsyncIterator[None]:
        """Restart processes that end by themselves, while the block runs."""

        async def restart_ended() -> None:
            while True:
                self.restarted += self.stack.restart_ended()
                await asyncio.sleep(0.5)  # the interval of the supervisor

        supervisor = asyncio.create_task(restart_ended())
        yield
        supervisor.cancel()

    async def row(self, day: date, watermark: dict[str, int], patience: float = LIMIT_S) -> Coverage:
        """Return the row that readers see, as soon as it includes these positions."""
        row = await read_until(partial(self._row, day), lambda row: has_reached(row, watermark), patience, every=0.05)
        assert row, f"{day}: no row after {scaled(patience):g} s"
        assert has_reached(row, watermark), f"{day}: {watermark} was not reached, the row has {row.watermark}"
        return row

    async def _row(self, day: date) -> Coverage | None:
        try:
            answer = await self.office.http.get(f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(day)})
        except httpx.TransportError:
            return None
        return Coverage.model_validate_json(answer.content) if answer.is_success else None

    async def stored_events(self, service: str) -> list[dict[str, Any]]:
        """Return all events of a source from its feed."""
        headers = {"authorization": f"Bearer {self.stack.issuer.token('agus')}"}
        events: list[dict[str, Any]] = []
        while True:
            path = f"/{service}/v1/{REGION}/feed"
            answer = await self.office.http.get(path, params={"after": len(events), "limit": 1000}, headers=headers)
            page = answer.raise_for_status().json()
            if not page:
                return events
            events += page

    async def kafka_records(self, service: str) -> list[tuple[int, bytes, bytes]]:
        """Return all records of a source's topic as (partition, key, value), in offset order."""
        return await all_records(self.kafka.bootstrap, topic(REGION, service), 3)


async def all_records(bootstrap: str, name: str, partitions: int) -> list[tuple[int, bytes, bytes]]:
    """Return all records of a topic as (partition, key, value)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions_read = [TopicPartition(name, number) for number in range(partitions)]
        consumer.assign(partitions_read)
        ends = await consumer.end_offsets(partitions_read)
        rows: list[tuple[int, bytes, bytes]] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions_read]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                rows += [(r.partition, r.key or b"", r.value or b"") for r in batch]
        return rows
    finally:
        await consumer.stop()
