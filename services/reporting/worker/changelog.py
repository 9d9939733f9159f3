"""The changelog of a worker's facts: one row per fact on a compacted topic, partitioned as its sources are.

A Faust table in what recovery needs of one, and no more: the facts are kept, per partition, by whoever folds them.
Its rows come and go as whole record batches: some 4 µs each, where a table write costs 400.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from faust import App, Table
from faust.types import TP
from mode.utils.queues import ThrowableQueue
from prometheus_client import Counter

from services.reporting.domain.partitions.partition_state import Row
from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.process.exits import EX_SOFTWARE, end, fatal
from services.reporting.view.generations import view_topic
from shared.kafka import broker

RECOVERED = Counter("piket_worker_recovered_rows_total", "Facts read back from the changelog")

TABLE = "facts"
COMPRESSION = "snappy"
"""Costs nothing that can be measured when facts are written, and a recovery takes 0.6 of the time."""
NOTHING = -1

InForce = Callable[[], Awaitable[object]]
Committed = Callable[[], Awaitable[Mapping[TopicPartition, int]]]


class Facts(Protocol):
    """Who keeps the facts of the partitions that this worker holds."""

    def recover(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take key and value of rows of a partition that was assigned; null where a fact was deleted."""

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now."""

    async def publish_all(self, sound: Awaitable[object]) -> None:
        """Publish every row: all facts of the assigned partitions are there, if they are found `sound`."""


def app_id(deployment: str, generation: int = 0) -> str:
    """The Faust app, its consumer group, and the start of its changelog's name."""
    return f"piket-coverage-{deployment}" + (f"-g{generation}" if generation else "")


def changelog_topic(deployment: str, generation: int = 0) -> str:
    """The name that Faust gives the changelog of the table of facts."""
    return f"{app_id(deployment, generation)}-{TABLE}-changelog"


async def create_changelog(
    bootstrap: str, deployment: str, partitions: int, replication: int, generation: int = 0
) -> None:
    """Create the changelog of a generation of the view, and the topic that says which one is in force.

    Those that exist are left as they are.
    """
    sizes = {changelog_topic(deployment, generation): partitions, view_topic(deployment): 1}
    compacted = {"cleanup.policy": "compact"}
    await broker.create(bootstrap, [NewTopic(*named, replication, topic_configs=compacted) for named in sizes.items()])


async def write(
    producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
) -> Sequence[Awaitable[Any]]:
    """Send the rows of one partition; answers what to await until the broker has them."""
    return [await producer.send_batch(batch, topic, partition=partition) for batch in _batches(producer, rows)]


class _Fetched(ThrowableQueue[Any]):
    """Batches between fetch and recovery, of one assignment: Faust's would pass one on into the next recovery."""

    async def put(self, batch: Any) -> None:  # noqa: ANN401 - a Faust event
        """Drop what comes while the flow stands still: after the rebalance it is read again."""
        if self._flow_control.is_active():
            await super().put(batch)


class Changelog(Table):
    """Recovers the facts of newly assigned partitions and drops those of revoked ones.

    `in_force` returns when the view was in force after it was called, and else ends the process. The changelog of a
    view is deleted after another one was put in force: what was recovered by then is whole. `committed` answers the
    offsets of the worker's group: whatever was acknowledged has left something in the changelog.
    """

    mundane_level = "debug"

    def __init__(self, app: App, partitions: int, facts: Facts, in_force: InForce, committed: Committed) -> None:
        # A buffer of 1 would make Faust go on reading its own changelog after the recovery.
        super().__init__(app, name=TABLE, partitions=partitions, schema=BatchSchema(), recovery_buffer_size=2)
        self._facts, self._in_force, self._committed = facts, in_force, committed
        self._read: dict[int, int] = {}
        self._assigned: set[int] = set()
        app.tables.add(self)
        queued = app.conf.stream_buffer_maxsize
        app.tables._changelog_queue = _Fetched(queued, flow_control=app.flow_control, clear_on_resume=True)  # noqa: SLF001

    def persisted_offset(self, tp: TP) -> int:
        """Answer the last changelog offset that is in memory: recovery goes on behind it."""
        return self._read.get(tp.partition, NOTHING)

    async def on_changelog_event(self, event: Any) -> None:  # noqa: ANN401 - a Faust event
        """Hand over recovered rows. Faust would log an error and leave the rows out."""
        with fatal("recovering facts from the changelog failed"):
            tp, _, records = event.value
            if tp.partition in self._assigned:
                self._facts.recover(tp.partition, ((record.key, record.value) for record in records))
                self._read[tp.partition] = records[-1].offset
                RECOVERED.inc(len(records))

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Nothing: it is in memory. What is kept back until then, Faust applies after the partition was dropped."""

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], *_: object) -> None:
        """Drop the partitions that went to another worker."""
        self._assigned = {tp.partition for tp in assigned}
        for tp in revoked - assigned:
            if tp.topic == self.changelog_topic_name:
                self._read.pop(tp.partition, None)
                self._facts.drop(tp.partition)

    async def on_recovery_completed(self, *_: object) -> None:
        """Every fact of every assigned partition is there, if so. Faust would swallow an error here."""
        if self._recovered():
            with fatal("publishing the rows of the assigned partitions failed"):
                await self._facts.publish_all(self._whole())

    def _recovered(self) -> bool:
        """Whether all is read: Faust says so too of a recovery that another rebalance has cut off."""
        recovery = self.app.tables.recovery
        return recovery.active_tps <= recovery.active_highwaters.keys() and not recovery.need_recovery()

    async def _whole(self) -> None:
        """End the process when facts are lost that were acknowledged; another assignment may come meanwhile."""
        assigned, empty = self._assigned, self._assigned - self._read.keys()
        await self._in_force()
        if empty:
            committed = {place.partition for place in await self._committed()}
            lost = sorted(empty & committed)
            if lost and assigned is self._assigned:
                end(
                    f"The worker ends: {self.changelog_topic_name} has lost the facts of the partitions {lost}. The"
                    " events are kept: `piket rebuild-view --from DATE` builds the view anew from them.",
                    EX_SOFTWARE,
                )


def _batches(producer: AIOKafkaProducer, rows: Sequence[Row]) -> Iterator[Any]:
    batch = producer.create_batch()
    for key, value in rows:
        if batch.append(key=key, value=value, timestamp=None) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    yield batch
