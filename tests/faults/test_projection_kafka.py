"""A projection on a real broker: restarted, in trouble, and over a topic that was made anew."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.kafka import Kafka
from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database
from shared.event_store.store import Stored
from shared.kafka import broker
from shared.projection.consumer import Record
from shared.projection.projection import Apply, Projection
from tests.support.attendance_projection import note
from tests.support.in_memory_source import TOPIC, create, delete
from tests.support.stores import Office, command, everything

STREAMS = 7


@pytest_asyncio.fixture
async def stored(tmp_path: Path) -> AsyncIterator[list[Stored]]:
    """300 check-ins in seven streams of two OPD."""
    async with Office(f"sqlite://{tmp_path}/owner.db") as office:
        store = await office.store()
        for number in range(300):
            await store.execute(command(f"attendance/32/{number % STREAMS}"))
        yield await everything(store)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite://{tmp_path}/reader.db")
    await database.write(lambda c: c.execute("CREATE TABLE noted (stream text NOT NULL, version integer NOT NULL)"))
    yield database
    await database.close()


async def send(bootstrap: str, told: Sequence[Stored]) -> None:
    """Each stream in a partition of its own order."""
    producer = broker.producer(bootstrap)
    await producer.start()
    sent = [await producer.send(TOPIC, stored.body, partition=(stored.sequence - 1) % STREAMS % 3) for stored in told]
    await asyncio.gather(*sent)
    await producer.stop()


async def bury(_: Record, __: str) -> None: ...


async def owner_is_away(_: str, __: int) -> Sequence[bytes]:
    raise ConnectionError


def board(database: Database, bootstrap: str, apply: Apply = note) -> Projection:
    return Projection(database, "board", [TOPIC], apply, dead_letter=bury, feed=owner_is_away, bootstrap=bootstrap)


@asynccontextmanager
async def following(database: Database, bootstrap: str) -> AsyncIterator[None]:
    task = asyncio.create_task(board(database, bootstrap).run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def noted(database: Database, count: int) -> list[tuple[str, int]]:
    """What was applied, once it is as much as `count`."""
    rows: list[tuple[str, int]] = []
    for _ in range(200):
        rows = [(str(s), int(v)) for s, v in await database.read("SELECT stream, version FROM noted")]
        if len(rows) >= count:
            break
        await asyncio.sleep(0.05)
    return sorted(rows)


def expected(count: int) -> list[tuple[str, int]]:
    return sorted((f"attendance/32/{n % STREAMS}", n // STREAMS + 1) for n in range(count))


async def test_a_projection_goes_on_where_it_stood_after_every_restart(
    bootstrap: str, database: Database, stored: list[Stored]
) -> None:
    for start in range(0, 300, 100):
        await send(bootstrap, stored[start : start + 100])
        async with following(database, bootstrap):
            await noted(database, start + 100)
    assert await noted(database, 300) == expected(300)


async def test_a_topic_made_anew_and_republished_is_read_from_its_beginning_and_changes_nothing(
    bootstrap: str, database: Database, stored: list[Stored]
) -> None:
    await send(bootstrap, stored[:50])
    await send(bootstrap, stored[:200])
    async with following(database, bootstrap):
        await noted(database, 200)
    await delete(bootstrap)
    await create(bootstrap)
    await send(bootstrap, stored)
    async with following(database, bootstrap):
        assert await noted(database, 300) == expected(300)


async def test_a_topic_made_anew_and_shorter_is_read_from_its_beginning(
    bootstrap: str, database: Database, stored: list[Stored]
) -> None:
    await send(bootstrap, stored[:200])
    async with following(database, bootstrap):
        await noted(database, 200)
    await delete(bootstrap)
    await create(bootstrap)
    await send(bootstrap, stored[180:210])
    async with following(database, bootstrap):
        assert await noted(database, 210) == expected(210)


async def test_a_broker_that_was_killed_is_waited_for(
    broker: Kafka, bootstrap: str, database: Database, stored: list[Stored]
) -> None:
    async with following(database, bootstrap):
        await send(bootstrap, stored[:100])
        await noted(database, 100)
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(broker.restart)
        await send(bootstrap, stored[100:])
        assert await noted(database, 300) == expected(300)


async def test_a_missing_topic_is_refused_in_one_sentence(bootstrap: str, database: Database) -> None:
    await delete(bootstrap)
    with pytest.raises(broker.MissingTopics, match=TOPIC):
        await asyncio.wait_for(board(database, bootstrap).run(), 10)


async def test_a_handler_that_fails_three_times_ends_the_projection(
    bootstrap: str, database: Database, stored: list[Stored]
) -> None:
    def faulty(_: Connection, __: Event) -> None:
        raise LookupError

    await send(bootstrap, stored[:5])
    with pytest.raises(LookupError):
        await asyncio.wait_for(board(database, bootstrap, faulty).run(), 20)
