"""Defines what a store returns to readers: committed events, and how far they go."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class StoredEvent(NamedTuple):
    """A committed event, as it is published. `key` is the Kafka partition key, `body` the canonical bytes."""

    sequence: int
    id: UUID
    type: str
    key: str
    body: bytes


class CommittedUntil(NamedTuple):
    """The last sequence of a source, and an instant before which no further event can be recorded."""

    sequence: int
    at: datetime
