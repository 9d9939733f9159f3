"""Runs a relay as a process, for the attendance store of region 32: `DATABASE BOOTSTRAP CHECKPOINT`."""

import asyncio
import sys
from pathlib import Path

from shared.clock import wall_time
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import UnsafeToContinue
from shared.relay.relay import Relay


class Tally:
    """Counts the facts of a stream."""

    initial = 0

    def evolve(self, state: int, fact: Fact) -> int:
        del fact
        return state + 1


def attendance(database: str) -> Store[int]:
    return Store(Database(database), service="attendance", decider=Tally(), now=wall_time)


async def relay(database: str, bootstrap: str, path: str) -> None:
    store = attendance(database)
    await store.open()
    await Relay(store, "32", KafkaConnection(bootstrap), Path(path)).run()


if __name__ == "__main__":
    try:
        asyncio.run(relay(*sys.argv[1:]))
    except UnsafeToContinue as refused:
        sys.exit(str(refused))
