"""Connects to Kafka: admin client, topics that must exist, committed offsets, and a producer that can be discarded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    BrokerResponseError,
    GroupCoordinatorNotAvailableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.partitioner import murmur2
from prometheus_client import Counter

from shared.domain.envelope import topic
from shared.kafka.access import explained
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import UnsafeToContinue

EVENTS_MOVED = Counter("piket_events_total", "Events moved, by outcome", ("service", "topic", "outcome"))

EVENT_TOPIC = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
VIEW_TOPIC = {"cleanup.policy": "compact,delete", "retention.ms": str(35 * 86_400_000), "segment.ms": str(3_600_000)}
HEARTBEAT_TOPIC = {"cleanup.policy": "compact,delete", "retention.ms": str(86_400_000), "segment.ms": str(3_600_000)}
TOPIC_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "policy": EVENT_TOPIC,
    "roster": EVENT_TOPIC,
    "attendance": EVENT_TOPIC,
    "reporting": EVENT_TOPIC,
    "dead-letter": EVENT_TOPIC,
    "coverage": VIEW_TOPIC,
    "heartbeat": HEARTBEAT_TOPIC,
}
BATCH_BYTES = 256_000  # with aiokafka's default of 16 kB, `send` reaches 28,000 instead of 45,000 events/s
VISIBLE_WITHIN_S = 10  # the answer to a creation comes before every broker knows the topic


class MissingTopics(UnsafeToContinue):
    """Topics do not exist, or have another number of partitions than this deployment."""


def topics_of(region: str) -> dict[str, Mapping[str, str]]:
    """Return every topic of a region with its Kafka settings."""
    return {topic(region, name): settings for name, settings in TOPIC_SETTINGS.items()}


@lru_cache(maxsize=100_000)  # aiokafka's murmur2 is pure Python
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a record key, as the default partitioners of Java and aiokafka choose it (murmur2)."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


@asynccontextmanager
async def admin_client(
    connection: KafkaConnection, request_timeout_ms: int = 10_000
) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client and close it after use.

    Raises `AccessRefused` if Kafka refuses this process, also inside the block, and KafkaConnectionError if no broker
    answers.
    """
    admin = AIOKafkaAdminClient(**connection.client_options(), request_timeout_ms=request_timeout_ms)
    async with explained(connection), started(admin) as client:
        yield client


async def topic_sizes(connection: KafkaConnection, request_timeout_ms: int = 10_000) -> dict[str, int]:
    """Return the number of partitions of every topic.

    Metadata is requested for all topics, because a request for a named topic may create it.
    """
    async with admin_client(connection, request_timeout_ms) as client:
        return {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}


async def committed_offsets(connection: KafkaConnection, group: str) -> Mapping[TopicPartition, int]:
    """Return the offsets that a consumer group has committed; partitions without a commit are left out."""
    try:
        async with admin_client(connection) as client:
            offsets = await client.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:  # a new broker creates its offsets topic for its first group
        return {}
    return {partition: committed.offset for partition, committed in offsets.items() if committed.offset >= 0}


def missing_topics(sizes: Mapping[str, int], regions: Iterable[str], partitions: int) -> MissingTopics | None:
    """Return the error if topics of these regions do not exist or have another number of partitions, else None."""
    return mismatched_topics(sizes, {name: partitions for region in regions for name in topics_of(region)})


def mismatched_topics(sizes: Mapping[str, int], expected_sizes: Mapping[str, int]) -> MissingTopics | None:
    """Return the error if topics do not exist or have another number of partitions than expected, else None."""
    if absent := [name for name in expected_sizes if name not in sizes]:
        return absent_topics_error(absent)
    mismatches = [
        f"{name} has {sizes[name]} partitions, not {size}"
        for name, size in expected_sizes.items()
        if sizes[name] != size
    ]
    if mismatches:
        return MissingTopics(
            f"Kafka topic {', '.join(mismatches)}. Nothing was started or changed. Set PIKET_PARTITIONS to the "
            "number in use; it is never changed in place."
        )
    return None


def absent_topics_error(names: Iterable[str]) -> MissingTopics:
    """Return the error for topics that do not exist."""
    return MissingTopics(
        f"Kafka has no topic {', '.join(sorted(names))}. Nothing was sent; all events remain in their store. "
        "Create the topics with `piket topics create`, then start again. If they exist, the user of this process may "
        "not see them: give it its rights with `piket kafka grant`."
    )


async def check_topics(connection: KafkaConnection, regions: Iterable[str], partitions: int) -> None:
    """Raise `MissingTopics` unless every topic of the regions exists with this number of partitions."""
    error = missing_topics(await topic_sizes(connection), regions, partitions)
    if error:
        raise error


async def create_topics(connection: KafkaConnection, regions: Iterable[str], partitions: int, replication: int) -> None:
    """Create the missing topics of these regions and wait until they are visible; existing topics are not changed.

    Raises `MissingTopics` if an existing one has another number of partitions, KafkaError if Kafka refuses.
    """
    regions = list(regions)
    topics = [
        NewTopic(name, partitions, replication, topic_configs=dict(settings))
        for region in regions
        for name, settings in topics_of(region).items()
    ]
    await ensure_topics(connection, topics)
    await check_topics(connection, regions, partitions)


async def ensure_topics(connection: KafkaConnection, topics: Sequence[NewTopic]) -> None:
    """Create these topics and wait until they are visible; existing ones are not changed. Raises KafkaError."""
    async with admin_client(connection) as client:
        answer = await client.create_topics(topics)
        # Another process may have created one of them.
        refusals = [(f"Kafka did not create {name}: {reason}", code) for name, code, reason in answer.topic_errors]
        _raise_refusals(refusals, TopicAlreadyExistsError)
    for _ in range(VISIBLE_WITHIN_S * 10):
        if {topic.name for topic in topics} <= (await topic_sizes(connection)).keys():
            return
        await asyncio.sleep(0.1)


async def delete_topics(connection: KafkaConnection, names: Sequence[str]) -> None:
    """Delete these topics; one that does not exist is ignored. Raises `AccessRefused` or another KafkaError."""
    if not names:
        return
    async with admin_client(connection) as client:
        answer = await client.delete_topics(list(names))
        _raise_refusals(answer.topic_error_codes, UnknownTopicOrPartitionError)


def _raise_refusals(codes: Iterable[tuple[str, int]], ignored: type[BrokerResponseError]) -> None:
    for name, code in codes:
        if code not in (0, ignored.errno):
            raise for_code(code)(name)


def silence_client_logs() -> None:
    """Silence aiokafka's loggers: it logs every connection attempt to a missing broker; its callers log that once."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def producer(
    connection: KafkaConnection, request_timeout_ms: int = 10_000, compression: str | None = None
) -> AIOKafkaProducer:
    """Return an idempotent producer, not yet started: acks of all in-sync replicas, batches of 256 kB, linger 5 ms."""
    return AIOKafkaProducer(
        **connection.client_options(),
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        max_batch_size=BATCH_BYTES,
        request_timeout_ms=request_timeout_ms,
        compression_type=compression,
    )
