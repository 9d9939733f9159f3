"""Whoever records what comes due is killed again and again: every change of state is on record once, on its day."""

import asyncio
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from uuid import uuid4

from services.policy.domain import decider
from services.policy.domain.commands import OpenOpd, PolicyCommand
from services.policy.domain.decider import State
from services.policy.domain.instruments.lifecycle import NEVER, superseded
from services.policy.domain.instruments.transitions import turns
from services.policy.domain.presets import replay
from shared.domain.decider import Command
from shared.domain.facts.policy import InstrumentReached, PolicyChanged
from shared.event_store.database import Database
from shared.event_store.store import Store
from tests.support.example_facts import at

FIRST, LAST = date(2025, 10, 1), date(2026, 5, 31)
KILLS = 8
DUE = {"IN_FORCE", "EXPIRED", "SUPERSEDED"}


def walked(url: str, first: date, *, kill: bool) -> date:
    """The last day that a walker said was done, killed at a random moment or when it has arrived."""
    program = [sys.executable, "-m", "tests.faults.due_date_process", url, str(first), str(LAST)]
    done = first
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as walker:
        assert walker.stdout
        wanted = 1 + secrets.randbelow(40)
        for number, line in enumerate(walker.stdout, 1):
            done = date.fromisoformat(line.strip())
            if kill and number == wanted:
                walker.kill()
    assert walker.returncode in ({0, -signal.SIGKILL} if kill else {0})
    return done


@asynccontextmanager
async def opened(url: str, now: datetime) -> AsyncIterator[Store[State]]:
    database = Database(url)
    store: Store[State] = Store(database, service="policy", decider=decider, now=lambda: now)
    await store.open()
    yield store
    await database.close()


async def tell(url: str, command: PolicyCommand, now: datetime) -> None:
    decide, key, reads = partial(decider.decide, command), str(uuid4()), decider.reads(command)
    async with opened(url, now) as store:
        await store.execute(Command("32", decider.stream(command), decide, "user:sri", key, key, reads))


async def test_a_killed_clerk_of_dates_records_every_change_once(database_url: str) -> None:
    bappeda = OpenOpd(region="32", opd="BAPPEDA", name="Bappeda", on=date(2020, 1, 1))
    await tell(database_url, bappeda, at("08:00", date(2021, 1, 1)))
    for day, command in replay.commands("32"):
        await tell(database_url, command, at("08:00", day))
    reached = FIRST
    for _ in range(KILLS):
        reached = await asyncio.to_thread(walked, database_url, reached, kill=True)
    await asyncio.to_thread(walked, database_url, reached, kill=False)

    async with opened(database_url, at("08:00", LAST)) as book:
        instruments, opd = [await book.read_stream(name) for name in ("instruments/32", "policy/32/BAPPEDA")]
    stored = [
        (e.data.instrument, e.data.state, e.data.on) for e in instruments if isinstance(e.data, InstrumentReached)
    ]
    changes = [e.data.change for e in opd if isinstance(e.data, PolicyChanged)]
    assert Counter(stored) == Counter(due_until_the_end())
    assert Counter((c.instrument, c.kind, c.effective_from) for c in changes if c.kind in DUE) == Counter(stored)


def due_until_the_end() -> Sequence[tuple[str, str, date]]:
    courses = replay.books("32").courses
    ends = superseded(courses)
    return [
        (name, state, on)
        for name, course in courses.items()
        for on, state in turns(course, ends.get(name, NEVER))
        if on <= LAST
    ]
