"""Tests what a relay survives with real Kafka: a stopped or frozen broker, kill -9, a lost producer sequence."""

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.domain.decider import StoreCommand
from shared.event_store.store import Store
from shared.kafka.connection import KafkaConnection
from shared.relay.checkpoints import files
from shared.relay.checkpoints.checkpoint import CheckpointStore
from shared.relay.relay import Relay
from tests.support.example_facts import at, person, tap
from tests.support.in_memory_source import (
    OPDS,
    InMemorySource,
    create_topics,
    expected_sequences,
    read_bodies,
    read_sequences,
    running_relay,
    wait_until_sent,
    without_repeats,
)
from tests.support.relay_process import attendance, open_checkpoints
from tests.support.seeds import seeded_random
from tests.support.waiting import read_until, wait_until

SOURCE = {"service": "attendance", "region": "32"}


def metric_value(metric: str) -> float:
    return REGISTRY.get_sample_value(metric, SOURCE) or 0.0


async def test_check_ins_made_while_the_broker_is_stopped_follow_in_order(
    broker: Kafka, bootstrap: str, tmp_path: Path
) -> None:
    feed = InMemorySource(500)
    with capture_logs() as lines:
        async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
            await wait_until_sent(tmp_path / "checkpoint", 500)
            broker.kill()
            for _ in range(10):
                feed.grow(300)
                await asyncio.sleep(scaled(0.3))  # people check in for three seconds
            await wait_until(lambda: metric_value("piket_relay_backlog_events") == 3000)
            assert metric_value("piket_relay_oldest_unsent_seconds") > 1
            broker.restart()
            await wait_until_sent(tmp_path / "checkpoint", 3500)
            await wait_until(lambda: metric_value("piket_relay_backlog_events") == 0)
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(feed.stored)
    assert [line["event"] for line in lines] == ["Relay stalled; events remain in the store", "Relay recovered"]
    assert lines[1]["backlog"] >= 2000


async def test_a_broker_that_freezes_is_given_up_and_found_again(broker: Kafka, bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(100)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint", timeout=1.0)):
        await wait_until_sent(tmp_path / "checkpoint", 100)
        broker.pause()
        feed.grow(400)
        await asyncio.sleep(scaled(3))  # longer than the relay waits for an answer: its timeout is scaled, too
        broker.resume()
        await wait_until_sent(tmp_path / "checkpoint", 500)
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(feed.stored)


async def test_a_broker_that_freezes_on_a_quiet_night_is_noticed(broker: Kafka, bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(100)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint", timeout=1.0)):
        await wait_until(lambda: metric_value("piket_relay_connected") == 1)
        broker.pause()
        await wait_until(lambda: metric_value("piket_relay_connected") == 0)
        broker.resume()
        await wait_until(lambda: metric_value("piket_relay_connected") == 1)


async def test_a_relay_started_before_its_broker_waits_for_it(broker: Kafka, bootstrap: str, tmp_path: Path) -> None:
    broker.kill()
    feed = InMemorySource(50)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await asyncio.sleep(scaled(0.5))  # the relay tries in vain meanwhile
        broker.restart()
        await wait_until_sent(tmp_path / "checkpoint", 50)
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(feed.stored)


async def test_a_second_relay_sends_nothing_until_the_first_has_ended(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(100)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 100)
        later = InMemorySource(200)
        second = asyncio.create_task(later.relay(bootstrap, tmp_path / "checkpoint").run())
        await asyncio.sleep(0.5)  # nothing, although it tries to get the lease several times
        assert files.read(tmp_path / "checkpoint").sequence == 100
    await wait_until_sent(tmp_path / "checkpoint", 200)
    second.cancel()
    await asyncio.wait([second])
    assert await read_sequences(bootstrap) == expected_sequences(later.stored)


@asynccontextmanager
async def open_store(database: str) -> AsyncIterator[Store[int]]:
    store = attendance(database)
    await store.open()
    yield store
    await store.close()
    await store._database.close()


def check_in(number: int) -> StoreCommand[int]:
    """Return a check-in of one employee; every number has its own employee and stream."""
    fact = tap("in", person(str(number)), at("08:16"), opd=f"OPD-{number % OPDS}")
    stream = f"attendance/{fact.partition_key}/2025-11-06/{fact.employee}"
    return StoreCommand("32", stream, lambda _, __: {stream: [fact]}, principal="test", key=str(number), fingerprint="")


async def accept_check_ins(store: Store[int], stop: asyncio.Event) -> None:
    """Accept check-ins, thirty at a time, until `stop` is set."""
    for begin in range(0, 100_000, 30):
        await asyncio.gather(*(store.execute(check_in(number)) for number in range(begin, begin + 30)))
        if stop.is_set():
            return


async def kill_five_times(command: Sequence[str], checkpoints: CheckpointStore, chance: random.Random) -> None:
    """Start the program five times; kill it with SIGKILL just after its first page, while it sends the next."""
    for _ in range(5):
        before = await checkpoints.read()
        process = await asyncio.create_subprocess_exec(*command)
        await read_until(checkpoints.read, before.__ne__)
        await asyncio.sleep(chance.uniform(0, 0.03))  # any moment of the next page
        process.kill()
        assert await process.wait() == -signal.SIGKILL


async def test_five_kills_of_the_relay_lose_and_invent_nothing(
    bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    path, stop = tmp_path / "checkpoint", asyncio.Event()
    async with open_checkpoints(database_url, path) as checkpoints, open_store(database_url) as store:
        accepting = asyncio.create_task(accept_check_ins(store, stop))
        relay = [sys.executable, "-m", "tests.support.relay_process", database_url, bootstrap, str(path)]
        await kill_five_times(relay, checkpoints, seeded_random())
        stop.set()
        await accepting
        stored = await store.read_feed("32", 0, await store.head("32"))
        assert (await checkpoints.read()).sequence > 0
        async with running_relay(Relay(store, "32", KafkaConnection(bootstrap), checkpoints)):
            await read_until(checkpoints.read, lambda reached: reached.sequence == len(stored))
    in_kafka = await read_bodies(bootstrap)
    assert {body for log in in_kafka.values() for body in log} == {event.body for event in stored}
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(stored)


async def test_a_producer_that_lost_its_sequence_is_replaced(tmp_path: Path) -> None:
    settings = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}
    feed = InMemorySource(200)
    with Kafka(tmp_path / "kafka", 3, settings) as cluster:
        await create_topics(cluster.bootstrap, only_on=3)
        async with running_relay(feed.relay(cluster.bootstrap, tmp_path / "checkpoint")):
            await wait_until_sent(tmp_path / "checkpoint", 200)
            cluster.kill(3)
            for _ in range(6):
                feed.grow(50)
                await asyncio.sleep(scaled(1))  # in six of them the relay gives up what it sent
            assert files.read(tmp_path / "checkpoint").sequence == 200
            cluster.restart(3)
            await wait_until_sent(tmp_path / "checkpoint", 500)
            feed.grow(50)
            await wait_until_sent(tmp_path / "checkpoint", 550, seconds=2)  # a new producer has no old failures
        assert without_repeats(await read_sequences(cluster.bootstrap)) == expected_sequences(feed.stored)
