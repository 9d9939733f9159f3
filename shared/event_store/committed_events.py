"""Reads the committed events of a service's store, by region and in order. It needs none of the service's code."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from shared.clock import Clock
from shared.domain import envelope
from shared.event_store import tables
from shared.event_store.database import Connection, Database
from shared.event_store.stored_events import CommittedUntil, StoredEvent

MIGRATIONS = Path(__file__).parent / "migrations"


class CommittedEvents:
    """The committed events of one service, as relay, feed and checks read them. `Store` also decides commands."""

    def __init__(self, database: Database, *, service: str, now: Clock) -> None:
        self.service = service
        self._database = database
        self._now = now

    async def open(self) -> None:
        """Migrate the tables. Raises `Unavailable`."""
        await self._database.migrate(MIGRATIONS)

    async def read_feed(self, region: str, after: int = 0, limit: int = 500) -> list[StoredEvent]:
        """Return up to `limit` committed events of a region after a sequence, without gaps."""
        rows = await self._database.read(
            "SELECT sequence, id, type, partition_key, body FROM event"
            " WHERE source = :source AND sequence > :after ORDER BY sequence LIMIT :limit",
            source=envelope.source(region, self.service), after=after, limit=limit,
        )  # fmt: skip
        return [StoredEvent(sequence, UUID(id_), type_, key, body.encode()) for sequence, id_, type_, key, body in rows]

    async def read_traceparents(self, region: str, first: int, last: int) -> dict[int, str]:
        """Return the trace contexts of a region's traced events by sequence, from `first` to `last`."""
        rows = await self._database.read(
            "SELECT sequence, traceparent FROM event_trace"
            " WHERE source = :source AND sequence BETWEEN :first AND :last",
            source=envelope.source(region, self.service), first=first, last=last,
        )  # fmt: skip
        return dict(rows)

    async def read_stream(self, stream: str) -> list[envelope.Event]:
        """Return every event of one stream, in order."""
        rows = await self._database.read(
            "SELECT body FROM event WHERE stream = :stream ORDER BY version", stream=stream
        )
        return [envelope.decode(body.encode()) for (body,) in rows]

    async def regions(self) -> list[str]:
        """Return the regions that have events in this store."""
        rows = await self._database.read("SELECT source FROM head ORDER BY source")
        sources = (source.split("/")[2:] for (source,) in rows)
        return [region for region, service in sources if service == self.service]

    async def head(self, region: str) -> int:
        """Return the last sequence of a region, 0 if it has none."""
        source = envelope.source(region, self.service)
        rows = await self._database.read("SELECT sequence FROM head WHERE source = :source", source=source)
        return int(rows[0][0]) if rows else 0

    async def committed_until(self, region: str) -> CommittedUntil:
        """Return the last sequence and an instant before which no further event can be recorded.

        Takes the write lock, so every commit that is running now is included.
        """
        return await self._database.write(partial(self._committed_until, envelope.source(region, self.service)))

    def _committed_until(self, source: str, connection: Connection) -> CommittedUntil:
        rows = connection.execute("SELECT sequence FROM head WHERE source = :source", source=source)
        # The clock is read under the lock, because a command takes its recorded time before it commits: without the
        # lock, an event that is recorded before this instant could become visible after this answer.
        return CommittedUntil(int(rows[0][0]) if rows else 0, self._now())

    async def restore(self, region: str, bodies: Sequence[bytes]) -> None:
        """Append events that the Kafka topic kept and this store lost, in order. Raises `Diverged` and appends none."""
        await self._database.write(partial(tables.restore, envelope.source(region, self.service), bodies))
