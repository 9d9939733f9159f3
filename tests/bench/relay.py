"""Measures events/s of the relay with checkpoint and lease, against a plain send_batch loop.

Run it by `python -m tests.bench.relay`.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deploy.local.kafka import Kafka
from shared.kafka import broker as kafka
from shared.kafka.connection import KafkaConnection
from shared.relay import sender
from tests.support.in_memory_source import (
    PARTITIONS,
    TOPIC,
    InMemorySource,
    create_topics,
    delete_topic,
    running_relay,
    wait_until_sent,
)

EVENTS = 50_000
ROUNDS = 5


async def send_by_relay(feed: InMemorySource, bootstrap: str, folder: Path) -> None:
    async with running_relay(feed.relay(bootstrap, folder / "mark", timeout=20)):
        await wait_until_sent(folder / "mark", EVENTS, seconds=120)


async def send_by_producer(feed: InMemorySource, bootstrap: str, folder: Path) -> None:
    """Send all events at once, without pages and checkpoint: the maximum of this producer."""
    del folder
    producer = kafka.producer(KafkaConnection(bootstrap))
    await producer.start()
    await sender.send_page(producer, TOPIC, feed.stored, PARTITIONS)
    await producer.stop()


async def events_per_second(
    work: Callable[[InMemorySource, str, Path], Awaitable[None]], feed: InMemorySource, bootstrap: str
) -> float:
    await create_topics(bootstrap)
    with tempfile.TemporaryDirectory() as folder:
        started_at = time.perf_counter()
        await work(feed, bootstrap, Path(folder))
        seconds = time.perf_counter() - started_at
    await delete_topic(bootstrap)
    return EVENTS / seconds


async def compare(bootstrap: str) -> None:
    feed = InMemorySource(EVENTS)
    rates: dict[str, list[float]] = {"relay": [], "bare send_batch": []}
    for _ in range(ROUNDS + 1):  # interleaved, so that a busy computer affects both equally
        rates["relay"].append(await events_per_second(send_by_relay, feed, bootstrap))
        rates["bare send_batch"].append(await events_per_second(send_by_producer, feed, bootstrap))
    print(f"{EVENTS} events of {len(feed.stored[-1].body)} bytes, {ROUNDS} rounds after one to warm up")
    for name, measured in rates.items():
        warm = measured[1:]
        print(f"{name:16} {statistics.median(warm):9,.0f} events/s  ({min(warm):,.0f} to {max(warm):,.0f})")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, Kafka(Path(home), jit="full") as broker:
        asyncio.run(compare(broker.bootstrap))
