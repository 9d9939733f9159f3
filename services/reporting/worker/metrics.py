"""Measures a worker: lag, batches, rebalances, commits. Labels are topics, partitions, regions; never OPD or person."""

import logging
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from time import monotonic
from typing import Any

import faust
from faust.types import TP
from prometheus_client import Counter, Gauge, Histogram

from shared.clock import wall_time
from shared.kafka.broker import EVENTS_MOVED

log = logging.getLogger(__name__)

LAG = Gauge("piket_worker_lag", "Records of a partition that are not read yet", ("topic", "partition"))
LAG_SECONDS = Gauge(
    "piket_worker_lag_seconds", "Age of the oldest unread record of a partition; 0 without one", ("topic", "partition")
)
BATCH = Histogram("piket_worker_batch_records", "Records of a batch", buckets=(1, 5, 20, 50, 100, 200, 500))
REBALANCES = Histogram(
    "piket_worker_rebalance_seconds",
    "Seconds from losing partitions until all assigned ones are recovered and read",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)
RECOVERY = Gauge("piket_worker_recovery_seconds", "Seconds that the last recovery from the changelog took")
COMMITTED = Gauge("piket_worker_since_commit_seconds", "Seconds since the worker's last commit, or since its start")
DUPLICATES = Counter("piket_view_duplicates_total", "Events that were already known", ("region",))
LATE = Counter("piket_view_late_total", "Events recorded too late to count for the row of their date", ("region",))


def count_outcomes(topic: str, region: str, records: Mapping[str, int], outcomes: Mapping[str, int]) -> None:
    """Count the records of a batch by result (folded, unreadable), and its facts that were duplicates or late."""
    for result, count in records.items():
        EVENTS_MOVED.labels("worker", topic, result).inc(count)
    DUPLICATES.labels(region).inc(outcomes.get("repeat", 0))
    LATE.labels(region).inc(outcomes.get("late", 0))
    if left_out := outcomes.get("left out"):
        log.error("%d facts in the changelog of region %s are left out: they cannot be decoded.", left_out, region)


class RebalanceSensor(faust.Sensor):
    """A Faust sensor that measures each rebalance and the recovery at its end.

    `joining` is true while the group has assigned nothing since the start or the last revocation.
    """

    mundane_level = "debug"
    joining = True

    def on_rebalance_start(self, app: faust.App) -> dict[str, float]:
        """Note that the group assigns partitions again."""
        self.joining = True
        return super().on_rebalance_start(app)  # type: ignore[no-any-return]

    def on_rebalance_return(self, _: faust.App, state: dict[str, float]) -> None:
        """Note that the partitions are assigned and their recovery starts."""
        self.joining = False
        state["assigned"] = monotonic()

    def on_rebalance_end(self, app: faust.App, state: dict[str, float]) -> None:
        """Record the durations: the partitions are recovered, and reading starts."""
        REBALANCES.observe(seconds := monotonic() - state["time_start"])
        partitions = sorted({tp.partition for tp in app.consumer.assignment()})
        log.info("Holds partitions %s, after %.1f s.", partitions, seconds)
        RECOVERY.set(monotonic() - state.get("assigned", state["time_start"]))


class LagMeter:
    """Measures how far the partitions are read, in records and in seconds."""

    def __init__(self) -> None:
        self._read_until: dict[TP, float] = {}
        self._caught_up: dict[TP, float] = {}
        self._first_report: dict[TP, float] = {}
        self._last_offsets: Mapping[TP, int] = {}
        self._last_commit = monotonic()

    async def measure_batches(self, stream: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """Yield the events of a stream of batches, and record the size and last timestamp of each batch."""
        async for event in stream:
            tp, _, records = event.value
            BATCH.observe(len(records))
            self._read_until[tp] = records[-1].timestamp / 1000
            yield event

    def report_lag(self, unread: Mapping[TP, int]) -> None:
        """Set the lag gauges from the number of unread records by partition.

        The age of the oldest unread record is at most the time since the last read record was written, and at most the
        time since the partition was last fully read. The shorter one counts: after a quiet night the first is hours
        long, and after a start the second is unknown. If nothing was read at all, the first report counts.
        """
        LAG.clear()  # else a revoked partition would keep its last value
        LAG_SECONDS.clear()
        now = wall_time().timestamp()
        for tp, records in unread.items():
            if not records:
                self._caught_up[tp] = now
            read_until = self._read_until.get(tp) or self._first_report.setdefault(tp, now)
            oldest_unread = max(read_until, self._caught_up.get(tp, 0.0))
            LAG.labels(tp.topic, tp.partition).set(records)
            LAG_SECONDS.labels(tp.topic, tp.partition).set(max(0.0, now - oldest_unread) if records else 0.0)

    def report_commit(self, offsets: Mapping[TP, int]) -> None:
        """Set the gauge of seconds since the committed offsets last changed."""
        if offsets != self._last_offsets:
            self._last_offsets, self._last_commit = offsets, monotonic()
        COMMITTED.set(monotonic() - self._last_commit)
