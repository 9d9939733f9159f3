"""Commands per second through the store alone, every one durable: `python -m tests.bench.store URL [COMMANDS]`."""

import asyncio
import statistics
import sys
import time
from uuid import uuid4

from shared.clock import wall
from shared.event_store.database import Database
from shared.event_store.store import Store
from tests.support.stores import Tally, command

USERS = 64


async def measure(url: str, commands: int) -> None:
    """64 users, each in a stream of its own for every command, with a tap's event id."""
    database, run, took = Database(url), uuid4().hex, list[float]()
    store = Store(database, service="attendance", decider=Tally(), now=wall)
    await store.open()

    async def user(number: int) -> None:
        for n in range(commands // USERS):
            asked = command(f"attendance/32/{run}/{number}/{n}", event_id=uuid4())
            begun = time.perf_counter()
            await store.execute(asked)
            took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*map(user, range(USERS)))
    rate = len(took) / (time.perf_counter() - begun)
    steps = statistics.quantiles(took, n=100)
    print(f"{url.partition(':')[0]}: {rate:.0f}/s, p50 {steps[49] * 1e3:.1f} ms, p99 {steps[98] * 1e3:.1f} ms")
    await store.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12_800))
