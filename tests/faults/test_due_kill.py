"""Kills the process that records due dates again and again: each change of state is recorded once, on its day."""

import asyncio
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
from services.policy.domain.commands import PolicyCommand
from services.policy.domain.decider import State
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END
from services.policy.domain.instruments.transitions import dated_changes
from services.policy.domain.opd_commands import OpenOpd
from services.policy.domain.presets import replay
from shared.domain.decider import StoreCommand
from shared.domain.facts.instruments import InstrumentReached
from shared.domain.facts.policy import PolicyChanged
from shared.event_store.database import Database
from shared.event_store.store import Store
from tests.support.example_facts import at
from tests.support.seeds import seeded_random

FIRST, LAST = date(2025, 10, 1), date(2026, 5, 31)
KILLS = 8
DUE = {"IN_FORCE", "EXPIRED", "SUPERSEDED"}


def run_due_date_process(url: str, first: date, kill_at_line: int = 0) -> date:
    """Return the last day that the process reported. It is killed at a line of its output, or runs to the last day."""
    program = [sys.executable, "-m", "tests.faults.due_date_process", url, str(first), str(LAST)]
    last_day = first
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for number, line in enumerate(process.stdout, 1):
            last_day = date.fromisoformat(line.strip())
            if number == kill_at_line:
                process.kill()
    assert process.returncode in ({0, -signal.SIGKILL} if kill_at_line else {0})
    return last_day


@asynccontextmanager
async def open_store(url: str, now: datetime) -> AsyncIterator[Store[State]]:
    database = Database(url)
    store: Store[State] = Store(database, service="policy", decider=decider, now=lambda: now)
    await store.open()
    yield store
    await database.close()


async def execute(url: str, command: PolicyCommand, now: datetime) -> None:
    decide, key, reads = partial(decider.decide, command), str(uuid4()), decider.reads(command)
    async with open_store(url, now) as store:
        await store.execute(StoreCommand("32", decider.stream(command), decide, "user:sri", key, key, reads))


async def test_a_killed_clerk_of_dates_records_every_change_once(database_url: str) -> None:
    bappeda = OpenOpd(region="32", opd="BAPPEDA", name="Bappeda", on=date(2020, 1, 1))
    await execute(database_url, bappeda, at("08:00", date(2021, 1, 1)))
    for day, command in replay.preset_commands("32"):
        await execute(database_url, command, at("08:00", day))
    reached, chance = FIRST, seeded_random()
    for _ in range(KILLS):
        reached = await asyncio.to_thread(run_due_date_process, database_url, reached, chance.randint(1, 40))
    await asyncio.to_thread(run_due_date_process, database_url, reached)

    async with open_store(database_url, at("08:00", LAST)) as store:
        instrument_events, opd_events = [
            await store.read_stream(name) for name in ("instruments/32", "policy/32/BAPPEDA")
        ]
    stored = [
        (e.data.instrument, e.data.state, e.data.on) for e in instrument_events if isinstance(e.data, InstrumentReached)
    ]
    changes = [e.data.change for e in opd_events if isinstance(e.data, PolicyChanged)]
    assert Counter(stored) == Counter(expected_changes())
    assert Counter((c.instrument, c.kind, c.effective_from) for c in changes if c.kind in DUE) == Counter(stored)


def expected_changes() -> Sequence[tuple[str, str, date]]:
    histories = replay.reference_snapshot("32").instruments
    ends = supersession_dates(histories)
    return [
        (name, state, on)
        for name, history in histories.items()
        for on, state in dated_changes(history, ends.get(name, OPEN_END))
        if on <= LAST
    ]
