"""The changelog of a worker's facts: one row per fact on a compacted topic, partitioned as its sources are.

A Faust table in what recovery needs of one, and no more: the facts are kept, per partition, by whoever folds them.
Its rows come and go as whole record batches: some 4 µs each, where a table write costs 400.
"""

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from faust import App, Table
from faust.types import TP
from prometheus_client import Counter

from services.reporting.batches import BatchSchema
from services.reporting.fatal import fatal
from services.reporting.generation import view_topic
from services.reporting.held import Row
from shared import kafka

RECOVERED = Counter("piket_worker_recovered_rows_total", "Facts read back from the changelog")

TABLE = "facts"
NOTHING = -1


class Facts(Protocol):
    """Who keeps the facts of the partitions that this worker holds."""

    def recover(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take key and value of rows of a partition that was assigned; null where a fact was deleted."""

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now."""

    async def publish_all(self) -> None:
        """Publish every row: all facts of the assigned partitions are there."""


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
    await kafka.create(bootstrap, [NewTopic(*named, replication, topic_configs=compacted) for named in sizes.items()])


async def write(
    producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
) -> Sequence[Awaitable[Any]]:
    """Send the rows of one partition; answers what to await until the broker has them."""
    return [await producer.send_batch(batch, topic, partition=partition) for batch in _batches(producer, rows)]


class Changelog(Table):
    """Recovers the facts of newly assigned partitions and drops those of revoked ones."""

    mundane_level = "debug"

    def __init__(self, app: App, partitions: int, facts: Facts) -> None:
        # A buffer of 1 would make Faust go on reading its own changelog after the recovery.
        super().__init__(app, name=TABLE, partitions=partitions, schema=BatchSchema(), recovery_buffer_size=2)
        self._facts = facts
        self._read: dict[int, int] = {}
        app.tables.add(self)

    def persisted_offset(self, tp: TP) -> int:
        """Answer the last changelog offset that is in memory: recovery goes on behind it."""
        return self._read.get(tp.partition, NOTHING)

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Hand over recovered rows. Faust would log an error and leave the rows out."""
        with fatal("recovering facts from the changelog failed"):
            for tp, _, records in (event.value for event in batch):
                self._facts.recover(tp.partition, ((record.key, record.value) for record in records))
                self._read[tp.partition] = records[-1].offset
                RECOVERED.inc(len(records))

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], *_: object) -> None:
        """Drop the partitions that went to another worker."""
        for tp in revoked - assigned:
            if tp.topic == self.changelog_topic_name:
                self._read.pop(tp.partition, None)
                self._facts.drop(tp.partition)

    async def on_recovery_completed(self, *_: object) -> None:
        """Every fact of every assigned partition is there. Faust would swallow an error here."""
        with fatal("publishing the rows of the assigned partitions failed"):
            await self._facts.publish_all()


def _batches(producer: AIOKafkaProducer, rows: Sequence[Row]) -> Iterator[Any]:
    batch = producer.create_batch()
    for key, value in rows:
        if batch.append(key=key, value=value, timestamp=None) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    yield batch
