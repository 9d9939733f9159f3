"""A process that lives through days until it is killed: `python -m tests.faults.due_date_process URL FIRST LAST`.

On each day it records what is due, and prints the day once that is stored.
"""

import asyncio
import logging
import sys
from datetime import date, datetime, timedelta

from services.policy.domain import decider
from services.policy.scheduler import record_due
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.telemetry import configure
from tests.support.example_facts import at


class Calendar:
    """The day that it is."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self) -> datetime:
        return at("00:01", self.today)


async def main(url: str, first: date, last: date) -> None:
    """Walk from the first day to the last."""
    configure("walker", logging.WARNING)
    now = Calendar(first)
    store = Store(Database(url), service="policy", decider=decider, now=now)
    await store.open()
    while now.today <= last:
        await record_due(store, now)
        print(now.today, flush=True)
        now.today += timedelta(days=1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], date.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3])))
