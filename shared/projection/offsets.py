"""How far a consumer has come, kept in its own database beside the rows it makes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.domain.envelope import Event
from shared.event_store.database import Connection, Row

OFFSETS = "SELECT topic, partition, next_offset, last_record FROM projection_offset WHERE consumer = :consumer"
STREAMS = "SELECT stream, version FROM projection_stream WHERE consumer = :consumer AND stream IN :streams"
SET_OFFSET = (
    "INSERT INTO projection_offset VALUES (:consumer, :topic, :partition, :next_offset, :last_record)"
    " ON CONFLICT (consumer, topic, partition) DO UPDATE"
    " SET next_offset = excluded.next_offset, last_record = excluded.last_record"
)
SET_STREAM = (
    "INSERT INTO projection_stream VALUES (:consumer, :stream, :version, :sequence)"
    " ON CONFLICT (consumer, stream) DO UPDATE SET version = excluded.version, sequence = excluded.sequence"
)
SET_SOURCE = (
    "INSERT INTO projection_source VALUES (:consumer, :source, :sequence)"
    " ON CONFLICT (consumer, source) DO UPDATE SET sequence = excluded.sequence"
    " WHERE projection_source.sequence < excluded.sequence"
)
HOLD = "INSERT INTO projection_held VALUES (:consumer, :stream, :version, :body) ON CONFLICT DO NOTHING"
LET_GO = (
    "DELETE FROM projection_held WHERE consumer = :consumer AND stream = :stream AND version <="
    " (SELECT version FROM projection_stream WHERE consumer = :consumer AND stream = :stream)"
)
HELD = "SELECT version, body FROM projection_held WHERE consumer = :consumer AND stream = :stream ORDER BY version"
HOLDING = "SELECT DISTINCT stream FROM projection_held WHERE consumer = :consumer ORDER BY stream"
REACHED = "SELECT version, sequence FROM projection_stream WHERE consumer = :consumer AND stream = :stream"
WATERMARK = "SELECT sequence FROM projection_source WHERE consumer = :consumer AND source = :source"


class Overtaken(Exception):
    """Another process of the same consumer has gone on: what was read here is not applied here."""


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Mark(NamedTuple):
    """The next offset to read, and the sha256 of the record before it, by which a replaced topic is told."""

    next_offset: int
    last_record: str


def fingerprint(value: bytes | None) -> str:
    """The sha256 of a record's value, in hex."""
    return hashlib.sha256(value or b"").hexdigest()


def marks(rows: Iterable[Row]) -> dict[Partition, Mark]:
    """The rows of `OFFSETS` by partition."""
    return {Partition(topic, number): Mark(after, last) for topic, number, after, last in rows}


@dataclass
class Progress:
    """What one transaction knows of its streams, and how far it brings them."""

    connection: Connection
    consumer: str
    versions: dict[str, int]
    reached: dict[str, Event] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, consumer: str, streams: Iterable[str]) -> "Progress":
        """Read the versions that these streams have here."""
        rows = connection.execute(STREAMS, consumer=consumer, streams=sorted(set(streams)))
        return cls(connection, consumer, dict(rows))

    def version(self, stream: str) -> int:
        """The last version applied, 0 before the first."""
        return self.versions.get(stream, 0)

    def reach(self, event: Event) -> None:
        """Note that an event was applied, or may be passed over."""
        self.versions[event.subject] = event.streamversion
        self.reached[event.subject] = event
        self.sources[event.source] = max(event.sequence, self.sources.get(event.source, 0))

    def hold(self, event: Event, body: bytes) -> None:
        """Keep an event until those before it in its stream have come."""
        self.connection.execute(
            HOLD, consumer=self.consumer, stream=event.subject, version=event.streamversion, body=body.decode()
        )

    def save(self) -> None:
        """Write how far the streams and sources have come."""
        streams = [
            {"consumer": self.consumer, "stream": stream, "version": event.streamversion, "sequence": event.sequence}
            for stream, event in self.reached.items()
        ]
        sources = [{"consumer": self.consumer, "source": s, "sequence": n} for s, n in self.sources.items()]
        self.connection.many(SET_STREAM, streams)
        self.connection.many(SET_SOURCE, sources)


def advance(connection: Connection, consumer: str, seen: dict[Partition, Mark], to: dict[Partition, Mark]) -> None:
    """Move the offsets by compare-and-set. Raises `Overtaken` if one is not where this process saw it last."""
    now = marks(connection.execute(OFFSETS, consumer=consumer))
    for place, mark in to.items():
        if place in seen and seen[place] != now.get(place):
            raise Overtaken(f"{consumer} has gone on elsewhere in partition {place.partition} of {place.topic}")
        connection.execute(SET_OFFSET, consumer=consumer, **place._asdict(), **mark._asdict())
