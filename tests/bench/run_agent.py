"""Runs the counting agent on one stream processor over COUNT events: `... run_agent NAME REGION COUNT`."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import faust
from aiokafka import TopicPartition

from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.faust_batches.changelog_table import ChangelogTable
from services.reporting.process.exits import exit_on_error
from services.reporting.worker import __main__ as worker
from services.reporting.worker.changelog import COMPRESSION, TABLE_NAME, changelog_topic, send_records
from services.reporting.worker.settings import WorkerSettings
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.bench import aiokafka_loop, stock_faust
from tests.bench.counting_agent import CountingAgent
from tests.bench.measurement import Meter
from tests.bench.tap_events import PARTITIONS

BOOTSTRAP, RUN = os.environ["PIKET_KAFKA"], os.environ["PIKET_DEPLOYMENT"]
TOPIC = topic(os.environ["PIKET_REGIONS"], "attendance")
MAX_PENDING_ROWS = 50_000


async def run_aiokafka_loop(agent: CountingAgent) -> None:
    """Run an aiokafka loop without durable rows and commits."""
    async with aiokafka_loop.consumer(TOPIC) as consumer:
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                agent.count_records(records)
            agent.exit_if_complete()


def run_stock_faust(agent: CountingAgent) -> None:
    """Run stock Faust: one event at a time, one table row per event."""
    app = stock_faust.app()
    raw: Mapping[str, Any] = {"key_type": bytes, "value_type": bytes}
    table = app.Table("facts", partitions=PARTITIONS, **raw)

    @app.agent(app.topic(TOPIC, key_serializer="raw", value_serializer="raw", **raw))
    async def fold(stream: faust.Stream) -> None:
        async for event in stream.events():
            for row in agent.count_with_rows([event]):
                table[row.key] = row.value
            agent.exit_if_complete()

    stock_faust.run(app)


class AgentWorker:
    """Runs the agent with the worker's Faust app, transport and changelog. Batches are acknowledged when durable."""

    def __init__(self, agent: CountingAgent, *, durable: bool) -> None:
        self._agent, self._durable = agent, durable
        self._rows: defaultdict[int, list[ChangelogRecord]] = defaultdict(list)
        self._acknowledge: list[Callable[[], object]] = []
        self._changed = asyncio.Condition()

    async def process(self, stream: AsyncIterable[Any]) -> None:
        """Process all batches; wait while too many rows are not durable."""
        async for event in stream:
            if self._durable:
                self._rows[event.value.tp.partition] += self._agent.count_with_rows(event.value.records)
            else:
                self._agent.count_records(event.value.records)
            self._acknowledge.append(event.ack)
            async with self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: sum(map(len, self._rows.values())) < MAX_PENDING_ROWS)

    async def flush(self) -> None:
        """Write pending rows, then acknowledge their batches, until cancelled."""
        async with broker.producer(KafkaConnection(BOOTSTRAP), compression=COMPRESSION) as producer:
            while True:
                await self._flush_once(producer)

    async def _flush_once(self, producer: Any) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._acknowledge)
            rows, acknowledge = self._rows, self._acknowledge
            self._rows, self._acknowledge = defaultdict(list), []
            self._changed.notify_all()
        name = changelog_topic(RUN)
        for sent in [await send_records(producer, name, partition, records) for partition, records in rows.items()]:
            await asyncio.gather(*sent)
        for callback in acknowledge:
            callback()
        if not self._acknowledge:
            self._agent.exit_if_complete()

    def restore(self, *_: object) -> None:
        """Do nothing: the changelog is empty."""

    def release(self, _: int) -> None:
        """Do nothing."""

    async def publish_all(self, ready: Awaitable[object]) -> None:
        """Publish nothing; only await the given work, so that its cost is included."""
        await ready

    def wire(self, app: faust.App, settings: WorkerSettings, _: Sequence[str]) -> None:
        """Replace the wiring of the worker."""
        ChangelogTable(app, TABLE_NAME, settings.partitions, self, partial(asyncio.sleep, 0), nothing_committed)
        events = app.topic(TOPIC, schema=BatchSchema(), maxsize=worker.QUEUED_BATCHES)

        @app.agent(events, name="coverage")
        async def fold(stream: faust.Stream) -> None:
            with exit_on_error("folding a batch failed"):
                await self.process(stream.noack().events())

        @app.task
        async def flush() -> None:
            with exit_on_error("writing rows failed"):
                await self.flush()


async def nothing_committed() -> Mapping[TopicPartition, int]:
    """Return no offsets: the group of a run is new."""
    return {}


def run_piket(agent: CountingAgent, *, durable: bool) -> None:
    """Run the agent inside the worker as it is deployed."""
    vars(worker)["wire"] = AgentWorker(agent, durable=durable).wire
    sys.exit(worker.main())


CONTENDERS: Mapping[str, Callable[[CountingAgent], object]] = {
    "bare": lambda agent: asyncio.run(run_aiokafka_loop(agent)),
    "machinery": lambda agent: run_piket(agent, durable=False),
    "changelog": lambda agent: run_piket(agent, durable=True),
    "stock": run_stock_faust,
}

if __name__ == "__main__":
    worker.tune_garbage_collector()
    CONTENDERS[sys.argv[1]](CountingAgent(Meter(int(sys.argv[3]))))
