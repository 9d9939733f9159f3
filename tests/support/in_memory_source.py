"""Provides both sides of a relay: a source in memory, and what its topic holds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.deadlines import scaled
from shared.domain.envelope import encode
from shared.event_store.stored_events import CommittedUntil, StoredEvent
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from shared.relay import log_tail
from shared.relay.checkpoints import files
from shared.relay.relay import Relay
from tests.support.example_facts import ANI, Ledger, at, tap
from tests.support.waiting import LIMIT_S, wait_until

T = TypeVar("T")

TOPIC, HEARTBEATS = "piket.32.attendance.v1", "piket.32.heartbeat.v1"
PARTITIONS = 3
OPDS = 20


class InMemorySource:
    """The check-ins of twenty OPD, in place of an event store."""

    service = "attendance"

    def __init__(self, count: int = 0) -> None:
        self.stored: list[StoredEvent] = []
        self.traceparents: dict[int, str] = {}
        self._ledger = Ledger()
        self.grow(count)

    def grow(self, count: int) -> None:
        for number in range(len(self.stored), len(self.stored) + count):
            event = self._ledger.record(tap("in", ANI, at("08:16"), opd=f"OPD-{number % OPDS}"), at("08:16"))
            self.stored.append(StoredEvent(event.sequence, event.id, event.type, event.partitionkey, encode(event)))

    async def read_feed(self, _: str, after: int, limit: int) -> Sequence[StoredEvent]:
        return self.stored[after : after + limit]

    async def read_traceparents(self, _: str, first: int, last: int) -> Mapping[int, str]:
        return {sequence: parent for sequence, parent in self.traceparents.items() if first <= sequence <= last}

    async def head(self, _: str) -> int:
        return len(self.stored)

    async def committed_until(self, _: str) -> CommittedUntil:
        return CommittedUntil(len(self.stored), at("08:16"))

    def relay(self, kafka: str | KafkaConnection, path: Path, timeout: float = 2.0, *, region: str = "32") -> Relay:
        """Return a relay that waits `timeout` seconds, scaled, for an answer of the broker."""
        connection = kafka if isinstance(kafka, KafkaConnection) else KafkaConnection(kafka)
        return Relay(self, region, connection, files.FileCheckpoints(path), timeout=scaled(timeout))


@asynccontextmanager
async def running_relay(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    """Run a relay until the block ends; fail if it ended earlier."""
    task = asyncio.create_task(relay.run())
    yield task
    if not task.cancel():
        task.result()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def wait_until_sent(path: Path, sequence: int, seconds: float = LIMIT_S) -> float:
    """Wait until the checkpoint is at a sequence."""
    return await wait_until(lambda: files.read(path).sequence == sequence, seconds)


async def read_bodies(bootstrap: str) -> dict[int, list[bytes]]:
    """Return the values of the topic by partition, in offset order."""
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        log: dict[int, list[bytes]] = {number: [] for number in range(PARTITIONS)}
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                log[partition.partition] += [record.value for record in records]
        return log
    finally:
        await consumer.stop()


async def read_sequences(bootstrap: str) -> dict[int, list[int]]:
    """Return the sequences of the topic's events by partition, in offset order."""
    bodies = await read_bodies(bootstrap)
    return {partition: [log_tail.sequence_of(body) for body in log] for partition, log in bodies.items()}


def without_repeats(log: Mapping[int, Sequence[T]]) -> dict[int, list[T]]:
    """Return the records of every partition without repeats, in the order of their first occurrence."""
    return {partition: list(dict.fromkeys(records)) for partition, records in log.items()}


def expected_sequences(stored: Iterable[StoredEvent]) -> dict[int, list[int]]:
    """Return the sequences that every partition of the topic must hold, in order."""
    sequences: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
    for event in stored:
        sequences[broker.partition_of(event.key, PARTITIONS)].append(event.sequence)
    return sequences


async def create_topics(bootstrap: str, only_on: int | None = None) -> None:
    """Create the topic and the region's heartbeat topic, on one node only if `only_on` names it."""
    pinned = {number: [only_on] for number in range(PARTITIONS)}
    async with broker.admin_client(KafkaConnection(bootstrap)) as client:
        names = {TOPIC, HEARTBEATS} - {*await client.list_topics()}
        anywhere = [NewTopic(name, PARTITIONS, 1) for name in names]
        on_one_node = [NewTopic(name, -1, -1, replica_assignments=pinned) for name in names]
        answer = await client.create_topics(on_one_node if only_on else anywhere)
        assert {code for _, code, _ in answer.topic_errors} == {0}
        await _wait_until(client, exists=True)


async def delete_topic(bootstrap: str) -> None:
    """Delete the topic and wait until it no longer exists."""
    async with broker.admin_client(KafkaConnection(bootstrap)) as client:
        await client.delete_topics([TOPIC])
        await _wait_until(client, exists=False)


async def _wait_until(client: AIOKafkaAdminClient, *, exists: bool) -> None:
    async def has_changed() -> bool:
        return (TOPIC in await client.list_topics()) is exists

    await wait_until(has_changed)
