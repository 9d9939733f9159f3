"""Sends one page of a feed to a topic: packs it by partition, sends it, and awaits every acknowledgement."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from shared.domain.envelope import CONTENT_TYPE
from shared.event_store.stored_events import StoredEvent
from shared.kafka.broker import partition_of

NO_TRACEPARENTS: Mapping[int, str] = MappingProxyType({})


class AckRange(NamedTuple):
    """The offsets of a page's records in one partition: the first, and the one after the last."""

    first: int
    after: int


class OffsetUnknown(Exception):
    """Kafka acknowledged records without their offset.

    The broker does that for a repeat whose first copy is no longer in its producer state.
    """


def record_headers(stored: StoredEvent, traceparent: str | None = None) -> list[tuple[str, bytes]]:
    """Return the record headers, by which a reader may filter without decoding the event, and follow its request."""
    values = {"content-type": CONTENT_TYPE, "ce_type": stored.type, "ce_id": str(stored.id)}
    if traceparent:
        values["traceparent"] = traceparent
    return [(name, value.encode()) for name, value in values.items()]


def pack_batches(
    producer: AIOKafkaProducer,
    page: Sequence[StoredEvent],
    partitions: int,
    traceparents: Mapping[int, str] = NO_TRACEPARENTS,
) -> Iterator[tuple[int, BatchBuilder]]:
    """Yield batches of the page with their partition, each partition in sequence order.

    `traceparents` are those of traced events, by sequence. The batches are closed, so the producer sends them without
    waiting for its linger time.
    """
    open_batches: dict[int, BatchBuilder] = {}
    for stored in page:
        partition = partition_of(stored.key, partitions)
        headers = record_headers(stored, traceparents.get(stored.sequence))
        record = {"timestamp": None, "key": stored.key.encode(), "value": stored.body, "headers": headers}
        # `append` closes a full batch and returns None.
        if partition in open_batches and open_batches[partition].append(**record) is not None:
            continue
        if partition in open_batches:
            yield partition, open_batches[partition]
        open_batches[partition] = producer.create_batch()
        open_batches[partition].append(**record)
    for partition, batch in open_batches.items():
        batch.close()
        yield partition, batch


async def send_page(
    producer: AIOKafkaProducer,
    topic: str,
    page: Sequence[StoredEvent],
    partitions: int,
    traceparents: Mapping[int, str] = NO_TRACEPARENTS,
) -> Mapping[int, AckRange]:
    """Send a page, wait for every acknowledgement, and return the offsets by partition.

    Raises KafkaError if Kafka refused a record, and `OffsetUnknown`.
    """
    sent = []
    for partition, batch in pack_batches(producer, page, partitions, traceparents):
        future = await producer.send_batch(batch, topic, partition=partition)
        future.add_done_callback(_retrieve_exception)
        sent.append((partition, batch, future))
    await asyncio.wait([future for _, _, future in sent])
    acknowledged: dict[int, AckRange] = {}
    for partition, batch, future in sent:
        acknowledged[partition] = _extend(acknowledged.get(partition), future.result(), batch.record_count())
    return acknowledged


def _extend(before: AckRange | None, metadata: RecordMetadata, count: int) -> AckRange:
    if metadata.offset < 0:
        raise OffsetUnknown(f"{metadata.topic}/{metadata.partition}")
    first = before.first if before else metadata.offset
    return AckRange(first, metadata.offset + count)


def _retrieve_exception(future: asyncio.Future[RecordMetadata]) -> None:
    """Mark the exception as retrieved: the page fails at its first error, and asyncio would log the others."""
    if not future.cancelled():
        future.exception()
