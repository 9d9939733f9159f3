"""Decide and commit: the commands that queued during the last commit share one transaction under one lock.

Events, the answers to their keys and the contiguous position per source are committed together; only then is anyone
answered. A failed batch is tried again one command at a time: a poisoned command stays alone with its failure, and a
commit whose answer was lost ends in a replay.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from shared.clock import Clock
from shared.domain import envelope
from shared.domain.batch import Desk, decide_batch
from shared.domain.decider import (
    Answer,
    Command,
    Context,
    Decide,
    Decider,
    EventRef,
    KeyReused,
    Outcome,
    VersionConflict,
)
from shared.event_store import stream_cache, tables
from shared.event_store.database import Connection, Database, Unavailable

__all__ = [
    "Answer", "Command", "Context", "Decide", "Decider", "EventRef", "KeyReused", "Outcome", "Settled", "Store",
    "Stored", "Unavailable", "VersionConflict",
]  # fmt: skip

S = TypeVar("S")

MIGRATIONS = Path(__file__).parent / "migrations"
LIMIT = 200

log = structlog.get_logger()


class Stored(NamedTuple):
    """A committed event of one source, as it is published."""

    sequence: int
    id: UUID
    type: str
    key: str
    body: bytes


class Settled(NamedTuple):
    """The last position of a source, and an instant before which nothing else was or will be recorded."""

    sequence: int
    at: datetime


class Store(Generic[S]):
    """The log of one service: the truth that Kafka and every view follow."""

    def __init__(self, database: Database, *, service: str, decider: Decider[S], now: Clock) -> None:
        self._database = database
        self.service = service
        self._decider = decider
        self._streams = stream_cache.Streams(decider)
        self._now = now
        self._waiting: list[tuple[Command[S], asyncio.Future[Outcome]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Bring the tables up to date. Raises `Unavailable`."""
        await self._database.migrate(MIGRATIONS)

    async def close(self) -> None:
        """Answer what still waits; the database stays open for its other users."""
        if self._committing:
            await self._committing

    async def execute(self, command: Command[S]) -> Outcome:
        """Answer after the commit. Raises `KeyReused`, `VersionConflict`, `Unavailable`, or what the decider raises."""
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answered))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        return await answered

    async def rehearse(self, command: Command[S]) -> list[envelope.Sealed]:
        """The events that a command would append, decided under the lock as it is; nothing is stored, no key is used.

        Raises what `execute` raises.
        """
        return await self._database.write(partial(self._rehearsed, command))

    def _rehearsed(self, command: Command[S], connection: Connection) -> list[envelope.Sealed]:
        seen = tables.load(connection, [command], self.service, self._streams)
        (outcome,) = decide_batch([command], seen, Desk(self.service, self._decider, Context(self._now(), uuid7)))
        if isinstance(outcome, Exception):
            raise outcome
        return [sealed for together in seen.appended for sealed in together]

    async def restore(self, region: str, bodies: Sequence[bytes]) -> None:
        """Append events that the log kept and this store lost, in order: all, or with `Diverged` none."""
        await self._database.write(partial(tables.restore, envelope.source(region, self.service), bodies))

    async def read_feed(self, region: str, after: int = 0, limit: int = 500) -> list[Stored]:
        """Committed events of a region after a position, contiguous."""
        rows = await self._database.read(
            "SELECT sequence, id, type, partition_key, body FROM event"
            " WHERE source = :source AND sequence > :after ORDER BY sequence LIMIT :limit",
            source=envelope.source(region, self.service), after=after, limit=limit,
        )  # fmt: skip
        return [Stored(sequence, UUID(id_), type_, key, body.encode()) for sequence, id_, type_, key, body in rows]

    async def read_stream(self, stream: str) -> list[envelope.Event]:
        """Every event of one stream, in order."""
        rows = await self._database.read(
            "SELECT body FROM event WHERE stream = :stream ORDER BY version", stream=stream
        )
        return [envelope.decode(body.encode()) for (body,) in rows]

    async def state(self, stream: str) -> tuple[S, int]:
        """A stream folded, and its version: `initial` and 0 if it has no event."""
        rows = await self._database.read(stream_cache.STREAMS, streams=[stream])
        return stream_cache.fold(rows, self._decider).get(stream, (self._decider.initial, 0))

    async def states(self, prefix: str) -> dict[str, S]:
        """Every stream below a prefix that ends in `/`, folded."""
        rows = await self._database.read(stream_cache.BELOW, **stream_cache.below(prefix))
        return {stream: state for stream, (state, _) in stream_cache.fold(rows, self._decider).items()}

    async def regions(self) -> list[str]:
        """The regions that have events here."""
        rows = await self._database.read("SELECT source FROM head ORDER BY source")
        named = (source.split("/")[2:] for (source,) in rows)
        return [region for region, service in named if service == self.service]

    async def head(self, region: str) -> int:
        """The last position of a region, 0 if it has none."""
        source = envelope.source(region, self.service)
        rows = await self._database.read("SELECT sequence FROM head WHERE source = :source", source=source)
        return int(rows[0][0]) if rows else 0

    async def settled(self, region: str) -> Settled:
        """How far a source stands, and until when: asked under the lock, behind every commit that is under way."""
        return await self._database.write(partial(self._settled, envelope.source(region, self.service)))

    def _settled(self, source: str, connection: Connection) -> Settled:
        rows = connection.execute("SELECT sequence FROM head WHERE source = :source", source=source)
        return Settled(int(rows[0][0]) if rows else 0, self._now())

    async def _commit_all(self) -> None:
        """Until nobody waits: whoever came during the last commit goes into the next one."""
        while batch := self._waiting[:LIMIT]:
            del self._waiting[:LIMIT]
            outcomes = await self._attempt([command for command, _ in batch])
            for (_, answered), outcome in zip(batch, outcomes, strict=True):
                if answered.done():  # its sender left
                    continue
                if isinstance(outcome, Exception):
                    answered.set_exception(outcome)
                else:
                    answered.set_result(outcome)

    async def _attempt(self, batch: Sequence[Command[S]]) -> list[Outcome | Exception]:
        try:
            return await self._database.write(partial(self._commit, batch))
        except Exception as failure:  # noqa: BLE001 each command's own failure is found below
            log.warning("batch failed, each command goes alone", commands=len(batch), failure=repr(failure))
        return [await self._alone(command) for command in batch]

    async def _alone(self, command: Command[S]) -> Outcome | Exception:
        try:
            return (await self._database.write(partial(self._commit, [command])))[0]
        except Exception as failure:  # noqa: BLE001 its sender gets it
            return failure

    def _commit(self, batch: Sequence[Command[S]], connection: Connection) -> list[Outcome | Exception]:
        seen = tables.load(connection, batch, self.service, self._streams)
        desk = Desk(self.service, self._decider, Context(self._now(), uuid7))
        outcomes = decide_batch(batch, seen, desk)
        tables.save(connection, seen)
        for command, outcome in zip(batch, outcomes, strict=True):
            if command.beside and isinstance(outcome, Outcome) and not outcome.replayed:
                command.beside(connection)
        return outcomes
