"""What a topic already holds of a source: read from its end, compared with the mark."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord
from pydantic_core import from_json

from shared.kafka.broker import stop, topic_sizes
from shared.relay.checkpoint import Mark

UNMARKED = 2_000
"""Records read back per partition when no mark tells where to begin."""


@dataclass(frozen=True)
class Tail:
    """The end of one partition: the offset after it, and the events last and highest in sequence among those read."""

    end: int = 0
    last: int = 0
    highest: int = 0
    body: bytes = b""


def shortened(mark: Mark, tails: Mapping[int, Tail]) -> list[int]:
    """Partitions that end before the mark: their topic was made anew, or lost its last records."""
    return [partition for partition, offset in mark.offsets.items() if tails.get(partition, Tail()).end < offset]


def resume(mark: Mark, tails: Mapping[int, Tail]) -> int:
    """The sequence after which to send. A partition holds everything of its own up to its last event.

    Unless a later event than the mark's stands in a shortened partition: then it was written to after the loss, tells
    nothing of what came before, and everything is sent once more.
    """
    lost = [tails.get(partition, Tail()).last for partition in shortened(mark, tails)]
    if any(last > mark.sequence for last in lost):
        return 0
    return min([mark.sequence, *lost])


def highest(tails: Mapping[int, Tail]) -> Tail:
    """The tail with the highest sequence of all; sequence 0 for an empty topic."""
    return max(tails.values(), key=lambda tail: tail.highest, default=Tail())


async def read_tails(
    bootstrap: str, topic: str, partitions: int, mark: Mark, request_timeout_ms: int = 10_000
) -> dict[int, Tail]:
    """Read every partition from the last marked record to its end; raises KafkaError when Kafka does not answer."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    async with reading(bootstrap, places, request_timeout_ms) as consumer:
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        tails = {place.partition: Tail(end=ends[place]) for place in places}
        for place in places:
            marked = mark.offsets.get(place.partition, ends[place] - UNMARKED)
            consumer.seek(place, max(begins[place], min(marked, ends[place]) - 1))
        todo = [place for place in places if begins[place] < ends[place]]
        while todo:
            records = await consumer.getmany(*todo, timeout_ms=request_timeout_ms)
            if not records:
                raise KafkaTimeoutError(f"the end of {topic} could not be read")
            for place, found in records.items():
                tails[place.partition] = _onward(tails[place.partition], found)
            todo = [place for place in todo if await consumer.position(place) < ends[place]]
    return tails


async def everything(
    bootstrap: str, names: Iterable[str], request_timeout_ms: int = 10_000
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record that these topics hold now, each partition in order. Raises KafkaError when Kafka does not answer.

    A topic that is not there holds none.
    """
    sizes = await topic_sizes(bootstrap)
    places = [TopicPartition(name, number) for name in names for number in range(sizes.get(name, 0))]
    if not places:
        return
    async with reading(bootstrap, places, request_timeout_ms) as consumer:
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while todo := [place for place in places if await consumer.position(place) < ends[place]]:
            records = await consumer.getmany(*todo, timeout_ms=request_timeout_ms)
            if not records:
                raise KafkaTimeoutError(f"{todo[0].topic} could not be read to its end")
            for found in records.values():
                for record in found:
                    yield record


@asynccontextmanager
async def reading(
    bootstrap: str, places: Sequence[TopicPartition], request_timeout_ms: int
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of these partitions, without a group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        request_timeout_ms=request_timeout_ms,
        fetch_max_wait_ms=50,
    )
    try:
        await consumer.start()
        consumer.assign(places)
        yield consumer
    finally:
        await stop(consumer)


def _onward(tail: Tail, records: Sequence[ConsumerRecord[bytes, bytes]]) -> Tail:
    for record in records:
        last = sequence(record.value or b"")
        if last >= tail.highest:
            tail = Tail(tail.end, last, last, record.value)
        else:
            tail = Tail(tail.end, last, tail.highest, tail.body)
    return tail


def sequence(body: bytes) -> int:
    """The sequence of an event's bytes; 0 for bytes that are none."""
    try:
        return int(from_json(body)["sequence"])
    except (ValueError, TypeError, KeyError):
        return 0
