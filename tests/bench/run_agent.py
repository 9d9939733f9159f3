"""`python -m tests.bench.run_agent NAME REGION COUNT`: the agent on one machinery, over COUNT events."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import faust
from aiokafka import TopicPartition

from services.reporting.domain.partitions.partition_state import Row
from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.process.exits import fatal
from services.reporting.worker import __main__ as worker
from services.reporting.worker.changelog import COMPRESSION, Changelog, changelog_topic, write
from services.reporting.worker.settings import WorkerSettings
from shared.domain.envelope import topic
from shared.kafka import broker
from tests.bench import aiokafka_loop, stock_faust
from tests.bench.counting_agent import Agent
from tests.bench.measurement import Meter
from tests.bench.tap_events import PARTITIONS

BOOTSTRAP, RUN = os.environ["PIKET_KAFKA"], os.environ["PIKET_DEPLOYMENT"]
TOPIC = topic(os.environ["PIKET_REGIONS"], "attendance")
WAITING = 50_000


async def bare(agent: Agent) -> None:
    """An aiokafka loop, nothing durable, nothing committed."""
    async with aiokafka_loop.consumer(TOPIC) as consumer:
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                agent.take(records)
            agent.done()


def stock(agent: Agent) -> None:
    """Faust as it comes: one event at a time, one table row for each."""
    app = stock_faust.app()
    raw: Mapping[str, Any] = {"key_type": bytes, "value_type": bytes}
    table = app.Table("facts", partitions=PARTITIONS, **raw)

    @app.agent(app.topic(TOPIC, key_serializer="raw", value_serializer="raw", **raw))
    async def fold(stream: faust.Stream) -> None:
        async for event in stream.events():
            for row in agent.rows([event]):
                table[row.key] = row.value
            agent.done()

    stock_faust.run(app)


class Machinery:
    """The worker's Faust app, transport and changelog around the agent; acknowledged when durable."""

    def __init__(self, agent: Agent, *, durable: bool) -> None:
        self._agent, self._durable = agent, durable
        self._rows: defaultdict[int, list[Row]] = defaultdict(list)
        self._acknowledge: list[Callable[[], object]] = []
        self._changed = asyncio.Condition()

    async def process(self, stream: AsyncIterable[Any]) -> None:
        """Fold every batch; wait while too much is not durable."""
        async for event in stream:
            if self._durable:
                self._rows[event.value.tp.partition] += self._agent.rows(event.value.records)
            else:
                self._agent.take(event.value.records)
            self._acknowledge.append(event.ack)
            async with self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: sum(map(len, self._rows.values())) < WAITING)

    async def flush(self) -> None:
        """Make durable what is folded, then acknowledge it, for ever."""
        async with broker.producer(BOOTSTRAP, compression=COMPRESSION) as producer:
            while True:
                await self._flush_once(producer)

    async def _flush_once(self, producer: Any) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._acknowledge)
            rows, acknowledge = self._rows, self._acknowledge
            self._rows, self._acknowledge = defaultdict(list), []
            self._changed.notify_all()
        name = changelog_topic(RUN)
        for sent in [await write(producer, name, partition, some) for partition, some in rows.items()]:
            await asyncio.gather(*sent)
        for each in acknowledge:
            each()
        if not self._acknowledge:
            self._agent.done()

    def recover(self, *_: object) -> None:
        """Nothing: a run begins with an empty changelog."""

    def drop(self, _: int) -> None:
        """Nothing."""

    async def publish_all(self, sound: Awaitable[object]) -> None:
        """Nothing is published; what is awaited costs what it costs."""
        await sound

    def wire(self, app: faust.App, settings: WorkerSettings, _: Sequence[str]) -> None:
        """Stand in for the worker's own wiring."""
        Changelog(app, settings.partitions, self, partial(asyncio.sleep, 0), nothing_committed)
        events = app.topic(TOPIC, schema=BatchSchema(), maxsize=worker.QUEUED)

        @app.agent(events, name="coverage")
        async def fold(stream: faust.Stream) -> None:
            with fatal("folding a batch failed"):
                await self.process(stream.noack().events())

        @app.task
        async def flush() -> None:
            with fatal("writing rows failed"):
                await self.flush()


async def nothing_committed() -> Mapping[TopicPartition, int]:
    """A run is its group's first."""
    return {}


def piket(agent: Agent, *, durable: bool) -> None:
    """The worker's machinery as it is deployed."""
    vars(worker)["wire"] = Machinery(agent, durable=durable).wire
    sys.exit(worker.main())


CONTENDERS: Mapping[str, Callable[[Agent], object]] = {
    "bare": lambda agent: asyncio.run(bare(agent)),
    "machinery": lambda agent: piket(agent, durable=False),
    "changelog": lambda agent: piket(agent, durable=True),
    "stock": stock,
}

if __name__ == "__main__":
    worker.calm_collector()
    CONTENDERS[sys.argv[1]](Agent(Meter(int(sys.argv[3]))))
