"""Tests a projection with a real broker: restarts, failures, and a topic that was recreated."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database
from shared.event_store.stored_events import StoredEvent
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from shared.projection.application import ApplyEvent
from shared.projection.consumer import ConsumedRecord
from shared.projection.projection import Projection
from tests.support.attendance_projection import record_event
from tests.support.in_memory_source import TOPIC, create_topics, delete_topic
from tests.support.stores import StoreUsers, all_events, command
from tests.support.waiting import LIMIT_S, read_until

STREAMS = 7


@pytest_asyncio.fixture
async def stored(tmp_path: Path) -> AsyncIterator[list[StoredEvent]]:
    """Return 300 stored check-ins in seven streams."""
    async with StoreUsers(f"sqlite://{tmp_path}/owner.db") as office:
        store = await office.store()
        for number in range(300):
            await store.execute(command(f"attendance/32/{number % STREAMS}"))
        yield await all_events(store)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite://{tmp_path}/reader.db")
    await database.write(lambda c: c.execute("CREATE TABLE noted (stream text NOT NULL, version integer NOT NULL)"))
    yield database
    await database.close()


async def send(bootstrap: str, events: Sequence[StoredEvent]) -> None:
    """Send events to Kafka, each stream to one partition."""
    producer = broker.producer(KafkaConnection(bootstrap))
    await producer.start()
    sent = [await producer.send(TOPIC, stored.body, partition=(stored.sequence - 1) % STREAMS % 3) for stored in events]
    await asyncio.gather(*sent)
    await producer.stop()


async def write_no_dead_letter(_: ConsumedRecord, __: str) -> None: ...


async def unavailable_feed(_: str, __: int) -> Sequence[bytes]:
    raise ConnectionError


def create_projection(database: Database, bootstrap: str, apply: ApplyEvent = record_event) -> Projection:
    return Projection(
        database,
        "board",
        [TOPIC],
        apply,
        dead_letter=write_no_dead_letter,
        feed=unavailable_feed,
        connection=KafkaConnection(bootstrap),
    )


@asynccontextmanager
async def running_projection(database: Database, bootstrap: str) -> AsyncIterator[None]:
    task = asyncio.create_task(create_projection(database, bootstrap).run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def wait_for_rows(database: Database, count: int) -> list[tuple[str, int]]:
    """Return the applied (stream, version) rows, once there are `count` of them."""

    async def read_rows() -> list[tuple[str, int]]:
        return [(str(s), int(v)) for s, v in await database.read("SELECT stream, version FROM noted")]

    rows = await read_until(read_rows, lambda rows: len(rows) >= count)
    return sorted(rows)


def expected_rows(count: int) -> list[tuple[str, int]]:
    return sorted((f"attendance/32/{n % STREAMS}", n // STREAMS + 1) for n in range(count))


async def test_a_projection_continues_at_its_offsets_after_every_restart(
    bootstrap: str, database: Database, stored: list[StoredEvent]
) -> None:
    for start in range(0, 300, 100):
        await send(bootstrap, stored[start : start + 100])
        async with running_projection(database, bootstrap):
            await wait_for_rows(database, start + 100)
    assert await wait_for_rows(database, 300) == expected_rows(300)


async def test_a_recreated_and_republished_topic_is_read_from_its_beginning_and_changes_nothing(
    bootstrap: str, database: Database, stored: list[StoredEvent]
) -> None:
    await send(bootstrap, stored[:50])
    await send(bootstrap, stored[:200])
    async with running_projection(database, bootstrap):
        await wait_for_rows(database, 200)
    await delete_topic(bootstrap)
    await create_topics(bootstrap)
    await send(bootstrap, stored)
    async with running_projection(database, bootstrap):
        assert await wait_for_rows(database, 300) == expected_rows(300)


async def test_a_recreated_shorter_topic_is_read_from_its_beginning(
    bootstrap: str, database: Database, stored: list[StoredEvent]
) -> None:
    await send(bootstrap, stored[:200])
    async with running_projection(database, bootstrap):
        await wait_for_rows(database, 200)
    await delete_topic(bootstrap)
    await create_topics(bootstrap)
    await send(bootstrap, stored[180:210])
    async with running_projection(database, bootstrap):
        assert await wait_for_rows(database, 210) == expected_rows(210)


async def test_a_broker_that_was_killed_is_waited_for(
    broker: Kafka, bootstrap: str, database: Database, stored: list[StoredEvent]
) -> None:
    async with running_projection(database, bootstrap):
        await send(bootstrap, stored[:100])
        await wait_for_rows(database, 100)
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(1)  # the projection tries in vain meanwhile
        await asyncio.to_thread(broker.restart)
        await send(bootstrap, stored[100:])
        assert await wait_for_rows(database, 300) == expected_rows(300)


async def test_a_missing_topic_is_refused_with_one_message(bootstrap: str, database: Database) -> None:
    await delete_topic(bootstrap)
    with pytest.raises(broker.MissingTopics, match=TOPIC):
        await asyncio.wait_for(create_projection(database, bootstrap).run(), scaled(LIMIT_S))


async def test_a_handler_that_fails_three_times_ends_the_projection(
    bootstrap: str, database: Database, stored: list[StoredEvent]
) -> None:
    def faulty(_: Connection, __: Event) -> None:
        raise LookupError

    await send(bootstrap, stored[:5])
    with pytest.raises(LookupError):
        await asyncio.wait_for(create_projection(database, bootstrap, faulty).run(), scaled(LIMIT_S))
