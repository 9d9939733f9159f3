"""Measures durable commands per second of the store alone: `python -m tests.bench.store URL [COMMANDS]`."""

import asyncio
import statistics
import sys
import time
from uuid import uuid4

from shared.clock import wall_time
from shared.event_store.database import Database
from shared.event_store.store import Store
from tests.support.stores import Tally, command

USERS = 64


async def measure(url: str, commands: int) -> None:
    """Run commands of 64 users; each command has a new stream and an event id, like a tap."""
    database, run, seconds = Database(url), uuid4().hex, list[float]()
    store = Store(database, service="attendance", decider=Tally(), now=wall_time)
    await store.open()

    async def user(number: int) -> None:
        for n in range(commands // USERS):
            store_command = command(f"attendance/32/{run}/{number}/{n}", event_id=uuid4())
            started_at = time.perf_counter()
            await store.execute(store_command)
            seconds.append(time.perf_counter() - started_at)

    started_at = time.perf_counter()
    await asyncio.gather(*map(user, range(USERS)))
    rate = len(seconds) / (time.perf_counter() - started_at)
    steps = statistics.quantiles(seconds, n=100)
    print(f"{url.partition(':')[0]}: {rate:.0f}/s, p50 {steps[49] * 1e3:.1f} ms, p99 {steps[98] * 1e3:.1f} ms")
    await store.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12_800))
