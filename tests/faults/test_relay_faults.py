"""What a relay survives on real Kafka: an absent or frozen broker, kill -9, a lost producer sequence."""

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from deploy.local.kafka import Kafka
from shared.domain.decider import Command
from shared.event_store.store import Store
from shared.relay import checkpoint
from shared.relay.relay import Relay
from tests.support.example_facts import at, person, tap
from tests.support.in_memory_source import OPDS, Feed, bodies_of, create, due, log_of, read_as, running, sent, until
from tests.support.relay_process import attendance

SOURCE = {"service": "attendance", "region": "32"}


def measured(metric: str) -> float:
    return REGISTRY.get_sample_value(metric, SOURCE) or 0.0


async def test_check_ins_made_while_the_broker_is_stopped_follow_in_order(
    broker: Kafka, bootstrap: str, tmp_path: Path
) -> None:
    feed = Feed(500)
    with capture_logs() as said:
        async with running(feed.relay(bootstrap, tmp_path / "mark")):
            await sent(tmp_path / "mark", 500)
            broker.kill()
            for _ in range(10):
                feed.grow(300)
                await asyncio.sleep(0.3)
            await until(lambda: measured("piket_relay_backlog_events") == 3000)
            assert measured("piket_relay_oldest_unsent_seconds") > 1
            broker.restart()
            await sent(tmp_path / "mark", 3500)
            await until(lambda: measured("piket_relay_backlog_events") == 0)
    assert read_as(await log_of(bootstrap)) == due(feed.stored)
    assert [line["event"] for line in said] == ["Sending is held up, events stay in the store", "Sending goes on"]
    assert said[1]["backlog"] >= 2000


async def test_a_broker_that_freezes_is_given_up_and_found_again(broker: Kafka, bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(100)
    async with running(feed.relay(bootstrap, tmp_path / "mark", patience=1.0)):
        await sent(tmp_path / "mark", 100)
        broker.pause()
        feed.grow(400)
        await asyncio.sleep(3)
        broker.resume()
        await sent(tmp_path / "mark", 500)
    assert read_as(await log_of(bootstrap)) == due(feed.stored)


async def test_a_relay_started_before_its_broker_waits_for_it(broker: Kafka, bootstrap: str, tmp_path: Path) -> None:
    broker.kill()
    feed = Feed(50)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await asyncio.sleep(0.5)
        broker.restart()
        await sent(tmp_path / "mark", 50)
    assert read_as(await log_of(bootstrap)) == due(feed.stored)


async def test_a_second_relay_sends_nothing_until_the_first_has_ended(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(100)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 100)
        other = Feed(200)
        second = asyncio.create_task(other.relay(bootstrap, tmp_path / "mark").run())
        await asyncio.sleep(0.5)
        assert checkpoint.read(tmp_path / "mark").sequence == 100
    await sent(tmp_path / "mark", 200)
    second.cancel()
    await asyncio.wait([second])
    assert await log_of(bootstrap) == due(other.stored)


@asynccontextmanager
async def opened(database: str) -> AsyncIterator[Store[int]]:
    store = attendance(database)
    await store.open()
    yield store
    await store.close()


def check_in(number: int) -> Command[int]:
    """A check-in of the number-th employee, each on a stream of its own."""
    fact = tap("in", person(str(number)), at("08:16"), opd=f"OPD-{number % OPDS}")
    stream = f"attendance/{fact.partition_key}/2025-11-06/{fact.employee}"
    return Command("32", stream, lambda _, __: {stream: [fact]}, principal="test", key=str(number), fingerprint="")


async def accept(store: Store[int], stop: asyncio.Event) -> None:
    """Take check-ins, thirty at a time, until told to stop."""
    for begin in range(0, 100_000, 30):
        await asyncio.gather(*(store.execute(check_in(number)) for number in range(begin, begin + 30)))
        if stop.is_set():
            return


async def kill_five_times(command: Sequence[str], path: Path, chance: random.Random) -> None:
    """Start the program five times, and end each with kill -9 just after its first page, in the midst of the next."""
    for _ in range(5):
        before = checkpoint.read(path)
        process = await asyncio.create_subprocess_exec(*command)
        await until(lambda before=before: checkpoint.read(path) != before)  # type: ignore[misc]
        await asyncio.sleep(chance.uniform(0, 0.03))
        process.kill()
        assert await process.wait() == -signal.SIGKILL


async def test_five_kills_of_the_relay_lose_and_invent_nothing(bootstrap: str, tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)  # noqa: S311 - a seed to print
    print(f"seed {seed}")
    database, path = f"sqlite:///{tmp_path}/attendance.db", tmp_path / "mark"
    stop = asyncio.Event()
    async with opened(database) as store:
        accepting = asyncio.create_task(accept(store, stop))
        relay = [sys.executable, "-m", "tests.support.relay_process", database, bootstrap, str(path)]
        await kill_five_times(relay, path, random.Random(seed))  # noqa: S311 - the same
        stop.set()
        await accepting
        stored = await store.read_feed("32", 0, await store.head("32"))
        assert checkpoint.read(path).sequence > 0
        async with running(Relay(store, "32", bootstrap, path)):
            await sent(path, len(stored))
    in_kafka = await bodies_of(bootstrap)
    assert {body for log in in_kafka.values() for body in log} == {event.body for event in stored}
    assert read_as(await log_of(bootstrap)) == due(stored)


async def test_a_producer_that_lost_its_sequence_is_replaced(tmp_path: Path) -> None:
    settings = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}
    feed = Feed(200)
    with Kafka(tmp_path / "kafka", 3, settings) as cluster:
        await create(cluster.bootstrap, only_on=3)
        async with running(feed.relay(cluster.bootstrap, tmp_path / "mark")):
            await sent(tmp_path / "mark", 200)
            cluster.kill(3)
            for _ in range(6):
                feed.grow(50)
                await asyncio.sleep(1)
            assert checkpoint.read(tmp_path / "mark").sequence == 200
            cluster.restart(3)
            await sent(tmp_path / "mark", 500)
            feed.grow(50)
            await sent(tmp_path / "mark", 550, seconds=2)
        assert read_as(await log_of(cluster.bootstrap)) == due(feed.stored)
