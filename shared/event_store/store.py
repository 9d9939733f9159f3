"""Decides and commits commands: those that queue during one commit share the next transaction (group commit).

Events, the answers of idempotency keys and the contiguous sequence per source are committed together; senders are
answered after the commit. A failed batch is retried one command at a time, so a command that always fails affects only
its sender, and a commit whose acknowledgement was lost is answered as a replay.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Generic, TypeVar

import structlog
from prometheus_client import Histogram
from uuid_utils.compat import uuid7  # until Python 3.14, which has it

from shared.clock import Clock
from shared.domain import envelope
from shared.domain.batch import DecisionSetup, decide_batch
from shared.domain.decider import Context, Decider, Outcome, StoreCommand
from shared.event_store import stream_cache, tables
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Connection, Database
from shared.tracing.spans import current_traceparent

S = TypeVar("S")

MAX_BATCH_COMMANDS = 200
COMMIT = Histogram(
    "piket_store_commit_seconds",
    "Seconds that one transaction of an event store takes",
    ("service",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)

log = structlog.get_logger()


class Store(CommittedEvents, Generic[S]):
    """The event store of one service: the source of truth for Kafka and every view."""

    def __init__(self, database: Database, *, service: str, decider: Decider[S], now: Clock) -> None:
        super().__init__(database, service=service, now=now)
        self._decider = decider
        self._streams = stream_cache.StreamCache(decider)
        self._pending: list[tuple[StoreCommand[S], asyncio.Future[Outcome]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Finish pending commands. The database stays open, because others may use it."""
        if self._committing:
            await self._committing

    async def execute(self, command: StoreCommand[S]) -> Outcome:
        """Decide a command and return its outcome after the commit.

        Raises `KeyReused`, `VersionConflict`, `Unavailable`, or what the decider raises.
        """
        if traceparent := current_traceparent():
            command = replace(command, traceparent=traceparent)
        # No `await` before the task exists: a command cannot be left in the queue without a task that commits it.
        reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._pending.append((command, reply))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        return await reply

    async def dry_run(self, command: StoreCommand[S]) -> list[envelope.SealedEvent]:
        """Return the events that a command would append; store nothing and use no idempotency key.

        The command is decided under the write lock, as in `execute`, and raises the same errors.
        """
        return await self._database.write(partial(self._dry_run, command))

    def _dry_run(self, command: StoreCommand[S], connection: Connection) -> list[envelope.SealedEvent]:
        state = tables.load_batch_state(connection, [command], self.service, self._streams)
        (outcome,) = decide_batch([command], state, self._setup())
        if isinstance(outcome, Exception):
            raise outcome
        return [sealed for events in state.appended for sealed in events]

    async def state(self, stream: str) -> tuple[S, int]:
        """Return the state of a stream and its version: `initial` and 0 if it has no event."""
        rows = await self._database.read(stream_cache.SELECT_STREAMS, streams=[stream])
        return stream_cache.fold(rows, self._decider).get(stream, (self._decider.initial, 0))

    async def states(self, prefix: str) -> dict[str, S]:
        """Return the state of every stream below a prefix that ends in `/`."""
        rows = await self._database.read(stream_cache.SELECT_BELOW, **stream_cache.prefix_range(prefix))
        return {stream: state for stream, (state, _) in stream_cache.fold(rows, self._decider).items()}

    async def _commit_all(self) -> None:
        """Commit batches until the queue is empty; commands that arrive during a commit form the next batch."""
        while batch := self._pending[:MAX_BATCH_COMMANDS]:
            del self._pending[:MAX_BATCH_COMMANDS]
            outcomes = await self._commit_batch([command for command, _ in batch])
            for (_, reply), outcome in zip(batch, outcomes, strict=True):
                if reply.done():  # cancelled by its sender
                    continue
                if isinstance(outcome, Exception):
                    reply.set_exception(outcome)
                else:
                    reply.set_result(outcome)

    async def _commit_batch(self, batch: Sequence[StoreCommand[S]]) -> list[Outcome | Exception]:
        try:
            with COMMIT.labels(self.service).time():
                return await self._database.write(partial(self._commit, batch))
        except Exception as failure:  # noqa: BLE001 - each command is retried below
            log.warning("Batch failed; retrying each command alone", commands=len(batch), error=repr(failure))
        return [await self._commit_one(command) for command in batch]

    async def _commit_one(self, command: StoreCommand[S]) -> Outcome | Exception:
        try:
            return (await self._database.write(partial(self._commit, [command])))[0]
        except Exception as failure:  # noqa: BLE001 - raised to the sender of this command only
            return failure

    def _commit(self, batch: Sequence[StoreCommand[S]], connection: Connection) -> list[Outcome | Exception]:
        state = tables.load_batch_state(connection, batch, self.service, self._streams)
        outcomes = decide_batch(batch, state, self._setup())
        tables.save_batch_state(connection, state)
        for command, outcome in zip(batch, outcomes, strict=True):
            # A replay wrote its rows together with its first answer.
            if command.also_write and isinstance(outcome, Outcome) and not outcome.replayed:
                command.also_write(connection)
        return outcomes

    def _setup(self) -> DecisionSetup[S]:
        return DecisionSetup(self.service, self._decider, Context(self._now(), uuid7))
