"""Runs a relay as a process, for the attendance store of region 32: `DATABASE BOOTSTRAP CHECKPOINT`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.clock import wall_time
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import UnsafeToContinue
from shared.relay.checkpoints.checkpoint import CheckpointStore
from shared.relay.checkpoints.files import FileCheckpoints
from shared.relay.checkpoints.tables import SessionSource, TableCheckpoints
from shared.relay.relay import Relay


class Tally:
    """Counts the facts of a stream."""

    initial = 0

    def evolve(self, state: int, fact: Fact) -> int:
        del fact
        return state + 1


def attendance(database: str) -> Store[int]:
    return Store(Database(database), service="attendance", decider=Tally(), now=wall_time)


@asynccontextmanager
async def open_checkpoints(database: str, path: Path) -> AsyncIterator[CheckpointStore]:
    """Provide the checkpoint store of a database: its own table, or a file for SQLite."""
    if database.startswith("sqlite"):
        yield FileCheckpoints(path)
        return
    sessions = SessionSource(database, "attendance")
    yield TableCheckpoints(sessions, "attendance", "32", path)
    await sessions.close()


async def relay(database: str, bootstrap: str, path: str) -> None:
    store = attendance(database)
    await store.open()
    async with open_checkpoints(database, Path(path)) as checkpoints:
        await Relay(store, "32", KafkaConnection(bootstrap), checkpoints).run()


if __name__ == "__main__":
    try:
        asyncio.run(relay(*sys.argv[1:]))
    except UnsafeToContinue as refused:
        sys.exit(str(refused))
