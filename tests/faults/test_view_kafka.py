"""The view of an API replica on a real broker: complete when it says so, honest when not, equal at the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from deploy.local.kafka import Kafka
from services.reporting.domain.freshness import READ
from services.reporting.view import rows as viewing
from services.reporting.view.consumer import follow
from services.reporting.view.rows import View
from shared.clock import wall
from shared.domain.envelope import source
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Beat, Positions
from shared.kafka import broker
from tests.support.example_facts import THURSDAY, at

pytestmark = pytest.mark.parts

REGION, PARTITIONS = "32", 3
TOPIC, BEATS = f"piket.{REGION}.coverage.v1", f"piket.{REGION}.heartbeat.v1"
OPDS = [f"OPD-{number}" for number in range(60)]


def rows(revision: int) -> list[Coverage]:
    return [
        Coverage(
            region=REGION, opd=opd, service_date=THURSDAY, definition=1, revision=revision, watermark={"p": revision}
        )
        for opd in OPDS
    ]


def latest(held: View) -> dict[str, int]:
    return {row.opd: row.revision for row in held.rows.values()}


def all_at(revision: int) -> dict[str, int]:
    return dict.fromkeys(OPDS, revision)


@pytest_asyncio.fixture
async def bootstrap(broker: Kafka) -> str:
    """A broker with an empty coverage topic."""
    await renew(broker.bootstrap)
    return broker.bootstrap


async def renew(bootstrap: str) -> None:
    """Delete the topic and create it again."""
    if TOPIC in await broker.topic_sizes(bootstrap):
        async with broker.admin(bootstrap) as client:
            await client.delete_topics([TOPIC])
        while TOPIC in await broker.topic_sizes(bootstrap):  # noqa: ASYNC110 - Kafka has no event for it
            await asyncio.sleep(0.05)
    await broker.create_topics(bootstrap, [REGION], PARTITIONS, replication=1)


async def publish(bootstrap: str, told: Sequence[Coverage]) -> None:
    producer = broker.producer(bootstrap)
    await producer.start()
    sent = [await producer.send(TOPIC, row.model_dump_json().encode(), row.key.encode()) for row in told]
    await asyncio.gather(*sent)
    await producer.stop()


async def live(bootstrap: str) -> None:
    """Say for ever, as relays and a worker do, that everything until eight has been applied."""
    async with broker.producer(bootstrap) as producer:
        while True:
            for service in READ:
                told = Beat(source=source(REGION, service), sequence=0, offsets={}, at=at("08:00"), wall=wall())
                await producer.send(BEATS, told.model_dump_json().encode(), service.encode())
            for number in range(PARTITIONS):
                said = Positions(region=REGION, partition=number, positions={}, wall=wall())
                await producer.send(TOPIC, said.model_dump_json().encode(), said.key.encode(), number)
            await asyncio.sleep(0.2)


@asynccontextmanager
async def following(bootstrap: str) -> AsyncIterator[View]:
    held = View(lambda: at("08:16"), [REGION], PARTITIONS)
    tasks = [asyncio.create_task(work) for work in (follow(held, bootstrap, [REGION], PARTITIONS), live(bootstrap))]
    yield held
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(held: View, wanted: dict[str, int]) -> dict[str, int]:
    for _ in range(600):
        if latest(held) == wanted:
            break
        await asyncio.sleep(0.05)
    return latest(held)


async def ready(held: View) -> None:
    async with asyncio.timeout(30):
        while held.behind():  # noqa: ASYNC110 - a view has no event for it
            await asyncio.sleep(0.02)


async def test_a_new_replica_is_ready_only_when_it_has_read_everything(bootstrap: str) -> None:
    for revision in range(1, 50):
        await publish(bootstrap, rows(revision))
    async with following(bootstrap) as held:
        before = held.behind()
        await ready(held)
        assert (before, held.current_until(REGION), latest(held)) == (at("08:16"), at("08:00"), all_at(49))


async def test_rows_that_are_there_while_nobody_is_alive_are_shown_as_behind(bootstrap: str) -> None:
    await publish(bootstrap, rows(1))
    held = View(lambda: at("08:16"), [REGION], PARTITIONS)
    reading = asyncio.create_task(follow(held, bootstrap, [REGION], PARTITIONS))
    assert await until(held, all_at(1)) == all_at(1)
    await asyncio.sleep(1)
    reading.cancel()
    assert held.behind() == at("08:16")


async def test_an_old_row_that_comes_late_changes_nothing(bootstrap: str) -> None:
    await publish(bootstrap, [*rows(2), *rows(1)])
    async with following(bootstrap) as held:
        await ready(held)
        assert latest(held) == all_at(2)


async def test_bytes_that_are_no_row_are_passed_over(bootstrap: str) -> None:
    producer = broker.producer(bootstrap)
    await producer.start()
    for value in (b"{", b'{"region":"32"}', None):
        await producer.send_and_wait(TOPIC, value, b"32/OPD-1/2025-11-06")
        await producer.send_and_wait(TOPIC, value, b"32/~/1")
        await producer.send_and_wait(BEATS, value, b"roster")
    await producer.stop()
    await publish(bootstrap, rows(1))
    async with following(bootstrap) as held:
        await ready(held)
        assert latest(held) == all_at(1)


async def test_without_its_broker_a_view_keeps_its_rows_and_says_that_it_is_behind(
    broker: Kafka, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "BEHIND_AFTER_SECONDS", 3.0)
    await publish(bootstrap, rows(1))
    async with following(bootstrap) as held:
        await ready(held)
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(4)
        without = (held.behind(), latest(held))
        await asyncio.to_thread(broker.restart)
        await publish(bootstrap, rows(2))
        assert without == (at("08:00"), all_at(1))
        assert await until(held, all_at(2)) == all_at(2)
        await ready(held)


async def test_a_topic_deleted_and_republished_leaves_the_view_equal(bootstrap: str) -> None:
    await publish(bootstrap, [*rows(1), *rows(2), *rows(3)])
    async with following(bootstrap) as held:
        await ready(held)
        await renew(bootstrap)
        await publish(bootstrap, [*rows(3), *rows(4)])
        assert await until(held, all_at(4)) == all_at(4)
