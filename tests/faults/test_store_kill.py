"""Tests that killing writers and database servers loses nothing that was acknowledged."""

import asyncio
import contextlib
import itertools
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.postgresql import Postgresql
from shared.clock import wall_time
from shared.domain import envelope
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from tests.faults.writer_process import stream
from tests.support.seeds import seeded_random
from tests.support.stores import StoreUsers, all_events, command, is_chained
from tests.support.waiting import wait_until

USERS = 16
KILLS = 6


def write_until_killed(url: str, starts: Sequence[int], line_count: int) -> list[tuple[int, int, int]]:
    """Run a writer, kill it after so many lines, and return what it acknowledged: (user, number, position)."""
    program = [sys.executable, "-m", "tests.faults.writer_process", url, *map(str, starts)]
    lines: list[str] = []
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in writer.stdout:
            lines.append(line)
            if len(lines) == line_count:
                writer.kill()
    assert writer.returncode == -signal.SIGKILL
    acknowledged = (line.split() for line in lines if line.endswith("\n"))
    return [(int(user), int(number), int(position)) for user, number, position in acknowledged]


async def test_a_killed_writer_loses_nothing_that_it_acknowledged(office: StoreUsers) -> None:
    next_numbers = [0] * USERS
    acknowledged: dict[int, str] = {}
    chance = seeded_random()
    for _ in range(KILLS):
        lines = chance.randint(20, 420)
        for user, number, position in await asyncio.to_thread(write_until_killed, office.url, next_numbers, lines):
            assert next_numbers[user] == number
            next_numbers[user] += 1
            acknowledged[position] = stream(user)
    office.clock = wall_time
    store = await office.store()
    for user, number in enumerate(next_numbers):
        await store.execute(command(stream(user), key=f"{user}/{number}"))

    events = await all_events(store)
    read = [envelope.decode(stored.body) for stored in events]
    stored = {event.sequence: event.subject for event in read}
    assert acknowledged.items() <= stored.items()
    assert [event.sequence for event in read] == list(range(1, len(read) + 1))
    assert [(await store.state(stream(user)))[1] for user in range(USERS)] == [number + 1 for number in next_numbers]
    assert is_chained(events)
    assert [event.recordedtime for event in read] == sorted(event.recordedtime for event in read)
    print(f"{KILLS} kills: {len(acknowledged)} acknowledged, {len(read)} stored, none lost, one event per key")


@pytest.mark.parts
async def test_a_killed_database_server_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[tuple[int, str]] = []

    async def user(store: Store[int], number: int) -> None:
        for n in itertools.count():
            with contextlib.suppress(Unavailable):
                outcome = await store.execute(command(stream(number), key=f"{number}/{n}"))
                acknowledged.append((outcome.position, stream(number)))
            await asyncio.sleep(0.002)  # a user's pause

    async def wait_for_acknowledgements(count: int) -> None:
        before = len(acknowledged)
        await wait_until(lambda: len(acknowledged) >= before + count, what="the users' next acknowledgements")

    chance = seeded_random()
    with Postgresql(tmp_path / "postgresql") as server:
        async with StoreUsers(server.create_database("killed")) as office:
            store = await office.store()
            users = [asyncio.create_task(user(store, number)) for number in range(USERS)]
            for _ in range(3):
                await wait_for_acknowledgements(2 * USERS)
                await asyncio.sleep(chance.uniform(0, 0.7))  # any moment of their work
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.restart)
            await wait_for_acknowledgements(2 * USERS)
            for task in users:
                task.cancel()
            events = await all_events(store)
    stored = {event.sequence: envelope.decode(event.body).subject for event in events}
    assert set(acknowledged) <= set(stored.items())
    assert (list(stored), is_chained(events)) == (list(range(1, len(stored) + 1)), True)
