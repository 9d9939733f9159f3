"""One page of a feed on its way into a topic: packed by partition, sent, every acknowledgement awaited."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from shared.domain.envelope import CONTENT_TYPE
from shared.event_store.store import Stored
from shared.kafka.broker import partition_of


class Landed(NamedTuple):
    """Where the records of a page stand in one partition: the first offset, and the one after the last."""

    first: int
    after: int


class Unplaced(Exception):
    """Kafka has taken records but does not say where they stand: a repeat that it recognised, too late to remember."""


def headers(stored: Stored) -> list[tuple[str, bytes]]:
    """What a reader may filter by without opening the event."""
    described = {"content-type": CONTENT_TYPE, "ce_type": stored.type, "ce_id": str(stored.id)}
    return [(name, value.encode()) for name, value in described.items()]


def pack(producer: AIOKafkaProducer, page: Sequence[Stored], partitions: int) -> Iterator[tuple[int, BatchBuilder]]:
    """Batches of the page with their partitions, each partition in position order; closed, so that none lingers."""
    filling: dict[int, BatchBuilder] = {}
    for stored in page:
        place = partition_of(stored.key, partitions)
        record = {"timestamp": None, "key": stored.key.encode(), "value": stored.body, "headers": headers(stored)}
        if place in filling and filling[place].append(**record) is not None:
            continue
        if place in filling:
            yield place, filling[place]
        filling[place] = producer.create_batch()
        filling[place].append(**record)
    for place, batch in filling.items():
        batch.close()
        yield place, batch


async def send(producer: AIOKafkaProducer, topic: str, page: Sequence[Stored], partitions: int) -> Mapping[int, Landed]:
    """Send a page and wait for every acknowledgement. Raises KafkaError when any record was refused, `Unplaced`."""
    sent = []
    for place, batch in pack(producer, page, partitions):
        future = await producer.send_batch(batch, topic, partition=place)
        future.add_done_callback(_seen)
        sent.append((place, batch, future))
    await asyncio.wait([future for _, _, future in sent])
    landed: dict[int, Landed] = {}
    for place, batch, future in sent:
        landed[place] = _grown(landed.get(place), future.result(), batch.record_count())
    return landed


def _grown(before: Landed | None, where: RecordMetadata, count: int) -> Landed:
    if where.offset < 0:
        raise Unplaced(f"{where.topic}/{where.partition}")
    first = before.first if before else where.offset
    return Landed(first, where.offset + count)


def _seen(future: asyncio.Future[RecordMetadata]) -> None:
    """Look at the outcome: a page gives up at its first failure, and the others are no news."""
    if not future.cancelled():
        future.exception()
