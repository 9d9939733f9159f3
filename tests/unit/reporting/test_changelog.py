"""Tests rebalances during a recovery, with Faust's own recovery and without Kafka: no stale batch is applied later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import faust
import pytest
import pytest_asyncio
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting.faust_batches.changelog_table import NO_OFFSET, ChangelogTable
from services.reporting.faust_batches.consumer import BatchTransport
from tests.support.waiting import run_ready_tasks, wait_until

QUEUED = 4
LAST = 20_000


class RecordingTarget:
    """Records the restored facts by partition, and how often all rows were to be published."""

    def __init__(self) -> None:
        self.restored: dict[int, list[int]] = {}
        self.published = 0

    def restore(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        self.restored.setdefault(partition, []).extend(int(key.partition(b"|")[2], 16) for key, _ in rows)

    def release(self, partition: int) -> None:
        del self.restored[partition]

    async def publish_all(self, verification: Awaitable[object]) -> None:
        await verification
        self.published += 1


class Consumer:
    """A consumer whose changelogs all end at `LAST`; every method that is not defined does nothing."""

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, LAST)

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, 0)

    async def seek_wait(self, _: object) -> None: ...

    async def perform_seek(self) -> None: ...

    def assignment(self) -> set[TP]:
        return set()

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


class Worker:
    """A Faust app with a changelog that it recovers."""

    def __init__(self) -> None:
        options = {"store": "memory://", "web_enabled": False, "stream_recovery_delay": 0.0}
        self.app = faust.App("piket-coverage-test", stream_buffer_maxsize=QUEUED, **options)
        self.app.transport = BatchTransport(self.app.conf.broker_consumer, self.app)
        self.target = RecordingTarget()
        self.changelog = ChangelogTable(self.app, "facts", 3, self.target, self._nothing, self._no_commits)
        self.app.finalize()
        self.recovery = self.app.tables.recovery
        self.app.consumer = Consumer()
        self.app.producer  # noqa: B018 - creates the producer, without starting it
        self.app._producer = None
        vars(self.app)["_fetcher"] = SimpleNamespace(maybe_start=self._nothing)
        self.partitions = [TP(self.changelog.changelog_topic_name, n) for n in range(3)]
        self.consumer = BatchTransport(self.app.conf.broker_consumer, self.app).create_consumer(
            callback=print, on_partitions_revoked=None, on_partitions_assigned=None
        )

    async def _nothing(self) -> None: ...

    async def _no_commits(self) -> Mapping[Any, int]:
        return {}

    def batch(self, partition: int, first: int, count: int = 1000) -> Any:
        """Return an event with `count` records from offset `first`, as the consumer delivers it."""
        topic = self.changelog.changelog_topic_name
        rows = [
            ConsumerRecord(topic, partition, n, 0, 0, b"32/DPMPTSP|%032x" % n, b"{}", None, 0, 0, ())
            for n in range(first, first + count)
        ]
        message = self.consumer._deliver(self.partitions[partition], rows)
        return self.app.create_event(None, message.value, None, message)

    async def assign(self, generation: int, *partitions: int) -> None:
        """Do what Faust does when the group has assigned these partitions."""
        assigned = {self.partitions[n] for n in partitions}
        self.app.consumer_generation_id = generation
        revoked, new = self.app._update_assignment(assigned)
        self.app.assignor.assigned_actives = lambda: assigned
        self.app.assignor.assigned_standbys = set
        await self.changelog.on_rebalance(assigned, revoked, new, generation)
        await self.recovery.on_rebalance(assigned, revoked, new, generation)
        await run_ready_tasks()

    def revoke(self) -> None:
        """Do what Faust does, in one step, when the group starts a rebalance."""
        self.app.tables.on_partitions_revoked(set(self.partitions))
        self.app.flow_control.suspend()
        self.app.flow_control.clear()


@pytest_asyncio.fixture
async def idle() -> AsyncIterator[Worker]:
    worker = Worker()
    yield worker
    worker.consumer._thread.thread_loop.close()


@pytest_asyncio.fixture
async def worker(idle: Worker) -> AsyncIterator[Worker]:
    methods = type(idle.recovery)._slurp_changelogs, type(idle.recovery)._restart_recovery
    tasks = [asyncio.create_task(method(idle.recovery)) for method in methods]
    yield idle
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("turns", range(12))
async def test_of_a_partition_that_went_to_another_worker_nothing_is_left(worker: Worker, turns: int) -> None:
    await worker.assign(1, 0, 1)
    for n in range(QUEUED):
        worker.app.tables.changelog_queue.force_put_nowait(worker.batch(0, 1000 * n))
    for _ in range(turns):
        await asyncio.sleep(0)
    worker.revoke()
    await run_ready_tasks()
    worker.target.restored.setdefault(0, [])
    await worker.assign(2, 1)
    assert worker.changelog.persisted_offset(worker.partitions[0]) == NO_OFFSET
    assert 0 not in worker.target.restored


@pytest.mark.parametrize("turns", range(1, 14))
async def test_no_batch_waits_for_a_full_queue_into_the_next_recovery(idle: Worker, turns: int) -> None:
    queue, waiting = idle.app.tables.changelog_queue, asyncio.Event()
    idle.app.flow_control.resume()
    for n in range(QUEUED):
        queue.force_put_nowait(n)

    async def deliver() -> None:  # as Faust's conductor does to a full queue
        await asyncio.wait([asyncio.ensure_future(queue.put("stale"))])

    delivering = asyncio.ensure_future(idle.recovery.wait_first(deliver(), waiting.wait()))
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.set()
    idle.revoke()
    await run_ready_tasks()
    idle.app.flow_control.resume()
    await run_ready_tasks()
    await delivering
    assert queue.empty()


async def test_a_recovery_that_a_rebalance_cuts_off_is_not_complete(worker: Worker) -> None:
    await worker.assign(1, 0, 1, 2)
    worker.app.tables.changelog_queue.force_put_nowait(worker.batch(0, 0))
    await run_ready_tasks()
    worker.revoke()
    worker.target.restored.update({n: [] for n in range(1, 3)})
    await worker.assign(2, 0, 1)
    assert (worker.recovery.in_recovery, worker.target.published) == (True, 0)
    for partition, first in ((0, 1000), (1, 0)):
        for at in range(first, LAST, 1000):
            await worker.app.tables.changelog_queue.put(worker.batch(partition, at))
    await wait_until(lambda: not worker.recovery.in_recovery and worker.target.published)
    assert (worker.recovery.in_recovery, worker.target.published) == (False, 1)
    assert worker.target.restored == {n: list(range(LAST)) for n in (0, 1)}
