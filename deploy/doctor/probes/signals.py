"""Listens to the heartbeats of relays and the positions of workers that are published while it listens."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.operations.sources import SERVICES_WITH_STORE
from services.reporting.view.consumer import decode_record
from shared.clock import wall_time
from shared.domain.envelope import topic
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from shared.kafka.connection import KafkaConnection, connection_of
from shared.relay.log_tail import assigned_consumer
from shared.settings import Settings

LISTEN_S = 6.0
"""Twelve intervals of a heartbeat: a process that is silent for so long does not move."""
POLL_MS = 200


@dataclass
class Signals:
    """The last signal by its origin, and the wall times between which all of them were published.

    `heartbeats` by service and region, `positions` by region and partition.
    """

    began: datetime
    received: datetime
    heartbeats: dict[tuple[str, str], Heartbeat] = field(default_factory=dict)
    positions: dict[tuple[str, int], WorkerPositions] = field(default_factory=dict)

    def add(self, region: str, message: object, received: datetime) -> None:
        """Add a decoded record of a region; ignore other messages than signals."""
        if isinstance(message, Heartbeat):
            self.heartbeats[message.service, region] = message
        if isinstance(message, WorkerPositions):
            self.positions[region, message.partition] = message
        self.received = received


@dataclass
class Examination:
    """One run of all checks: the settings, and the signals, which several checks share."""

    settings: Settings

    async def signals(self) -> Signals:
        """Return the signals; the first call listens. The cancellation of one caller does not stop it for others."""
        return await asyncio.shield(self._listening)

    @cached_property
    def _listening(self) -> asyncio.Task[Signals]:
        return asyncio.create_task(listen(self.settings))


async def listen(settings: Settings) -> Signals:
    """Return the signals of all regions, as soon as all came, or those that came within `LISTEN_S`."""
    regions, numbers = settings.region_list(), range(settings.partitions)
    names = [topic(region, name) for region in regions for name in ("coverage", "heartbeat")]
    count = len(regions) * (len(SERVICES_WITH_STORE) + settings.partitions)
    partitions = [TopicPartition(name, number) for name in names for number in numbers]
    began = wall_time()
    signals = Signals(began, began)
    async with aclosing(_messages(connection_of(settings), partitions)) as messages:
        async for record_topic, message in messages:
            signals.add(record_topic.split(".")[1], message, wall_time())
            if len(signals.heartbeats) + len(signals.positions) == count:
                break
    return signals


async def _messages(
    connection: KafkaConnection, partitions: list[TopicPartition]
) -> AsyncGenerator[tuple[str, object], None]:
    """Yield the topic and content of each record that is published from now on, for `LISTEN_S`."""
    async with assigned_consumer(connection, partitions, request_timeout_ms=5_000) as consumer:
        await consumer.seek_to_end(*partitions)
        deadline = asyncio.get_running_loop().time() + LISTEN_S
        while asyncio.get_running_loop().time() < deadline:
            for record_topic, message in await _next_messages(consumer):
                yield record_topic, message


async def _next_messages(consumer: AIOKafkaConsumer) -> Iterable[tuple[str, object]]:
    batches = await consumer.getmany(timeout_ms=POLL_MS)
    return [(record.topic, decode_record(record)) for records in batches.values() for record in records]
