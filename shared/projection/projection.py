"""Applies facts of other services to this service's database: each exactly once, in stream order, without gaps.

Offsets are committed together with the rows. A repeat is recognised by its version in its stream, never by its Kafka
offset, so a topic can be read again, mirrored or republished. An event that arrives before its predecessors is held
until these are read from the feed of the owning service.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from prometheus_client import Gauge

from shared.domain import envelope
from shared.domain.envelope import Event
from shared.event_store.committed_events import MIGRATIONS
from shared.event_store.database import Connection, Database, Unavailable
from shared.kafka.broker import EVENTS_MOVED
from shared.kafka.connection import KafkaConnection
from shared.kafka.dead_letters import count_unreadable_from_zero
from shared.projection import offsets
from shared.projection.application import ApplyEvent, apply_in_order
from shared.projection.consumer import ConsumedRecord, follow_topics
from shared.projection.decoding import DecodedRecord, decode_record
from shared.projection.offsets import OffsetMark, Partition, StaleConsumer
from shared.projection.reading import Reading

RETRY_PAUSES_S = (0.1, 0.5)
HELD_STREAMS = Gauge("piket_projection_held_streams", "Streams that wait for an event that is missing", ("consumer",))

WriteDeadLetter = Callable[[ConsumedRecord, str], Awaitable[None]]
ReadFeed = Callable[[str, int], Awaitable[Sequence[bytes]]]
"""Reads a page of a source's events after a sequence from the owning service; empty at the end."""

log = structlog.get_logger()


class Projection:
    """One consumer of some topics.

    `apply` writes the rows of one event in the given transaction. It is called in the order of the stream, but for an
    event that could not be read when its turn came: that comes late. `dead_letter` stores a record that cannot be
    decoded, with the reason.
    """

    def __init__(
        self,
        database: Database,
        consumer: str,
        topics: Sequence[str],
        apply: ApplyEvent,
        *,
        dead_letter: WriteDeadLetter,
        feed: ReadFeed,
        connection: KafkaConnection,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._topics = topics
        self._apply = apply
        self._dead_letter = dead_letter
        self._feed = feed
        self._connection = connection
        self.reading = Reading(consumer, topics)
        self._offset_marks: dict[Partition, OffsetMark] = {}
        self._has_held = True  # until the first look: a previous process may have left held events

    async def open(self) -> None:
        """Migrate the tables that hold offsets and held events."""
        await self._database.migrate(MIGRATIONS)

    async def run(self) -> None:
        """Follow the topics until cancelled. Raises `MissingTopics`, or the error that `apply` raised three times."""
        await self.open()
        count_unreadable_from_zero(self._consumer, self._topics)
        await follow_topics(self._connection, self._topics, self._load_offsets, self.apply_batch, self.reading)

    async def apply_batch(self, records: Sequence[ConsumedRecord]) -> None:
        """Apply records in one transaction; those of a partition must be in offset order.

        Raises `StaleConsumer`, `Unavailable`, or the error that `apply` raised three times; then none was applied.
        """
        if records:
            decoded = [decode_record(record.value) for record in records]
            # Before the transaction: a crash between the two repeats a dead letter, the other order would lose it.
            await self._write_dead_letters(records, decoded)
            offset_marks = {
                Partition(r.topic, r.partition): OffsetMark(r.offset + 1, offsets.value_hash(r.value)) for r in records
            }
            outcomes = await self._write_with_retry(partial(self._advance, decoded, offset_marks))
            self._offset_marks |= offset_marks
            self._has_held |= "held" in outcomes
            for record, outcome in zip(records, outcomes, strict=True):
                if outcome != "unreadable":  # counted with its dead letter, as those that a gap brings
                    EVENTS_MOVED.labels(self._consumer, record.topic, outcome).inc()
        if self._has_held:
            await self._fill_gaps()

    async def sequence(self, source: str) -> int:
        """Return the highest sequence of a source that was applied, 0 before the first."""
        rows = await self._database.read(offsets.SELECT_SOURCE, consumer=self._consumer, source=source)
        return int(rows[0][0]) if rows else 0

    async def _load_offsets(self) -> dict[Partition, OffsetMark]:
        rows = await self._database.read(offsets.SELECT_OFFSETS, consumer=self._consumer)
        self._offset_marks = offsets.offset_marks(rows)
        return dict(self._offset_marks)

    async def _write_dead_letters(self, records: Sequence[ConsumedRecord], decoded: Sequence[DecodedRecord]) -> None:
        """Write a dead letter for each undecodable record, except those applied before: they have one already."""
        for record, item in zip(records, decoded, strict=True):
            if item.reason and not await self._is_applied(item.event):
                log.error("Record could not be decoded; dead letter written", reason=item.reason, topic=record.topic)
                await self._dead_letter(record, item.reason)
                EVENTS_MOVED.labels(self._consumer, record.topic, "unreadable").inc()

    async def _is_applied(self, event: Event | None) -> bool:
        return event is not None and event.streamversion <= (await self._last_applied(event.subject))[0]

    async def _last_applied(self, stream: str) -> tuple[int, int]:
        rows = await self._database.read(offsets.SELECT_STREAM, consumer=self._consumer, stream=stream)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    async def _write_with_retry(self, work: Callable[[Connection], list[str]]) -> list[str]:
        for pause in RETRY_PAUSES_S:
            try:
                return await self._database.write(work)
            except (StaleConsumer, Unavailable):
                self._offset_marks.clear()  # they are read from the database before the next attempt
                raise
            except Exception:
                log.exception("Event could not be applied; trying again", consumer=self._consumer)
                await asyncio.sleep(pause)
        return await self._database.write(work)

    def _advance(
        self, decoded: Sequence[DecodedRecord], offset_marks: dict[Partition, OffsetMark], connection: Connection
    ) -> list[str]:
        offsets.advance_offsets(connection, self._consumer, self._offset_marks, offset_marks)
        return apply_in_order(connection, self._consumer, decoded, self._apply)

    async def _fill_gaps(self) -> None:
        """Read the missing events of held streams from the owner's feed; what the feed lacks stays missing."""
        held = await self._database.read(offsets.SELECT_HELD_STREAMS, consumer=self._consumer)
        for (stream,) in held:
            try:
                missing = await self._missing_events(stream)
            except Exception:  # tried again with the next records, or in a second
                log.exception("Stream is held; its owner did not answer", stream=stream)
                continue
            log.error("Stream was held; missing events were read from its owner", stream=stream, events=len(missing))
            await self._write_with_retry(partial(self._apply_held, stream, missing))
        remaining = await self._database.read(offsets.SELECT_HELD_STREAMS, consumer=self._consumer)
        HELD_STREAMS.labels(self._consumer).set(len(remaining))
        self._has_held = bool(remaining)

    async def _missing_events(self, stream: str) -> list[DecodedRecord]:
        """Return the events of a stream after the last applied one, as far as the owner's feed has them."""
        (_, body), *_ = await self._database.read(offsets.SELECT_HELD, consumer=self._consumer, stream=stream)
        held = envelope.decode_envelope(body.encode())
        missing: list[DecodedRecord] = []
        _, after = await self._last_applied(stream)
        while after < held.sequence and (page := await self._feed(held.source, after)):
            decoded = [(item.event, item) for item in map(decode_record, page) if item.event]
            missing += [item for event, item in decoded if event.subject == stream]
            after = decoded[-1][0].sequence
        # Partition -1: these events came from a feed, not from Kafka; the offset is their sequence there.
        topic = envelope.topic(*held.source.split("/")[2:])
        records = [ConsumedRecord(topic, -1, item.event.sequence, None, item.body) for item in missing if item.event]
        await self._write_dead_letters(records, missing)
        return missing

    def _apply_held(self, stream: str, missing: Sequence[DecodedRecord], connection: Connection) -> list[str]:
        """Apply the missing events, then the held ones up to the next gap."""
        held = connection.execute(offsets.SELECT_HELD, consumer=self._consumer, stream=stream)
        items = [*missing, *(decode_record(body.encode()) for _, body in held)]
        outcomes = apply_in_order(connection, self._consumer, items, self._apply)
        connection.execute(offsets.DELETE_HELD, consumer=self._consumer, stream=stream)
        return outcomes
