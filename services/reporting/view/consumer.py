"""Feeds a view from Kafka: every partition of its regions' coverage rows and signs of life, without a group."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from services.reporting.view.rows import Gone, View
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Beat, Positions
from shared.kafka import broker

CHECK_SECONDS = 2.0
PATIENCE_MS = 5000
NOT_AN_OPD = b"/~/"

GENERATION = "generation"
"""The header of a null value: the generation of the view that has no such row."""

Told = Coverage | Beat | Positions | Gone
Records = Sequence[ConsumerRecord[bytes, bytes]]

log = structlog.get_logger()


async def follow(view: View, bootstrap: str, regions: Iterable[str], partitions: int) -> None:
    """Feed a view for ever; starts again when Kafka was away."""
    names = [topic(region, name) for region in regions for name in ("coverage", "heartbeat")]
    places = [TopicPartition(name, number) for name in names for number in range(partitions)]
    while True:
        try:
            async with _consumer(bootstrap, places) as consumer:
                await _read(view, consumer, places)
        except (KafkaError, TimeoutError) as away:
            log.warning("coverage is not readable, the view keeps what it has", failure=type(away).__name__)
            await asyncio.sleep(1)


@asynccontextmanager
async def _consumer(bootstrap: str, places: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    """Without a group: every replica reads everything. A deleted topic is read from its new beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=PATIENCE_MS,
    )
    try:
        await consumer.start()
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        yield consumer
    finally:
        await broker.stop(consumer)


async def _read(view: View, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
    ends, asked = await _ends(consumer, places), monotonic()
    while True:
        batches = await consumer.getmany(timeout_ms=200, max_records=5000)
        take(view, [record for records in batches.values() for record in records])
        view.ready = view.ready or all([await consumer.position(place) >= ends[place] for place in places])
        if monotonic() - asked >= CHECK_SECONDS:  # a consumer itself does not say that Kafka is away
            ends, asked = await _ends(consumer, places), monotonic()


async def _ends(consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> Mapping[TopicPartition, int]:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        return await consumer.end_offsets(places)  # type: ignore[no-any-return]


def take(view: View, records: Records) -> None:
    """Give a view what some records tell: the rows, and only then the words that count on them."""
    rows, gone = list[Coverage](), list[Gone]()
    words: defaultdict[str, list[Beat | Positions]] = defaultdict(list)
    for record in records:
        match told(record):
            case Coverage() as row:
                rows.append(row)
            case Gone() as key:
                gone.append(key)
            case Beat() | Positions() as word:
                words[record.topic.split(".")[1]].append(word)
    view.keep(rows)
    view.forget(gone)
    for region, said in words.items():
        view.hear(region, said)


def told(record: ConsumerRecord[bytes, bytes]) -> Told | None:
    """What a record tells; None for bytes that nobody can read, and for a null that no rebuild wrote."""
    try:
        if record.value is None:
            return _gone(record)
        return _kind(record).model_validate_json(record.value)
    except ValidationError as broken:
        name = (record.key or b"").decode(errors="replace")
        log.warning("record is not readable, skipped", topic=record.topic, key=name, errors=broken.error_count())
        return None


def _gone(record: ConsumerRecord[bytes, bytes]) -> Gone | None:
    number = dict(record.headers).get(GENERATION, b"")
    return Gone((record.key or b"").decode(errors="replace"), int(number)) if number.isdigit() else None


def _kind(record: ConsumerRecord[bytes, bytes]) -> type[Coverage | Beat | Positions]:
    if record.topic.endswith("heartbeat.v1"):
        return Beat
    return Positions if NOT_AN_OPD in (record.key or b"") else Coverage
