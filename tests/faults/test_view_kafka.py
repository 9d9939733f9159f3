"""Tests an API replica's view with a real broker: it reports correctly whether it is complete, and ends up equal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.view import rows as rows_module
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.rows import CoverageView
from shared.clock import wall_time
from shared.domain.envelope import source
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from shared.kafka import broker
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from tests.support.example_facts import THURSDAY, at
from tests.support.waiting import read_until, wait_until

pytestmark = pytest.mark.parts

REGION, PARTITIONS = "32", 3
TOPIC, HEARTBEAT_TOPIC = f"piket.{REGION}.coverage.v1", f"piket.{REGION}.heartbeat.v1"
OPDS = [f"OPD-{number}" for number in range(60)]


def rows(revision: int) -> list[Coverage]:
    return [
        Coverage(
            region=REGION, opd=opd, service_date=THURSDAY, definition=1, revision=revision, watermark={"p": revision}
        )
        for opd in OPDS
    ]


def latest(view: CoverageView) -> dict[str, int]:
    return {row.opd: row.revision for row in view.rows.values()}


def all_at(revision: int) -> dict[str, int]:
    return dict.fromkeys(OPDS, revision)


@pytest_asyncio.fixture
async def bootstrap(broker: Kafka) -> str:
    """A broker with an empty coverage topic."""
    await renew(broker.bootstrap)
    return broker.bootstrap


async def renew(bootstrap: str) -> None:
    """Delete the coverage topic and create it again, empty."""
    if TOPIC in await broker.topic_sizes(KafkaConnection(bootstrap)):
        async with broker.admin_client(KafkaConnection(bootstrap)) as client:
            await client.delete_topics([TOPIC])
        await read_until(lambda: broker.topic_sizes(KafkaConnection(bootstrap)), lambda sizes: TOPIC not in sizes)
    await broker.create_topics(KafkaConnection(bootstrap), [REGION], PARTITIONS, replication=1)


async def publish(bootstrap: str, coverage_rows: Sequence[Coverage]) -> None:
    producer = broker.producer(KafkaConnection(bootstrap))
    await producer.start()
    sent = [await producer.send(TOPIC, row.model_dump_json().encode(), row.key.encode()) for row in coverage_rows]
    await asyncio.gather(*sent)
    await producer.stop()


async def send_signals(bootstrap: str) -> None:
    """Send signals, as relays and a worker do, by which the view is complete until eight; until cancelled."""
    async with started(broker.producer(KafkaConnection(bootstrap))) as producer:
        while True:
            for service in SOURCE_SERVICES:
                heartbeat = Heartbeat(
                    source=source(REGION, service), sequence=0, offsets={}, at=at("08:00"), wall=wall_time()
                )
                await producer.send(HEARTBEAT_TOPIC, heartbeat.model_dump_json().encode(), service.encode())
            for number in range(PARTITIONS):
                positions = WorkerPositions(region=REGION, partition=number, positions={}, wall=wall_time())
                await producer.send(TOPIC, positions.model_dump_json().encode(), positions.key.encode(), number)
            await asyncio.sleep(0.2)  # the interval of the signals


@asynccontextmanager
async def following(bootstrap: str) -> AsyncIterator[CoverageView]:
    view = CoverageView(lambda: at("08:16"), [REGION], PARTITIONS)
    tasks = [
        asyncio.create_task(work)
        for work in (follow_coverage(view, KafkaConnection(bootstrap), [REGION], PARTITIONS), send_signals(bootstrap))
    ]
    yield view
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def latest_when(view: CoverageView, expected: dict[str, int]) -> dict[str, int]:
    """Wait until the latest revisions are as expected, at most for a while. Return the latest revisions."""

    async def read_latest() -> dict[str, int]:
        return latest(view)

    return await read_until(read_latest, expected.__eq__)


async def wait_until_current(view: CoverageView) -> None:
    await wait_until(lambda: not view.behind_since())


async def test_a_new_replica_is_ready_only_when_it_has_read_everything(bootstrap: str) -> None:
    for revision in range(1, 50):
        await publish(bootstrap, rows(revision))
    async with following(bootstrap) as view:
        before = view.behind_since()
        await wait_until_current(view)
        assert (before, view.current_until(REGION), latest(view)) == (at("08:16"), at("08:00"), all_at(49))


async def test_rows_that_are_there_while_nobody_is_alive_are_shown_as_behind(bootstrap: str) -> None:
    await publish(bootstrap, rows(1))
    view = CoverageView(lambda: at("08:16"), [REGION], PARTITIONS)
    reading = asyncio.create_task(follow_coverage(view, KafkaConnection(bootstrap), [REGION], PARTITIONS))
    assert await latest_when(view, all_at(1)) == all_at(1)
    await asyncio.sleep(1)  # nothing for a second after the last row
    reading.cancel()
    await asyncio.wait([reading])
    assert view.behind_since() == at("08:16")


async def test_an_old_row_that_comes_late_changes_nothing(bootstrap: str) -> None:
    await publish(bootstrap, [*rows(2), *rows(1)])
    async with following(bootstrap) as view:
        await wait_until_current(view)
        assert latest(view) == all_at(2)


async def test_bytes_that_are_no_row_are_passed_over(bootstrap: str) -> None:
    producer = broker.producer(KafkaConnection(bootstrap))
    await producer.start()
    for value in (b"{", b'{"region":"32"}', None):
        await producer.send_and_wait(TOPIC, value, b"32/OPD-1/2025-11-06")
        await producer.send_and_wait(TOPIC, value, b"32/~/1")
        await producer.send_and_wait(HEARTBEAT_TOPIC, value, b"roster")
    await producer.stop()
    await publish(bootstrap, rows(1))
    async with following(bootstrap) as view:
        await wait_until_current(view)
        assert latest(view) == all_at(1)


async def test_without_its_broker_a_view_keeps_its_rows_and_says_that_it_is_behind(
    broker: Kafka, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "BEHIND_AFTER_SECONDS", scaled(3))
    await publish(bootstrap, rows(1))
    with capture_logs() as logs:
        async with following(bootstrap) as view:
            await wait_until_current(view)
            await asyncio.to_thread(broker.kill)
            await wait_until(view.behind_since)
            without_broker = (view.behind_since(), latest(view))
            await asyncio.to_thread(broker.restart)
            await publish(bootstrap, rows(2))
            assert without_broker == (at("08:00"), all_at(1))
            assert await latest_when(view, all_at(2)) == all_at(2)
            await wait_until_current(view)
    reasons = [entry["reason"] for entry in logs if entry["event"].startswith("The coverage topics cannot be read")]
    assert (len(reasons) > 0, len(reasons)) == (True, len({*reasons}))
    assert "The coverage topics are read again" in [entry["event"] for entry in logs]


async def test_a_topic_deleted_and_republished_leaves_the_view_equal(bootstrap: str) -> None:
    await publish(bootstrap, [*rows(1), *rows(2), *rows(3)])
    async with following(bootstrap) as view:
        await wait_until_current(view)
        await renew(bootstrap)
        await publish(bootstrap, [*rows(3), *rows(4)])
        assert await latest_when(view, all_at(4)) == all_at(4)
