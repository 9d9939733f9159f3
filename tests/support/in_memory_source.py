"""A source in memory, and what its topic holds: the two sides of a relay."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.domain.envelope import encode
from shared.event_store.store import Settled, Stored
from shared.kafka import broker
from shared.relay import checkpoint, log_tail
from shared.relay.relay import Relay
from tests.support.example_facts import ANI, Ledger, at, tap

T = TypeVar("T")

TOPIC, BEATS = "piket.32.attendance.v1", "piket.32.heartbeat.v1"
PARTITIONS = 3
OPDS = 20


class Feed:
    """The check-ins of twenty OPD, as a store would give them."""

    service = "attendance"

    def __init__(self, count: int = 0) -> None:
        self.stored: list[Stored] = []
        self._ledger = Ledger()
        self.grow(count)

    def grow(self, count: int) -> None:
        for number in range(len(self.stored), len(self.stored) + count):
            event = self._ledger.record(tap("in", ANI, at("08:16"), opd=f"OPD-{number % OPDS}"), at("08:16"))
            self.stored.append(Stored(event.sequence, event.id, event.type, event.partitionkey, encode(event)))

    async def read_feed(self, _: str, after: int, limit: int) -> Sequence[Stored]:
        return self.stored[after : after + limit]

    async def head(self, _: str) -> int:
        return len(self.stored)

    async def settled(self, _: str) -> Settled:
        return Settled(len(self.stored), at("08:16"))

    def relay(self, bootstrap: str, path: Path, patience: float = 2.0) -> Relay:
        return Relay(self, "32", bootstrap, path, patience=patience)


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    """A relay at work; it must not have ended by itself."""
    task = asyncio.create_task(relay.run())
    yield task
    if not task.cancel():
        task.result()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(true: Callable[[], bool], seconds: float = 20) -> float:
    """Wait until it is so; the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not so after {seconds} s"
        await asyncio.sleep(0.005)
    return time.monotonic() - began


async def sent(path: Path, sequence: int, seconds: float = 20) -> float:
    """Wait until the mark stands at a sequence."""
    return await until(lambda: checkpoint.read(path).sequence == sequence, seconds)


async def bodies_of(bootstrap: str) -> dict[int, list[bytes]]:
    """What stands in the topic by partition, in the order in which a reader meets it."""
    places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        log: dict[int, list[bytes]] = {number: [] for number in range(PARTITIONS)}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                log[place.partition] += [record.value for record in records]
        return log
    finally:
        await consumer.stop()


async def log_of(bootstrap: str) -> dict[int, list[int]]:
    """The same, as sequences."""
    return {place: [log_tail.sequence(body) for body in log] for place, log in (await bodies_of(bootstrap)).items()}


def read_as(log: Mapping[int, Sequence[T]]) -> dict[int, list[T]]:
    """What a reader keeps of each partition who drops every repeat."""
    return {partition: list(dict.fromkeys(records)) for partition, records in log.items()}


def due(stored: Iterable[Stored]) -> dict[int, list[int]]:
    """The sequences that each partition of the topic owes its readers, in order."""
    owed: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
    for event in stored:
        owed[broker.partition_of(event.key, PARTITIONS)].append(event.sequence)
    return owed


async def create(bootstrap: str, only_on: int | None = None) -> None:
    """Create the topic and its region's heartbeats, replicated as the broker says or on one node only."""
    pinned = {number: [only_on] for number in range(PARTITIONS)}
    async with broker.admin(bootstrap) as client:
        names = {TOPIC, BEATS} - {*await client.list_topics()}
        everywhere = [NewTopic(name, PARTITIONS, 1) for name in names]
        there = [NewTopic(name, -1, -1, replica_assignments=pinned) for name in names]
        answer = await client.create_topics(there if only_on else everywhere)
        assert {code for _, code, _ in answer.topic_errors} == {0}
        await _known(client, there=True)


async def delete(bootstrap: str) -> None:
    """Delete the topic and wait until it is gone."""
    async with broker.admin(bootstrap) as client:
        await client.delete_topics([TOPIC])
        await _known(client, there=False)


async def _known(client: AIOKafkaAdminClient, *, there: bool) -> None:
    for _ in range(200):
        if (TOPIC in await client.list_topics()) is there:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(TOPIC)
