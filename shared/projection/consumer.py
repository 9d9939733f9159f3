"""Reading all partitions of some topics from where a database says, without a consumer group."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.event_store.database import Unavailable
from shared.kafka.broker import absent_topics, quiet_client, stop, topic_sizes
from shared.projection.offsets import Mark, Overtaken, Partition, fingerprint

AT_ONCE = 200
IDLE_MS = 1_000
PATIENCE_S = 10
BACK_OFF_S = (0.1, 0.5, 1.0, 2.0)

Marks = Callable[[], Awaitable[Mapping[Partition, Mark]]]

log = structlog.get_logger()


class Record(NamedTuple):
    """A Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


Take = Callable[[Sequence[Record]], Awaitable[None]]


async def follow(bootstrap: str, topics: Sequence[str], marks: Marks, take: Take) -> None:
    """Hand every record to `take`, batch after batch, for ever; an absent Kafka or database is waited for.

    Raises `MissingTopics`, or what `take` raises.
    """
    quiet_client()
    failures = 0
    while True:
        try:
            async with _assigned(bootstrap, topics, await marks()) as consumer:
                while True:
                    await take(await _next(consumer))
                    failures = 0
        except (Unavailable, Overtaken, KafkaError, TimeoutError) as trouble:
            log.warning("Reading begins again where the database stands", topics=topics, trouble=repr(trouble))
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1


async def _next(consumer: AIOKafkaConsumer) -> list[Record]:
    fetched = await consumer.getmany(timeout_ms=IDLE_MS, max_records=AT_ONCE)
    return [Record(r.topic, r.partition, r.offset, r.key, r.value) for records in fetched.values() for r in records]


@asynccontextmanager
async def _assigned(
    bootstrap: str, topics: Sequence[str], marks: Mapping[Partition, Mark]
) -> AsyncIterator[AIOKafkaConsumer]:
    sizes = await topic_sizes(bootstrap)
    absent = [topic for topic in topics if topic not in sizes]
    if absent:
        raise absent_topics(absent)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(sizes[topic])])
        for place in consumer.assignment():
            await _seek(consumer, place, marks.get(Partition(*place)))
        yield consumer
    finally:
        await stop(consumer)


async def _seek(consumer: AIOKafkaConsumer, place: TopicPartition, mark: Mark | None) -> None:
    """Go to the next record; if the one before is not what was read last, the topic is another: read it from the start.

    Nothing is lost by that, and what was applied already is a repeat.
    """
    if mark is None:
        await consumer.seek_to_beginning(place)
        return
    first, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
    if first < mark.next_offset <= end:
        consumer.seek(place, mark.next_offset - 1)
        async with asyncio.timeout(PATIENCE_S):
            last = await consumer.getone(place)
        if (last.offset, fingerprint(last.value)) == (mark.next_offset - 1, mark.last_record):
            return
    log.warning("The topic was replaced; it is read from its beginning", topic=place.topic, partition=place.partition)
    await consumer.seek_to_beginning(place)
