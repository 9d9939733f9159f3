"""A source as who sends it sees it: the committed events of each region, and how far they go (`Store`)."""

from collections.abc import Sequence
from typing import Protocol

from shared.event_store.store import Settled, Stored


class Source(Protocol):
    """The log of one service."""

    service: str

    async def read_feed(self, region: str, after: int, limit: int, /) -> Sequence[Stored]:
        """Committed events after a sequence, without a hole."""

    async def head(self, region: str, /) -> int:
        """The last sequence."""

    async def settled(self, region: str, /) -> Settled:
        """The last sequence, and until when there is no other."""
