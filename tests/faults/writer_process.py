"""Runs sixteen users who check in until the process is killed: `python -m tests.faults.writer_process URL FROM...`.

User u sends the keys u/FROM, u/FROM+1, ... and prints `u n position` once key u/n is acknowledged.
"""

import asyncio
import itertools
import sys

from shared.clock import wall_time
from shared.event_store.database import Database
from shared.event_store.store import Store
from tests.support.stores import Tally, command


def stream(user: int) -> str:
    """Return the stream of a user."""
    return f"attendance/32/DPMPTSP/2025-11-06/{user}"


async def main(url: str, starts: list[int]) -> None:
    """Check in until the process is killed."""
    store = Store(Database(url), service="attendance", decider=Tally(), now=wall_time)
    await store.open()

    async def user(number: int, start: int) -> None:
        for n in itertools.count(start):
            outcome = await store.execute(command(stream(number), key=f"{number}/{n}"))
            print(number, n, outcome.position, flush=True)

    await asyncio.gather(*(user(number, start) for number, start in enumerate(starts)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(start) for start in sys.argv[2:]]))
