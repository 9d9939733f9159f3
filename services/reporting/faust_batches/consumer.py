"""A Faust transport that hands an agent whole batches: records of one partition, as fetched.

Faust's own transport pays some 240 µs for every message, and drops and skips records in corners of a rebalance. Here
one stream element is a `Batch`. Faust's worker, agents, assignor, recovery and commit task stay in use; its consumer is
overridden where it fetches, seeks and chooses the offset to commit. Those names are private: see `pins`.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from faust import App
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from services.reporting.faust_batches.batch import Batch, cut
from services.reporting.faust_batches.membership import Membership, MemberThread

log = logging.getLogger(__name__)

FETCH_BYTES = 4 << 20
"""Of one partition at once: with 1 MB, the handing over between two threads took half the time of a recovery."""
POLL_S = 0.1


class _Consumer(driver.Consumer):
    """Fetches, seeks and commits by batches.

    `_handed` are the batches handed out and not yet committed, `_sought` the partitions whose position was set in this
    assignment, `_begins` that position until the first batch is handed out. `_epoch` changes when what was fetched
    before must not be delivered any more.
    """

    mundane_level = "debug"

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._handed: defaultdict[TP, deque[ConsumerMessage]] = defaultdict(deque)
        self._sought: set[TP] = set()
        self._begins: dict[TP, int] = {}
        self._held: frozenset[TP] = frozenset()
        self._epoch = 0
        self._position = asyncio.Lock()  # a fetch moves positions: none may be under way during a seek

    def begins(self) -> Mapping[TP, int | None]:
        """Every partition held, with its position while none of its records was handed out in this assignment."""
        return {tp: self._begins.get(tp) for tp in self._sought}

    def hold(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Do not fetch these partitions, until told otherwise: others lag behind them."""
        self._held = frozenset(TP(*place) for place in partitions)

    def committed(self) -> Mapping[TP, int]:
        """The committed offset of every source's partition held, or where its log began when none was."""
        return {tp: at for tp, at in self._committed_offset.items() if at is not None and tp in self._sought}

    def _new_consumer_thread(self) -> MemberThread:
        return MemberThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401 - a Faust service
        """Faust's loop without its own read offset, which is written late: after a seek it drops what is read again."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):  # noqa: SLF001
                await asyncio.sleep(0)
                async for _, message in self.getmany(POLL_S):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's
        """Yield what was fetched, in batches, as long as no rebalance or seek has made it stale.

        What is left is dropped: a seek to the committed offset follows, or has been made.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        async with self._position:
            ticket, fetched = self._ticket(), await self._fetch(timeout)
        for tp, records in fetched.items():
            for some in cut(records):
                if self.should_stop or ticket != self._ticket():
                    return
                yield TP(*tp), self._hand(TP(*tp), some)

    async def _fetch(self, timeout: float) -> Mapping[TP, Sequence[Any]]:  # noqa: ASYNC109 - Faust's
        """Fetch what was sought; while rebalancing only changelogs: Faust clears the streams' queues at its end."""
        active = (self._get_active_partitions() & self._sought) - self._held
        active = {tp for tp in active if not self.app.rebalancing or self._is_changelog_tp(tp)}
        if active:
            return await self._getmany(active, timeout)  # type: ignore[no-any-return]
        await self.sleep(POLL_S / 4)
        return {}

    def _ticket(self) -> tuple[bool, int, int]:
        return self.flow_active, self.app.consumer_generation_id, self._epoch

    def _hand(self, tp: TP, records: Sequence[Any]) -> ConsumerMessage:
        batch, last = Batch(tp, self._begins.pop(tp, None), records), records[-1]
        message = ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None, batch, None,
            tp=tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        if not self._is_changelog_tp(tp):  # which is never acknowledged
            self._handed[tp].append(message)
        return message

    def ack(self, message: ConsumerMessage) -> bool:
        """Acknowledge, but never what Faust passed over since the flow stood still or its generation was over.

        Faust acknowledges that too, and the last commit on SIGTERM would cover records that no agent has seen. The
        records are let go: until the next commit some hundred thousand would pile up.
        """
        message.value = None
        current = self.app.flow_control.is_active() and message.generation_id == self.app.consumer_generation_id
        return current and bool(super().ack(message))

    def on_buffer_full(self, tp: TP) -> None:
        """Keep fetching: a full queue makes the conductor wait, which holds `getmany` back. Faust sleeps a second."""

    def _new_offset(self, tp: TP) -> int | None:
        """Answer the end of the unbroken run of acknowledged batches: never past one that is still in work."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        handed, offset = self._handed[tp], None
        while handed and handed[0].acked:
            offset = handed.popleft().offset + 1
        return offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what was handed out: whoever owns the partitions next reads it again."""
        self._forget()
        self._sought.clear()
        await super().on_partitions_revoked(revoked)

    async def perform_seek(self) -> None:
        """Seek every stream partition to its committed offset, or to the log start when the log does not hold it."""
        self._forget()
        epoch = self._epoch
        positions = await self._positions([tp for tp in self.assignment() if not self._is_changelog_tp(tp)])
        if epoch == self._epoch:  # else they were revoked meanwhile, and the next assignment seeks
            await self.seek_wait(positions)
            self._committed_offset.update(positions)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek when no fetch is under way, and let nothing be delivered that was fetched before."""
        async with self._position:
            epoch = self._epoch
            await super().seek_wait(partitions)
            if epoch == self._epoch:
                self._sought.update(partitions)
                self._begins.update(partitions)
            self._epoch += 1

    async def _positions(self, streams: Sequence[TP]) -> dict[TP, int]:
        committed = await self.seek_to_committed()
        starts, ends = await self.earliest_offsets(*streams), await self.highwaters(*streams)
        return {tp: _position(tp, committed[tp], starts[tp], ends[tp]) for tp in streams}

    def _forget(self) -> None:
        """Nothing of a stream is fetched until it is sought again: Faust may seek twice in one assignment."""
        self._epoch += 1
        self._handed.clear()
        self._begins.clear()
        self._sought = set(filter(self._is_changelog_tp, self._sought))


class Transport(driver.Transport):
    """Faust's aiokafka transport, in batches. Set it as `app.transport`."""

    Consumer = _Consumer

    def __init__(self, url: object, app: App) -> None:
        super().__init__(url, app)
        self.membership = Membership(app.conf.broker_session_timeout, app.conf.consumer_group_instance_id or "")


def _position(tp: TP, committed: int | None, start: int, end: int) -> int:
    if committed is None or start <= committed <= end:
        return start if committed is None else committed
    log.warning("%s/%d: offset %d was committed but the log holds %d to %d; all is read.", *tp, committed, start, end)
    return start
