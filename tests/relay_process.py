"""A relay as a process of its own, over the attendance store of region 32: `DATABASE BOOTSTRAP MARK`."""

import asyncio
import sys
from pathlib import Path

from shared.clock import wall
from shared.database import Database
from shared.facts.fact import Fact
from shared.kafka import Refused
from shared.relay import Relay
from shared.store import Store


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
