"""Reads all partitions of some topics from the offsets that a database holds, without a consumer group."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.event_store.database import Unavailable
from shared.kafka.access import explained
from shared.kafka.broker import MissingTopics, absent_topics_error, silence_client_logs, topic_sizes
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.kafka.end_offsets import ANSWER_WITHIN_MS, EndOffsets
from shared.kafka.errors import AccessRefused, UnsafeToContinue
from shared.projection.offsets import OffsetMark, Partition, StaleConsumer, value_hash
from shared.projection.reading import Reading

MAX_RECORDS = 200
POLL_MS = 1_000
TIMEOUT_S = 10
BACK_OFF_S = (0.1, 0.5, 1.0, 2.0)

LoadOffsets = Callable[[], Awaitable[Mapping[Partition, OffsetMark]]]

log = structlog.get_logger()


class ConsumedRecord(NamedTuple):
    """A Kafka record, as a projection applies it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


ApplyBatch = Callable[[Sequence[ConsumedRecord]], Awaitable[None]]


async def follow_topics(
    connection: KafkaConnection,
    topics: Sequence[str],
    load_offsets: LoadOffsets,
    apply_batch: ApplyBatch,
    reading: Reading,
) -> None:
    """Pass every record to `apply_batch`, batch after batch, until cancelled; wait for a missing Kafka or database.

    `reading` is told after each batch, and of each failure. Raises `MissingTopics` and `AccessRefused` before the first
    batch, and what `apply_batch` raises.
    """
    silence_client_logs()
    while True:
        try:
            async with explained(connection), _assigned_consumer(connection, topics, await load_offsets()) as consumer:
                await _read(consumer, apply_batch, reading)
        except (Unavailable, StaleConsumer, KafkaError, TimeoutError, AccessRefused, MissingTopics) as error:
            # At the first start it is a configuration error; later an operator may restore topic, user and rights.
            if isinstance(error, UnsafeToContinue) and not reading.has_begun:
                raise
            reading.failed(error)
            await asyncio.sleep(BACK_OFF_S[min(reading.failures, len(BACK_OFF_S)) - 1])


async def _read(consumer: AIOKafkaConsumer, apply_batch: ApplyBatch, reading: Reading) -> None:
    ends = EndOffsets(consumer, sorted(consumer.assignment()))
    while True:
        await ends.refresh()
        # An empty batch is passed on too: the projection then tries again to fill gaps.
        await apply_batch(await _next_batch(consumer))
        async with asyncio.timeout(ANSWER_WITHIN_MS / 1000):  # a partition without a position is waited for
            reading.succeeded(await _unread_counts(consumer, ends.by_partition))


async def _next_batch(consumer: AIOKafkaConsumer) -> list[ConsumedRecord]:
    fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
    return [
        ConsumedRecord(r.topic, r.partition, r.offset, r.key, r.value) for records in fetched.values() for r in records
    ]


async def _unread_counts(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> Mapping[str, int]:
    """Return the number of unread records by topic."""
    unread: Counter[str] = Counter()
    for partition, end in ends.items():
        unread[partition.topic] += max(0, end - await consumer.position(partition))
    return unread


@asynccontextmanager
async def _assigned_consumer(
    connection: KafkaConnection, topics: Sequence[str], offset_marks: Mapping[Partition, OffsetMark]
) -> AsyncIterator[AIOKafkaConsumer]:
    sizes = await topic_sizes(connection)
    absent = [topic for topic in topics if topic not in sizes]
    if absent:
        raise absent_topics_error(absent)
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        group_id=None,
        request_timeout_ms=ANSWER_WITHIN_MS,
    )
    async with started(consumer):
        consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(sizes[topic])])
        for partition in consumer.assignment():
            await _seek(consumer, partition, offset_marks.get(Partition(*partition)))
        yield consumer


async def _seek(consumer: AIOKafkaConsumer, partition: TopicPartition, mark: OffsetMark | None) -> None:
    """Go to the next record, or to the beginning if the record before it is not the one that was applied last.

    In that case the topic was recreated. Reading it from the beginning loses nothing: events that were applied already
    are recognised as repeats by their stream version.
    """
    if mark is None:
        await consumer.seek_to_beginning(partition)
        return
    first = (await consumer.beginning_offsets([partition]))[partition]
    end = (await consumer.end_offsets([partition]))[partition]
    # `<`: the record before the next one must still exist. Reading it again moves the position back to the next one.
    if first < mark.next_offset <= end:
        consumer.seek(partition, mark.next_offset - 1)
        async with asyncio.timeout(TIMEOUT_S):
            last = await consumer.getone(partition)
        if (last.offset, value_hash(last.value)) == (mark.next_offset - 1, mark.last_record):
            return
    log.warning("Topic was recreated; reading from its beginning", topic=partition.topic, partition=partition.partition)
    await consumer.seek_to_beginning(partition)
