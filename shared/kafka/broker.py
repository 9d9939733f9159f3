"""Kafka's borders: the topics that must be there, what groups have committed, a producer that can be thrown away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2
from prometheus_client import Counter

from shared.domain.envelope import topic

EVENTS = Counter("piket_events_total", "Events moved, by what became of them", ("service", "topic", "outcome"))

KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
VIEW = {"cleanup.policy": "compact,delete", "retention.ms": str(35 * 86_400_000), "segment.ms": str(3_600_000)}
BEATS = {"cleanup.policy": "compact,delete", "retention.ms": str(86_400_000), "segment.ms": str(3_600_000)}
TOPICS: Mapping[str, Mapping[str, str]] = {
    "policy": KEPT,
    "roster": KEPT,
    "attendance": KEPT,
    "reporting": KEPT,
    "dead-letter": KEPT,
    "coverage": VIEW,
    "heartbeat": BEATS,
}
BATCH_BYTES = 256_000
VISIBLE_WITHIN_S = 10


class Refused(Exception):
    """A process does not go on, by its own judgement: one sentence for the terminal, and a failing exit status."""


class MissingTopics(Refused):
    """Topics that are not there, or have another number of partitions than this deployment."""


class Record(Protocol):
    """One record of a partition."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def key(self) -> bytes | None:
        """The key by which it was placed."""

    @property
    def value(self) -> bytes | None:
        """The bytes; none where its key was deleted."""


def topics_of(region: str) -> dict[str, Mapping[str, str]]:
    """Every topic of a region with its Kafka settings (3-contracts)."""
    return {topic(region, name): settings for name, settings in TOPICS.items()}


@lru_cache(maxsize=100_000)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a record key, as Java's and aiokafka's default partitioners choose it (murmur2)."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


@asynccontextmanager
async def admin(bootstrap: str, request_timeout_ms: int = 10_000) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed after use. Raises KafkaConnectionError when no broker answers."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=request_timeout_ms)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def topic_sizes(bootstrap: str, request_timeout_ms: int = 10_000) -> dict[str, int]:
    """Partitions per topic. All topics are asked for: to ask for one by name may create it."""
    async with admin(bootstrap, request_timeout_ms) as client:
        return {known["topic"]: len(known["partitions"]) for known in await client.describe_topics()}


async def committed(bootstrap: str, group: str) -> Mapping[TopicPartition, int]:
    """What a group has committed; nothing of a partition of which it never did."""
    try:
        async with admin(bootstrap) as client:
            offsets = await client.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:  # the first group of a new broker is still being made room for
        return {}
    return {place: at.offset for place, at in offsets.items() if at.offset >= 0}


def missing(sizes: Mapping[str, int], regions: Iterable[str], partitions: int) -> MissingTopics | None:
    """What to say when topics of regions are absent or have another number of partitions, else None."""
    return unlike(sizes, {name: partitions for region in regions for name in topics_of(region)})


def unlike(sizes: Mapping[str, int], wanted: Mapping[str, int]) -> MissingTopics | None:
    """What to say when topics are absent or have another number of partitions than they are wanted with, else None."""
    absent = [name for name in wanted if name not in sizes]
    if absent:
        return absent_topics(absent)
    other = [f"{name} has {sizes[name]} partitions, not {size}" for name, size in wanted.items() if sizes[name] != size]
    if other:
        return MissingTopics(
            f"Kafka's topic {', '.join(other)}. Nothing was started or changed. Set PIKET_PARTITIONS to the number in "
            "use; it is never changed in place."
        )
    return None


def absent_topics(names: Iterable[str]) -> MissingTopics:
    """What to say when topics are not there."""
    return MissingTopics(
        f"Kafka has no topic {', '.join(sorted(names))}. Nothing was sent, every event is kept in its store. "
        "Create the topics with `piket topics create`, then start again."
    )


async def check_topics(bootstrap: str, regions: Iterable[str], partitions: int) -> None:
    """Raise `MissingTopics` unless every topic of the regions is there with so many partitions."""
    trouble = missing(await topic_sizes(bootstrap), regions, partitions)
    if trouble:
        raise trouble


async def create_topics(bootstrap: str, regions: Iterable[str], partitions: int, replication: int) -> None:
    """Create what is missing and wait until it is visible; topics that exist are left as they are.

    Raises `MissingTopics` when an existing one has another number of partitions, KafkaError when Kafka refuses.
    """
    regions = list(regions)
    wanted = [
        NewTopic(name, partitions, replication, topic_configs=dict(settings))
        for region in regions
        for name, settings in topics_of(region).items()
    ]
    await create(bootstrap, wanted)
    await check_topics(bootstrap, regions, partitions)


async def create(bootstrap: str, wanted: Sequence[NewTopic]) -> None:
    """Create these topics and wait until they are visible; those that exist are left as they are. Raises KafkaError."""
    async with admin(bootstrap) as client:
        answer = await client.create_topics(wanted)
    for name, code, reason in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"Kafka did not create {name}: {reason}")
    for _ in range(VISIBLE_WITHIN_S * 10):
        if {topic.name for topic in wanted} <= (await topic_sizes(bootstrap)).keys():
            return
        await asyncio.sleep(0.1)


async def delete(bootstrap: str, names: Sequence[str]) -> None:
    """Delete these topics; one that is not there is none to delete."""
    if names:
        async with admin(bootstrap) as client:
            await client.delete_topics(list(names))


def quiet_client() -> None:
    """Silence aiokafka's loggers: it logs every attempt on an absent broker; who uses it says that once."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def producer(bootstrap: str, request_timeout_ms: int = 10_000, compression: str | None = None) -> AIOKafkaProducer:
    """An idempotent producer, not yet started: acks from all in-sync replicas, batches of 256 kB, linger 5 ms."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        max_batch_size=BATCH_BYTES,
        request_timeout_ms=request_timeout_ms,
        compression_type=compression,
    )


async def stop(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop a client. aiokafka cancels its own tasks and lets that out as if whoever stops it had been cancelled."""
    try:
        await client.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


async def discard(thrown_away: AIOKafkaProducer) -> None:
    """End a producer without sending what it still holds; waits only for what is on the wire.

    Its own `stop` would flush first, which an absent broker delays for ever and a returned one turns into late repeats.
    """
    sending = thrown_away._sender.sender_task  # noqa: SLF001 - aiokafka is pinned and has no public way
    if sending is not None:
        sending.cancel()
        await asyncio.wait([sending])
    thrown_away._closed = True  # noqa: SLF001 - the same
    await thrown_away.client.close()
