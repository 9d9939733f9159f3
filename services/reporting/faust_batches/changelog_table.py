"""Recovers facts from the changelog topic through Faust's table recovery, in whole batches.

To Faust the changelog is a table, but it implements only what recovery needs: the facts themselves are in the memory
of a `RestoreTarget`. A record takes some 4 µs to write or to read back, where a write to a Faust table takes 400 µs.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from aiokafka import TopicPartition
from faust import App, Table
from faust.types import TP
from mode.utils.queues import ThrowableQueue
from prometheus_client import Counter

from services.reporting.faust_batches.batch import BatchSchema
from services.reporting.process.exits import EX_SOFTWARE, exit_now, exit_on_error

RECOVERED = Counter("piket_worker_recovered_rows_total", "Facts read back from the changelog")

NO_OFFSET = -1


class RestoreTarget(Protocol):
    """Keeps the facts of the assigned partitions in memory."""

    def restore(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Add facts of a newly assigned partition, as (key, value); the value is None if the fact was deleted."""

    def release(self, partition: int) -> None:
        """Drop a partition that another worker has now."""

    async def publish_all(self, verification: Awaitable[object]) -> None:
        """Publish all rows of the assigned partitions once `verification` returns: all their facts are restored."""


class ChangelogTable(Table):
    """Restores the facts of newly assigned partitions and drops those of revoked ones.

    `check_generation` returns if the worker's view is still in force, and ends the process if it is not. A changelog is
    deleted only after another view was put in force, so whatever was recovered before that check is complete.
    `read_committed` returns the committed offsets of the worker's group: every partition with a commit has at least
    one record in the changelog.
    """

    mundane_level = "debug"

    def __init__(
        self,
        app: App,
        name: str,
        partitions: int,
        target: RestoreTarget,
        check_generation: Callable[[], Awaitable[object]],
        read_committed: Callable[[], Awaitable[Mapping[TopicPartition, int]]],
    ) -> None:
        # With a buffer size of 1 Faust would continue to read its own changelog after the recovery.
        super().__init__(app, name=name, partitions=partitions, schema=BatchSchema(), recovery_buffer_size=2)
        self._target, self._check_generation, self._read_committed = target, check_generation, read_committed
        self._restored_offsets: dict[int, int] = {}
        self._assigned: set[int] = set()
        app.tables.add(self)
        size = app.conf.stream_buffer_maxsize
        app.tables._changelog_queue = _ChangelogQueue(size, flow_control=app.flow_control, clear_on_resume=True)  # noqa: SLF001

    def persisted_offset(self, tp: TP) -> int:
        """Return the last changelog offset that is in memory. Recovery continues after it."""
        return self._restored_offsets.get(tp.partition, NO_OFFSET)

    async def on_changelog_event(self, event: Any) -> None:  # noqa: ANN401 - a Faust event
        """Restore the rows of a batch, or end the process: Faust would log an error and skip the rows."""
        with exit_on_error("recovering facts from the changelog failed"):
            tp, _, records = event.value
            if tp.partition in self._assigned:  # else the batch came after a revocation
                self._target.restore(tp.partition, ((record.key, record.value) for record in records))
                self._restored_offsets[tp.partition] = records[-1].offset
                RECOVERED.inc(len(records))

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Do nothing: `on_changelog_event` restored the batch. Faust may call this after it dropped a partition."""

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], *_: object) -> None:
        """Drop the partitions that went to another worker."""
        self._assigned = {tp.partition for tp in assigned}
        for tp in revoked - assigned:
            if tp.topic == self.changelog_topic_name:
                self._restored_offsets.pop(tp.partition, None)
                self._target.release(tp.partition)

    async def on_recovery_completed(self, *_: object) -> None:
        """Publish the rows of the assigned partitions, or end the process: Faust would swallow an error here."""
        if self._is_complete():
            with exit_on_error("publishing the rows of the assigned partitions failed"):
                await self._target.publish_all(self._verify_complete())

    def _is_complete(self) -> bool:
        """Return whether all is read: Faust also calls a recovery complete that another rebalance interrupted."""
        recovery = self.app.tables.recovery
        return recovery.active_tps <= recovery.active_highwaters.keys() and not recovery.need_recovery()

    async def _verify_complete(self) -> None:
        """End the process if the changelog has lost facts that were acknowledged."""
        assigned, empty = self._assigned, self._assigned - self._restored_offsets.keys()
        # First: after a switch the changelog of an earlier generation is deleted on purpose, and has lost nothing.
        await self._check_generation()
        if empty:
            committed = {topic_partition.partition for topic_partition in await self._read_committed()}
            lost = sorted(empty & committed)
            if lost and assigned is self._assigned:  # else there was another assignment during the two checks
                exit_now(
                    f"The worker ends: {self.changelog_topic_name} has lost the facts of the partitions {lost}. The"
                    " events are kept: `piket rebuild-view --from DATE` rebuilds the view from them.",
                    EX_SOFTWARE,
                )


class _ChangelogQueue(ThrowableQueue[Any]):
    """Batches between fetch and recovery. Faust's own queue would pass a late batch on into the next recovery."""

    async def put(self, batch: Any) -> None:  # noqa: ANN401 - a Faust event
        """Drop the batch if the flow is suspended: after the rebalance it is read again."""
        if self._flow_control.is_active():
            await super().put(batch)
