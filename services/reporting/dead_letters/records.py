"""Reads letters and single records from Kafka, each time with a connection of its own: both are rare."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.structs import ConsumerRecord

from services.reporting.domain.dead_letters import Letter, RecordPosition
from shared.domain.envelope import topic
from shared.kafka.broker import partition_of, producer, topic_sizes
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import AccessRefused
from shared.relay.log_tail import assigned_consumer

TIMEOUT_MS = 5_000
PAGE_LETTERS = 500
"""Letters that are read at once: a reader who gives up keeps those of earlier pages."""
KAFKA_ERRORS = (KafkaError, AccessRefused, TimeoutError)
"""What a reader of records raises if Kafka does not answer, or refuses."""


class LetterPage(NamedTuple):
    """The letters after some positions, the positions after them, and whether older letters must be forgotten.

    They must if the topic is shorter than before: it was deleted and created again. `has_more`: another page follows.
    """

    letters: Sequence[Letter]
    positions: Mapping[int, int]
    is_complete: bool = False
    has_more: bool = False


class Records(Protocol):
    """The log, as the operator's commands use it. Every call may raise one of `KAFKA_ERRORS`."""

    async def letters_after(self, region: str, positions: Mapping[int, int]) -> LetterPage:
        """Return a page of the dead letters of a region after these offsets by partition."""

    async def value_at(self, position: RecordPosition) -> bytes | None:
        """Return the value of a record; None if there is none at this position, or a null value."""

    async def send(self, topic_name: str, key: str, value: bytes) -> None:
        """Send a record to the partition of its key, and return when Kafka has it."""


class KafkaRecords:
    """The log of a deployment."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection

    async def letters_after(self, region: str, positions: Mapping[int, int]) -> LetterPage:
        """Return a page of the dead letters of a region after these offsets; from the start if the topic is shorter."""
        name = topic(region, "dead-letter")
        async with self._reading([TopicPartition(name, n) for n in range(await self._size(name))]) as consumer:
            partitions = sorted(consumer.assignment())
            begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
            is_complete = any(positions.get(p.partition, 0) > ends[p] for p in partitions)
            for p in partitions:
                consumer.seek(p, max(begins[p], 0 if is_complete else positions.get(p.partition, 0)))
            reached = {p.partition: await consumer.position(p) for p in partitions}
            letters: list[Letter] = []
            async for record in _read_until(consumer, ends):
                letters.append(_letter(region, record))
                reached[record.partition] = record.offset + 1
                if len(letters) == PAGE_LETTERS:
                    return LetterPage(letters, reached, is_complete, has_more=True)
        return LetterPage(letters, {p.partition: end for p, end in ends.items()}, is_complete)

    async def value_at(self, position: RecordPosition) -> bytes | None:
        """Return the value of a record; None if there is none at this position, or a null value."""
        if position.partition not in range(await self._size(position.topic)):
            return None
        partition = TopicPartition(position.topic, position.partition)
        async with self._reading([partition]) as consumer:
            begin = (await consumer.beginning_offsets([partition]))[partition]
            end = (await consumer.end_offsets([partition]))[partition]
            if not begin <= position.offset < end:
                return None
            consumer.seek(partition, position.offset)
            record = await anext(_read_until(consumer, {partition: position.offset + 1}), None)
        return record.value if record and record.offset == position.offset else None

    async def send(self, topic_name: str, key: str, value: bytes) -> None:
        """Send a record to the partition of its key, and return when Kafka has it."""
        partition = partition_of(key, await self._size(topic_name))
        async with asyncio.timeout(2 * TIMEOUT_MS / 1000), started(producer(self._connection, TIMEOUT_MS)) as client:
            await client.send_and_wait(topic_name, value, key=key.encode(), partition=partition)

    async def _size(self, name: str) -> int:
        return (await topic_sizes(self._connection, TIMEOUT_MS)).get(name, 0)

    @asynccontextmanager
    async def _reading(self, partitions: Sequence[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
        async with assigned_consumer(self._connection, partitions, TIMEOUT_MS) as consumer:
            yield consumer


async def _read_until(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Yield the records from the consumer's positions up to these ends."""
    while unread := [partition for partition, end in ends.items() if await consumer.position(partition) < end]:
        batches = await consumer.getmany(*unread, timeout_ms=TIMEOUT_MS)
        if not batches:  # `getmany` does not fail if Kafka is away, it returns nothing
            raise KafkaTimeoutError(f"topic {unread[0].topic} could not be read to its end")
        for records in batches.values():
            for record in records:
                yield record


def _letter(region: str, record: ConsumerRecord[bytes, bytes]) -> Letter:
    written = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return Letter(region, dict(record.headers), record.value or b"", written)
