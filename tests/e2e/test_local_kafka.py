import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from tests.support.waiting import LIMIT_S, block_until

TAPS = [f"tap {n}".encode() for n in range(100)]


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as one_node:
        yield one_node


async def create(kafka: Kafka, topic: str, replicas: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(topic, num_partitions=1, replication_factor=replicas)], timeout_ms=int(scaled(10_000))
        )
    finally:
        await admin.close()


async def write(kafka: Kafka, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
        await asyncio.gather(*[await producer.send(topic, value) for value in values])


async def read(kafka: Kafka, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    async with consumer, asyncio.timeout(scaled(LIMIT_S)):
        return [(await consumer.getone()).value for _ in range(count)]


def is_running(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


async def test_what_is_written_is_read_in_order(kafka: Kafka) -> None:
    await create(kafka, "in-order")
    await write(kafka, "in-order", TAPS)
    assert await read(kafka, "in-order", 100) == TAPS


async def test_a_topic_nobody_created_is_refused(kafka: Kafka) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=int(scaled(2000)))
    async with producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.partitions_for("nobody-created-it")


async def test_a_broker_killed_and_started_again_still_has_every_record(kafka: Kafka) -> None:
    await create(kafka, "killed")
    await write(kafka, "killed", TAPS)
    kafka.kill(1)
    kafka.restart(1)
    assert await read(kafka, "killed", 100) == TAPS


async def test_a_paused_broker_answers_again_after_the_pause(kafka: Kafka) -> None:
    await create(kafka, "paused")
    kafka.pause()
    writing = asyncio.create_task(write(kafka, "paused", TAPS))
    await asyncio.sleep(1)  # no answer for a second
    answered_in_pause = writing.done()
    kafka.resume()
    await writing
    assert (answered_in_pause, await read(kafka, "paused", 100)) == (False, TAPS)


async def test_three_brokers_go_on_without_one_and_lose_nothing(tmp_path: Path) -> None:
    with Kafka(tmp_path, nodes=3) as three:
        await create(three, "replicated", replicas=3)
        await write(three, "replicated", TAPS[:50])
        three.kill(2)
        await write(three, "replicated", TAPS[50:])
        assert await read(three, "replicated", 100) == TAPS


def test_a_setting_that_kafka_cannot_read_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"num\.io\.threads"), Kafka(tmp_path, settings={"num.io.threads": "many"}):
        pass


def test_a_killed_launcher_leaves_no_broker_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.local.kafka", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout
        broker = int(re.findall(r"\{1: (\d+)\}", launcher.stdout.readline())[0])
        os.kill(launcher.pid, signal.SIGKILL)
    block_until(lambda: not is_running(broker), what=f"the broker, process {broker}, has ended after its launcher")
