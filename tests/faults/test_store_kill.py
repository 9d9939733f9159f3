"""The writer is killed in the middle of its work, again and again."""

import asyncio
import contextlib
import itertools
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.postgresql import Postgresql
from shared.clock import wall
from shared.domain import envelope
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from tests.faults.writer_process import stream
from tests.support.stores import Office, chained, command, everything

USERS = 16
KILLS = 6


def write_until_killed(url: str, starts: Sequence[int]) -> list[tuple[int, int, int]]:
    """What a writer acknowledged before it was killed at a random moment: (user, number, position)."""
    program = [sys.executable, "-m", "tests.faults.writer_process", url, *map(str, starts)]
    lines: list[str] = []
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        wanted = 20 + secrets.randbelow(400)
        for line in writer.stdout:
            lines.append(line)
            if len(lines) == wanted:
                writer.kill()
    assert writer.returncode == -signal.SIGKILL
    acknowledged = (line.split() for line in lines if line.endswith("\n"))
    return [(int(user), int(number), int(position)) for user, number, position in acknowledged]


async def test_a_killed_writer_loses_nothing_that_it_acknowledged(office: Office) -> None:
    following = [0] * USERS
    acknowledged: dict[int, str] = {}
    for _ in range(KILLS):
        for user, number, position in await asyncio.to_thread(write_until_killed, office.url, following):
            assert following[user] == number
            following[user] += 1
            acknowledged[position] = stream(user)
    office.watch = wall
    store = await office.store()
    for user, number in enumerate(following):
        await store.execute(command(stream(user), key=f"{user}/{number}"))

    told = await everything(store)
    read = [envelope.decode(stored.body) for stored in told]
    stored = {event.sequence: event.subject for event in read}
    assert acknowledged.items() <= stored.items()
    assert [event.sequence for event in read] == list(range(1, len(read) + 1))
    assert [(await store.state(stream(user)))[1] for user in range(USERS)] == [number + 1 for number in following]
    assert chained(told)
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
            await asyncio.sleep(0.002)

    with Postgresql(tmp_path / "postgresql") as server:
        async with Office(server.create_database("killed")) as office:
            store = await office.store()
            users = [asyncio.create_task(user(store, number)) for number in range(USERS)]
            for _ in range(3):
                await asyncio.sleep(0.7)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.restart)
            await asyncio.sleep(2)
            for task in users:
                task.cancel()
            told = await everything(store)
    stored = {one.sequence: envelope.decode(one.body).subject for one in told}
    assert set(acknowledged) <= set(stored.items())
    assert (list(stored), chained(told)) == (list(range(1, len(stored) + 1)), True)
    assert len(acknowledged) > 3 * USERS
