"""Overrides Faust's Kafka transport so that an agent receives whole batches: records of one partition, as fetched.

Faust's own transport costs some 240 µs of CPU per message, and drops or skips records in some cases of a rebalance.
Here one stream element is a `PartitionBatch`. Faust's worker, agents, assignor, recovery and commit task stay in use;
its consumer is overridden where it fetches, seeks and chooses the offset to commit.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from faust import App
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from services.reporting.faust_batches.batch import PartitionBatch, split_into_batches
from services.reporting.faust_batches.membership import Membership, MembershipThread

log = logging.getLogger(__name__)

MAX_FETCH_BYTES = 4 << 20
"""Bytes fetched of one partition at once. With 1 MB, passing records between two threads took half of a recovery."""
POLL_TIMEOUT_S = 0.1


class _BatchConsumer(driver.Consumer):
    """A consumer that fetches, seeks and commits by batches.

    `_uncommitted` holds the delivered batches that are not committed yet; `_positioned` the partitions whose position
    was set in this assignment; `_start_offsets` that position, until the first batch is delivered. `_epoch` increases
    whenever records that were fetched before must not be delivered any more.
    """

    mundane_level = "debug"

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._uncommitted: defaultdict[TP, deque[ConsumerMessage]] = defaultdict(deque)
        self._positioned: set[TP] = set()
        self._start_offsets: dict[TP, int] = {}
        self._paused: frozenset[TP] = frozenset()
        self._epoch = 0
        self._position_lock = asyncio.Lock()  # a fetch moves positions: none may run during a seek

    def start_offsets(self) -> Mapping[TP, int | None]:
        """Return, by assigned partition, where it is read from; None once a batch of it has been delivered."""
        return {tp: self._start_offsets.get(tp) for tp in self._positioned}

    def pause(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Pause these partitions, because others lag behind them, and resume all partitions that are not named."""
        self._paused = frozenset(TP(*topic_partition) for topic_partition in partitions)

    def committed_offsets(self) -> Mapping[TP, int]:
        """Return the committed offset of each assigned source partition, or its log start if none is committed."""
        return {
            tp: offset for tp, offset in self._committed_offset.items() if offset is not None and tp in self._positioned
        }

    def _new_consumer_thread(self) -> MembershipThread:
        return MembershipThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401 - a Faust service
        """Deliver what is fetched until the fetcher stops: Faust's loop without its own `_read_offset`."""
        # Faust writes `_read_offset` only after the delivery. If a seek comes between, the late write makes Faust drop
        # the records that are read again.
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):  # noqa: SLF001
                await asyncio.sleep(0)
                async for _, message in self.getmany(POLL_TIMEOUT_S):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's
        """Fetch once and yield the records in batches; stop as soon as a rebalance or a seek has made them stale.

        The remaining records are dropped. Nothing is lost, because a seek to the committed offset follows or was made.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        async with self._position_lock:
            state, fetched = self._fetch_state(), await self._fetch(timeout)
        for tp, records in fetched.items():
            for batch in split_into_batches(records):
                if self.should_stop or state != self._fetch_state():
                    return
                yield TP(*tp), self._deliver(TP(*tp), batch)

    async def _fetch(self, timeout: float) -> Mapping[TP, Sequence[Any]]:  # noqa: ASYNC109 - Faust's
        """Fetch the positioned partitions; during a rebalance only changelogs, because its end clears stream queues."""
        active = (self._get_active_partitions() & self._positioned) - self._paused
        active = {tp for tp in active if not self.app.rebalancing or self._is_changelog_tp(tp)}
        if active:
            return await self._getmany(active, timeout)  # type: ignore[no-any-return]
        await self.sleep(POLL_TIMEOUT_S / 4)
        return {}

    def _fetch_state(self) -> tuple[bool, int, int]:
        return self.flow_active, self.app.consumer_generation_id, self._epoch

    def _deliver(self, tp: TP, records: Sequence[Any]) -> ConsumerMessage:
        batch, last = PartitionBatch(tp, self._start_offsets.pop(tp, None), records), records[-1]
        message = ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None, batch, None,
            tp=tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        if not self._is_changelog_tp(tp):  # which is never acknowledged
            self._uncommitted[tp].append(message)
        return message

    def ack(self, message: ConsumerMessage) -> bool:
        """Acknowledge a batch, unless the flow is suspended or the batch is of an earlier generation.

        Faust acknowledges also the messages that it skips in these two cases. The last commit on SIGTERM would then
        include records that no agent has seen.
        """
        message.value = None  # frees the records: until the next commit some 100,000 of them would accumulate
        current = self.app.flow_control.is_active() and message.generation_id == self.app.consumer_generation_id
        return current and bool(super().ack(message))

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: the conductor waits for a full queue, and that delays `getmany`. Faust would sleep a second."""

    def _new_offset(self, tp: TP) -> int | None:
        """Return the offset after the contiguous acknowledged batches, or None if the first one is not acknowledged."""
        self._acked[tp].clear()  # Faust's own record of acknowledgements, not used here: it would grow
        self._acked_index[tp].clear()
        uncommitted, offset = self._uncommitted[tp], None
        while uncommitted and uncommitted[0].acked:
            offset = uncommitted.popleft().offset + 1
        return offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Discard all uncommitted batches: the next owner of the partitions reads them again."""
        self._invalidate()
        self._positioned.clear()
        await super().on_partitions_revoked(revoked)

    async def perform_seek(self) -> None:
        """Seek each stream partition to its committed offset, or to the log start if the log does not contain it."""
        self._invalidate()
        epoch = self._epoch
        positions = await self._initial_positions([tp for tp in self.assignment() if not self._is_changelog_tp(tp)])
        if epoch == self._epoch:  # else they were revoked, and the next assignment seeks
            await self.seek_wait(positions)
            self._committed_offset.update(positions)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek while no fetch runs, and make everything stale that was fetched before."""
        async with self._position_lock:
            epoch = self._epoch
            await super().seek_wait(partitions)
            if epoch == self._epoch:
                self._positioned.update(partitions)
                self._start_offsets.update(partitions)
            self._epoch += 1

    async def _initial_positions(self, streams: Sequence[TP]) -> dict[TP, int]:
        committed = await self.seek_to_committed()
        starts, ends = await self.earliest_offsets(*streams), await self.highwaters(*streams)
        return {tp: _start_position(tp, committed[tp], starts[tp], ends[tp]) for tp in streams}

    def _invalidate(self) -> None:
        """Make all fetched records stale, and fetch no stream partition until its position is set again.

        Changelog partitions keep their position, because Faust may seek streams twice in one assignment.
        """
        self._epoch += 1
        self._uncommitted.clear()
        self._start_offsets.clear()
        self._positioned = set(filter(self._is_changelog_tp, self._positioned))


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with the batch consumer. Set it as `app.transport`."""

    Consumer = _BatchConsumer

    def __init__(self, url: object, app: App) -> None:
        super().__init__(url, app)
        self.membership = Membership(app.conf.broker_session_timeout, app.conf.consumer_group_instance_id or "")


def _start_position(tp: TP, committed: int | None, start: int, end: int) -> int:
    if committed is None or start <= committed <= end:
        return start if committed is None else committed
    log.warning(
        "%s/%d: offset %d was committed, but the log has %d to %d; it is read from its start.",
        *tp,
        committed,
        start,
        end,
    )
    return start
