"""Cancels the work of every kind of Kafka client at each point where it waits: it ends, and leaves nothing open."""

import asyncio
import gc
import time
import warnings
from collections.abc import Awaitable, Callable, Generator
from itertools import count
from types import coroutine
from typing import Any

import pytest
from aiokafka import TopicPartition

from deploy.kafka_rights.protocol import rights_client
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.kafka import broker as kafka
from shared.kafka.closing import CLOSE_WITHIN_S, started
from shared.kafka.connection import KafkaConnection
from shared.relay.log_tail import assigned_consumer
from tests.support.in_memory_source import TOPIC

pytestmark = pytest.mark.parts

Work = Callable[[KafkaConnection], Awaitable[object]]


async def describe(connection: KafkaConnection) -> None:
    await kafka.topic_sizes(connection)


async def ask(connection: KafkaConnection) -> None:
    async with rights_client(connection) as client:
        await client.fetch_all_metadata()


async def read(connection: KafkaConnection) -> None:
    async with assigned_consumer(connection, [TopicPartition(TOPIC, 0)], 5_000) as consumer:
        await consumer.seek_to_beginning()
        await consumer.getmany(timeout_ms=10)


async def send(connection: KafkaConnection) -> None:
    async with started(kafka.producer(connection)) as producer:
        await producer.send_and_wait(TOPIC, b"x")


@coroutine
def cancelled_at(waiting_point: int, work: Awaitable[object]) -> Generator[Any, Any, bool]:
    """Await `work`, and cancel the task that does so as soon as it waits for the n-th time, counted from 0.

    Return whether it has waited so often.
    """
    steps, error, reached = work.__await__(), None, False
    for number in count():
        try:
            awaited = steps.throw(error) if error else steps.send(None)
        except StopIteration:
            return reached
        task = asyncio.current_task()
        if number == waiting_point and task:
            reached = task.cancel()
        error = None
        try:
            yield awaited
        except BaseException as raised:  # noqa: BLE001 - it is thrown into the work
            error = raised
    raise AssertionError


async def outcome_of(waiting_point: int, work: Awaitable[object]) -> str:
    """Cancel work at a waiting point. Return "cancelled", "went on", or "complete" after the last point."""

    async def run() -> bool:
        return await cancelled_at(waiting_point, work)

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if task.cancelled():
        return "cancelled"
    return "went on" if task.result() else "complete"


@pytest.mark.parametrize("work", [describe, ask, read, send])
async def test_a_client_that_is_cancelled_wherever_it_waits_ends_and_leaves_no_connection_open(
    bootstrap: str, work: Work
) -> None:
    kafka.silence_client_logs()
    before, connection, outcome = asyncio.all_tasks(), KafkaConnection(bootstrap), "cancelled"
    for waiting_point in count():
        with warnings.catch_warnings(record=True) as unclosed:
            warnings.simplefilter("always", ResourceWarning)
            outcome = await outcome_of(waiting_point, work(connection))
            await asyncio.sleep(0.01)  # the sockets are closed after their transports
            gc.collect()
        if outcome == "complete":
            break
        left = [str(warning.message) for warning in unclosed], asyncio.all_tasks() - before
        assert (outcome, *left) == ("cancelled", [], set()), f"at waiting point {waiting_point}"
    assert waiting_point > 5


async def test_a_producer_is_closed_within_seconds_after_a_failed_block_also_if_its_broker_is_silent(
    broker: Kafka, bootstrap: str
) -> None:

    async def send_to_nobody() -> None:
        async with asyncio.timeout(3), started(kafka.producer(KafkaConnection(bootstrap))) as producer:
            broker.pause()
            await producer.send_and_wait(TOPIC, b"x")

    began = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            await send_to_nobody()
    finally:
        broker.resume()
    assert time.monotonic() - began < 3 + scaled(3 * CLOSE_WITHIN_S)
