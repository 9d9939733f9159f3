"""Reads the end of a topic and compares it with the relay's checkpoint, to find out from where to send."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord
from pydantic_core import from_json

from shared.kafka.access import explained
from shared.kafka.broker import topic_sizes
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.relay.checkpoints.checkpoint import Checkpoint
from shared.relay.sender import AckRange

MAX_READ_BACK = 2_000
"""Records to read back per partition if the checkpoint holds no offset for it."""
READ_CHECK_MS = 500
"""Kafka refuses at once, and answers a permitted reader of an idle topic after 50 ms."""


@dataclass(frozen=True)
class PartitionTail:
    """The end of one partition: the offset after its last record, and what was read before it.

    `last` is the sequence of the last event, `highest` the highest sequence, `body` the bytes of that event.
    """

    end: int = 0
    last: int = 0
    highest: int = 0
    body: bytes = b""


def shortened_partitions(checkpoint: Checkpoint, tails: Mapping[int, PartitionTail]) -> list[int]:
    """Return the partitions that end before the checkpoint: the topic was recreated, or lost its last records."""
    return [
        partition
        for partition, offset in checkpoint.offsets.items()
        if tails.get(partition, PartitionTail()).end < offset
    ]


def is_recreated(before: Checkpoint, acknowledged: Mapping[int, AckRange]) -> bool:
    """Return whether records were written below the checkpoint's offsets.

    That is possible only in a topic that was recreated or that lost its last records.
    """
    return any(acks.first < before.offsets.get(partition, 0) for partition, acks in acknowledged.items())


def resume_sequence(checkpoint: Checkpoint, tails: Mapping[int, PartitionTail]) -> int:
    """Return the sequence after which to send.

    A shortened partition still holds all of its events up to its last one: sending resumes after the lowest of these.
    But if a shortened partition holds an event after the checkpoint, it was written to after the loss. Its last event
    then does not show what was lost before, so the result is 0: everything is sent again.
    """
    shortened = shortened_partitions(checkpoint, tails)
    last_sequences = [tails.get(partition, PartitionTail()).last for partition in shortened]
    if any(last > checkpoint.sequence for last in last_sequences):
        return 0
    return min([checkpoint.sequence, *last_sequences])


def highest_tail(tails: Mapping[int, PartitionTail]) -> PartitionTail:
    """Return the tail with the highest sequence; one with sequence 0 for an empty topic."""
    return max(tails.values(), key=lambda tail: tail.highest, default=PartitionTail())


async def read_tails(
    connection: KafkaConnection, topic: str, partitions: int, checkpoint: Checkpoint, request_timeout_ms: int = 10_000
) -> dict[int, PartitionTail]:
    """Read every partition from the last record of the checkpoint to its end, by partition number.

    Raises KafkaError if Kafka does not answer.
    """
    topic_partitions = [TopicPartition(topic, number) for number in range(partitions)]
    async with assigned_consumer(connection, topic_partitions, request_timeout_ms) as consumer:
        begins = await consumer.beginning_offsets(topic_partitions)
        ends = await consumer.end_offsets(topic_partitions)
        tails = {partition.partition: PartitionTail(end=ends[partition]) for partition in topic_partitions}
        for partition in topic_partitions:
            # One record earlier than the end of the checkpoint, so that the last sequence is known if nothing follows.
            start = checkpoint.offsets.get(partition.partition, ends[partition] - MAX_READ_BACK)
            consumer.seek(partition, max(begins[partition], min(start, ends[partition]) - 1))
        # Nothing can be read from an empty partition, also if it had records that were deleted.
        unread = [partition for partition in topic_partitions if begins[partition] < ends[partition]]
        while unread:
            records = await consumer.getmany(*unread, timeout_ms=request_timeout_ms)
            if not records:
                # `getmany` does not fail if Kafka is away, it returns nothing.
                raise KafkaTimeoutError(f"the end of topic {topic} could not be read")
            for partition, batch in records.items():
                tails[partition.partition] = _extend(tails[partition.partition], batch)
            unread = [partition for partition in unread if await consumer.position(partition) < ends[partition]]
    return tails


async def read_all_records(
    connection: KafkaConnection, names: Iterable[str], request_timeout_ms: int = 10_000
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Yield every record that these topics hold now, each partition in offset order; none for a missing topic.

    Raises KafkaError if Kafka does not answer.
    """
    sizes = await topic_sizes(connection)
    partitions = [TopicPartition(name, number) for name in names for number in range(sizes.get(name, 0))]
    if not partitions:
        return
    async with assigned_consumer(connection, partitions, request_timeout_ms) as consumer:
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while unread := [partition for partition in partitions if await consumer.position(partition) < ends[partition]]:
            records = await consumer.getmany(*unread, timeout_ms=request_timeout_ms)
            if not records:
                raise KafkaTimeoutError(f"topic {unread[0].topic} could not be read to its end")
            for batch in records.values():
                for record in batch:
                    yield record


async def check_readable(connection: KafkaConnection, names: Iterable[str], request_timeout_ms: int = 10_000) -> None:
    """Raise `AccessRefused` if Kafka does not let this process read one of these topics."""
    partitions = [TopicPartition(name, 0) for name in names]
    async with explained(connection), assigned_consumer(connection, partitions, request_timeout_ms) as consumer:
        await consumer.seek_to_end(*partitions)
        await consumer.getmany(timeout_ms=READ_CHECK_MS)


@asynccontextmanager
async def assigned_consumer(
    connection: KafkaConnection, partitions: Sequence[TopicPartition], request_timeout_ms: int
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer of these partitions, without a consumer group."""
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        enable_auto_commit=False,
        request_timeout_ms=request_timeout_ms,
        fetch_max_wait_ms=50,  # at the end of a partition the default waits 500 ms for more
    )
    async with started(consumer):
        consumer.assign(partitions)
        yield consumer


def _extend(tail: PartitionTail, records: Sequence[ConsumerRecord[bytes, bytes]]) -> PartitionTail:
    for record in records:
        last = sequence_of(record.value or b"")
        # After a resend the last event may have a lower sequence than events before it.
        if last >= tail.highest:
            tail = PartitionTail(tail.end, last, last, record.value)
        else:
            tail = PartitionTail(tail.end, last, tail.highest, tail.body)
    return tail


def sequence_of(body: bytes) -> int:
    """Return the sequence of an event's bytes; 0 for bytes that are not an event."""
    try:
        return int(from_json(body)["sequence"])
    except (ValueError, TypeError, KeyError):
        return 0
