"""Stores how far a consumer has read, in the same database and transaction as the rows it writes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.domain.envelope import Event
from shared.event_store.database import Connection, DatabaseRow

SELECT_OFFSETS = "SELECT topic, partition, next_offset, last_record FROM projection_offset WHERE consumer = :consumer"
SELECT_STREAMS = "SELECT stream, version FROM projection_stream WHERE consumer = :consumer AND stream IN :streams"
UPSERT_OFFSET = (
    "INSERT INTO projection_offset VALUES (:consumer, :topic, :partition, :next_offset, :last_record)"
    " ON CONFLICT (consumer, topic, partition) DO UPDATE"
    " SET next_offset = excluded.next_offset, last_record = excluded.last_record"
)
UPSERT_STREAM = (
    "INSERT INTO projection_stream VALUES (:consumer, :stream, :version, :sequence)"
    " ON CONFLICT (consumer, stream) DO UPDATE SET version = excluded.version, sequence = excluded.sequence"
)
# An event that fills a gap comes late, with a lower sequence: it must not take the position of its source back.
UPSERT_SOURCE = (
    "INSERT INTO projection_source VALUES (:consumer, :source, :sequence)"
    " ON CONFLICT (consumer, source) DO UPDATE SET sequence = excluded.sequence"
    " WHERE projection_source.sequence < excluded.sequence"
)
INSERT_HELD = "INSERT INTO projection_held VALUES (:consumer, :stream, :version, :body) ON CONFLICT DO NOTHING"
DELETE_HELD = (
    "DELETE FROM projection_held WHERE consumer = :consumer AND stream = :stream AND version <="
    " (SELECT version FROM projection_stream WHERE consumer = :consumer AND stream = :stream)"
)
SELECT_HELD = (
    "SELECT version, body FROM projection_held WHERE consumer = :consumer AND stream = :stream ORDER BY version"
)
SELECT_HELD_STREAMS = "SELECT DISTINCT stream FROM projection_held WHERE consumer = :consumer ORDER BY stream"
SELECT_STREAM = "SELECT version, sequence FROM projection_stream WHERE consumer = :consumer AND stream = :stream"
SELECT_SKIPPED = "SELECT stream, version FROM projection_skipped WHERE consumer = :consumer AND stream IN :streams"
INSERT_SKIPPED = "INSERT INTO projection_skipped VALUES (:consumer, :stream, :version)"
DELETE_SKIPPED = "DELETE FROM projection_skipped WHERE consumer = :consumer AND stream = :stream AND version = :version"
SELECT_SOURCE = "SELECT sequence FROM projection_source WHERE consumer = :consumer AND source = :source"


class StaleConsumer(Exception):
    """Another process of the same consumer has moved the offsets; this process must not apply what it read."""


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class OffsetMark(NamedTuple):
    """The next offset to read, and the sha256 of the record before it, which identifies a recreated topic."""

    next_offset: int
    last_record: str


def value_hash(value: bytes | None) -> str:
    """Return the sha256 of a record's value, in hex."""
    return hashlib.sha256(value or b"").hexdigest()


def offset_marks(rows: Iterable[DatabaseRow]) -> dict[Partition, OffsetMark]:
    """Return the rows of `SELECT_OFFSETS` by partition."""
    return {Partition(topic, number): OffsetMark(after, last) for topic, number, after, last in rows}


@dataclass
class StreamProgress:
    """The versions of the streams that one transaction reads, and the versions it reaches.

    `skipped` are events that were counted as reached without being applied, because they could not be read.
    """

    connection: Connection
    consumer: str
    versions: dict[str, int]
    skipped: set[tuple[str, int]]
    last_events: dict[str, Event] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, connection: Connection, consumer: str, streams: Iterable[str]) -> "StreamProgress":
        """Read the applied versions of these streams."""
        names = sorted(set(streams))
        versions = connection.execute(SELECT_STREAMS, consumer=consumer, streams=names)
        skipped = connection.execute(SELECT_SKIPPED, consumer=consumer, streams=names)
        return cls(connection, consumer, dict(versions), {(stream, version) for stream, version in skipped})

    def version(self, stream: str) -> int:
        """Return the last applied version of a stream, 0 before the first."""
        return self.versions.get(stream, 0)

    def record(self, event: Event) -> None:
        """Record that the next event of its stream was applied or skipped."""
        self.versions[event.subject] = event.streamversion
        self.last_events[event.subject] = event
        self.sources[event.source] = max(event.sequence, self.sources.get(event.source, 0))

    def skip(self, event: Event) -> None:
        """Record that the next event of its stream was not applied, because it could not be read."""
        self.record(event)
        self.skipped.add((event.subject, event.streamversion))
        self.connection.execute(INSERT_SKIPPED, **self._key(event))

    def take_skipped(self, event: Event) -> bool:
        """Return whether an event was skipped before, and forget that it was: it is applied now."""
        if (event.subject, event.streamversion) not in self.skipped:
            return False
        self.skipped.remove((event.subject, event.streamversion))
        self.connection.execute(DELETE_SKIPPED, **self._key(event))
        return True

    def hold(self, event: Event, body: bytes) -> None:
        """Keep an event until the events before it in its stream arrive."""
        self.connection.execute(INSERT_HELD, **self._key(event), body=body.decode())

    def _key(self, event: Event) -> Mapping[str, str | int]:
        return {"consumer": self.consumer, "stream": event.subject, "version": event.streamversion}

    def save(self) -> None:
        """Write the reached versions of streams and sequences of sources."""
        streams = [
            {"consumer": self.consumer, "stream": stream, "version": event.streamversion, "sequence": event.sequence}
            for stream, event in self.last_events.items()
        ]
        sources = [{"consumer": self.consumer, "source": s, "sequence": n} for s, n in self.sources.items()]
        self.connection.execute_many(UPSERT_STREAM, streams)
        self.connection.execute_many(UPSERT_SOURCE, sources)


def advance_offsets(
    connection: Connection,
    consumer: str,
    expected: dict[Partition, OffsetMark],
    new: dict[Partition, OffsetMark],
) -> None:
    """Move the offsets by compare-and-set. Raises `StaleConsumer` if one is not what this process last saw."""
    current = offset_marks(connection.execute(SELECT_OFFSETS, consumer=consumer))
    for partition, mark in new.items():
        # A partition that was never read has no mark to compare; stream versions prevent a second application.
        if partition in expected and expected[partition] != current.get(partition):
            raise StaleConsumer(
                f"another process of {consumer} moved the offset of {partition.topic}, partition {partition.partition}"
            )
        connection.execute(UPSERT_OFFSET, consumer=consumer, **partition._asdict(), **mark._asdict())
