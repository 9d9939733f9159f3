"""`python -m tests.bench.relay`: events/s of the relay, mark and lease included, beside a bare send_batch loop."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deploy.local.kafka import Kafka
from shared.kafka import broker as kafka
from shared.relay import sender as outlet
from tests.support.in_memory_source import PARTITIONS, TOPIC, Feed, create, delete, running, sent

EVENTS = 50_000
ROUNDS = 5


async def by_relay(feed: Feed, bootstrap: str, folder: Path) -> None:
    async with running(feed.relay(bootstrap, folder / "mark", patience=20)):
        await sent(folder / "mark", EVENTS, seconds=120)


async def bare(feed: Feed, bootstrap: str, folder: Path) -> None:
    """The most that this producer does: everything packed at once, no pages, no mark."""
    del folder
    producer = kafka.producer(bootstrap)
    await producer.start()
    await outlet.send(producer, TOPIC, feed.stored, PARTITIONS)
    await producer.stop()


async def timed(work: Callable[[Feed, str, Path], Awaitable[None]], feed: Feed, bootstrap: str) -> float:
    await create(bootstrap)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        await work(feed, bootstrap, Path(folder))
        took = time.perf_counter() - began
    await delete(bootstrap)
    return EVENTS / took


async def compare(bootstrap: str) -> None:
    feed = Feed(EVENTS)
    rates: dict[str, list[float]] = {"relay": [], "bare send_batch": []}
    for _ in range(ROUNDS + 1):  # interleaved, so that a busy computer hurts both alike
        rates["relay"].append(await timed(by_relay, feed, bootstrap))
        rates["bare send_batch"].append(await timed(bare, feed, bootstrap))
    print(f"{EVENTS} events of {len(feed.stored[-1].body)} bytes, {ROUNDS} rounds after one to warm up")
    for name, measured in rates.items():
        warm = measured[1:]
        print(f"{name:16} {statistics.median(warm):9,.0f} events/s  ({min(warm):,.0f} to {max(warm):,.0f})")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, Kafka(Path(home), jit="full") as broker:
        asyncio.run(compare(broker.bootstrap))
