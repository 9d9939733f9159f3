"""Feeds a view from Kafka: all partitions of the coverage and heartbeat topics of its regions, without a group."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from services.reporting.view.latency import TAPS_HEADER
from services.reporting.view.rows import CoverageView, Tombstone
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from shared.kafka import broker
from shared.kafka.access import explained
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.kafka.end_offsets import ANSWER_WITHIN_MS, EndOffsets
from shared.kafka.errors import UnsafeToContinue
from shared.outage_log import OutageLog
from shared.tracing.records import RecordSpans

POSITIONS_KEY_MARK = b"/~/"
"""In the key of `WorkerPositions` only: an OPD code has no tilde."""
GENERATION_HEADER = "generation"
"""Header of a null value: the generation of the view that has no row for the key."""

ObserveTaps = Callable[[str, bytes], None]
"""Receives the region and the header `taps` of a row that has become visible."""
ViewMessage = Coverage | Heartbeat | WorkerPositions | Tombstone

log = structlog.get_logger()


async def follow_coverage(
    view: CoverageView,
    connection: KafkaConnection,
    regions: Iterable[str],
    partitions: int,
    observe_taps: ObserveTaps | None = None,
) -> None:
    """Feed a view until cancelled. If Kafka does not answer, try again after a second.

    Raises `AccessRefused` or `MissingTopics` if that happens before the view is complete for the first time.
    """
    names = [topic(region, name) for region in regions for name in ("coverage", "heartbeat")]
    topic_partitions = [TopicPartition(name, number) for name in names for number in range(partitions)]
    outage = OutageLog(
        "The coverage topics cannot be read; the view keeps its rows", "The coverage topics are read again"
    )
    while True:
        try:
            async with explained(connection), _consumer(connection, topic_partitions) as consumer:
                ends = EndOffsets(consumer, topic_partitions)
                await ends.refresh()
                outage.succeeded()
                await _read(view, consumer, ends, observe_taps)
        except (KafkaError, TimeoutError, UnsafeToContinue) as error:
            if isinstance(error, UnsafeToContinue) and not view.ready:
                raise
            outage.failed(str(error) if isinstance(error, UnsafeToContinue) else type(error).__name__)
            await asyncio.sleep(1)


@asynccontextmanager
async def _consumer(connection: KafkaConnection, partitions: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer without a group, because every replica reads everything from the start."""
    sizes = await broker.topic_sizes(connection)
    if absent := {partition.topic for partition in partitions} - sizes.keys():  # aiokafka would wait for them silently
        raise broker.absent_topics_error(absent)
    # `earliest` is for a topic that was deleted and created again: it is read from its new start.
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=ANSWER_WITHIN_MS,
    )
    async with started(consumer):
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield consumer


async def _read(
    view: CoverageView, consumer: AIOKafkaConsumer, ends: EndOffsets, observe_taps: ObserveTaps | None
) -> None:
    caught_up = False
    while True:
        await ends.refresh()
        batches = await consumer.getmany(timeout_ms=200, max_records=5000)
        records = [record for of_partition in batches.values() for record in of_partition]
        spans = _start_spans(batches, is_replay=not caught_up)
        new_rows = apply_records(view, records)
        spans.end()
        # Rows that were there at the start became visible long ago.
        for record in new_rows if view.ready else ():
            if observe_taps and (taps := dict(record.headers).get(TAPS_HEADER)):
                observe_taps(record.topic.split(".")[1], taps)
        # A list, because `all` does not take an asynchronous generator.
        caught_up = caught_up or all([await consumer.position(tp) >= end for tp, end in ends.by_partition.items()])
        view.ready = view.ready or caught_up


def _start_spans(
    batches: Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]], *, is_replay: bool
) -> RecordSpans:
    """Start the last spans of the traces of rows. `is_replay`: the rows were written before this reader started."""
    spans = RecordSpans()
    for topic_partition, records in batches.items():
        spans.start(topic_partition, records, lambda *_: is_replay)
    return spans


def apply_records(
    view: CoverageView, records: Sequence[ConsumerRecord[bytes, bytes]]
) -> Sequence[ConsumerRecord[bytes, bytes]]:
    """Apply records to a view: all rows and tombstones first, because the signals refer to rows before them.

    Return the records of rows that the view did not have.
    """
    rows, tombstones, new_rows = list[Coverage](), list[Tombstone](), []
    signals: defaultdict[str, list[Heartbeat | WorkerPositions]] = defaultdict(list)
    for record in records:
        match decode_record(record):
            case Coverage() as row:
                rows.append(row)
                new_rows += [record] if view.lacks(row) else []
            case Tombstone() as tombstone:
                tombstones.append(tombstone)
            case Heartbeat() | WorkerPositions() as signal:
                signals[record.topic.split(".")[1]].append(signal)
    view.apply_rows(rows)
    view.apply_tombstones(tombstones)
    for region, of_region in signals.items():
        view.apply_signals(region, of_region)
    return new_rows


def decode_record(record: ConsumerRecord[bytes, bytes]) -> ViewMessage | None:
    """Decode a record. Return None if it cannot be decoded, or is a null value without a generation header."""
    try:
        if record.value is None:
            return _tombstone(record)
        return _message_type(record).model_validate_json(record.value)
    except ValidationError as error:
        key = (record.key or b"").decode(errors="replace")
        log.warning(
            "A record cannot be decoded; it is skipped", topic=record.topic, key=key, errors=error.error_count()
        )
        return None


def _tombstone(record: ConsumerRecord[bytes, bytes]) -> Tombstone | None:
    number = dict(record.headers).get(GENERATION_HEADER, b"")
    return Tombstone((record.key or b"").decode(errors="replace"), int(number)) if number.isdigit() else None


def _message_type(record: ConsumerRecord[bytes, bytes]) -> type[Coverage | Heartbeat | WorkerPositions]:
    if record.topic.endswith("heartbeat.v1"):
        return Heartbeat
    return WorkerPositions if POSITIONS_KEY_MARK in (record.key or b"") else Coverage
