"""Declares what the relay reads of an event store: the committed events of each region, and how far they go."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.event_store.stored_events import CommittedUntil, StoredEvent


class EventSource(Protocol):
    """The event store of one service, as the relay reads it."""

    service: str

    async def read_feed(self, region: str, after: int, limit: int, /) -> Sequence[StoredEvent]:
        """Return committed events after a sequence, without gaps."""

    async def read_traceparents(self, region: str, first: int, last: int, /) -> Mapping[int, str]:
        """Return the trace contexts of traced events by sequence, from `first` to `last`."""

    async def head(self, region: str, /) -> int:
        """Return the last sequence of a region, 0 if it has none."""

    async def committed_until(self, region: str, /) -> CommittedUntil:
        """Return the last sequence, and an instant before which no further event can be recorded."""
