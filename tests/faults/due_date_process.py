"""Records due dates day by day until it is killed: `python -m tests.faults.due_date_process URL FIRST LAST`.

It prints a day when its due dates are stored.
"""

import asyncio
import logging
import sys
from datetime import date, datetime, timedelta

from services.policy.domain import decider
from services.policy.scheduler import record_due
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.telemetry import configure_logging
from tests.support.example_facts import at


class DayClock:
    """A clock that shows one minute after midnight of `today`."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self) -> datetime:
        return at("00:01", self.today)


async def main(url: str, first: date, last: date) -> None:
    """Record the due dates from the first day to the last."""
    configure_logging("walker", logging.WARNING)
    clock = DayClock(first)
    store = Store(Database(url), service="policy", decider=decider, now=clock)
    await store.open()
    while clock.today <= last:
        await record_due(store, clock)
        print(clock.today, flush=True)
        clock.today += timedelta(days=1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], date.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3])))
