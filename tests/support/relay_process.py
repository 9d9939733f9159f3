"""A relay as a process of its own, over the attendance store of region 32: `DATABASE BOOTSTRAP MARK`."""

import asyncio
import sys
from pathlib import Path

from shared.clock import wall
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.kafka.broker import Refused
from shared.relay.relay import Relay


class Counting:
    """A stream is the number of its facts."""

    initial = 0

    def evolve(self, state: int, fact: Fact) -> int:
        del fact
        return state + 1


def attendance(database: str) -> Store[int]:
    return Store(Database(database), service="attendance", decider=Counting(), now=wall)


async def relay(database: str, bootstrap: str, path: str) -> None:
    store = attendance(database)
    await store.open()
    await Relay(store, "32", bootstrap, Path(path)).run()


if __name__ == "__main__":
    try:
        asyncio.run(relay(*sys.argv[1:]))
    except Refused as refused:
        sys.exit(str(refused))
