"""What a worker measures of itself. Labels are topics, partitions and regions: never an OPD, never a person."""

import logging
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from time import monotonic
from typing import Any

import faust
from faust.types import TP
from prometheus_client import Counter, Gauge, Histogram

from shared.clock import wall
from shared.kafka.broker import EVENTS

log = logging.getLogger(__name__)

LAG = Gauge("piket_worker_lag", "Records of a partition that are not read yet", ("topic", "partition"))
LAG_SECONDS = Gauge(
    "piket_worker_lag_seconds", "Age of the oldest unread record of a partition; 0 without one", ("topic", "partition")
)
BATCH = Histogram("piket_worker_batch_records", "Records of a batch", buckets=(1, 5, 20, 50, 100, 200, 500))
REBALANCES = Histogram(
    "piket_worker_rebalance_seconds",
    "From losing partitions until all that were assigned are recovered and read",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)
RECOVERY = Gauge("piket_worker_recovery_seconds", "How long the last recovery from the changelog took")
COMMITTED = Gauge("piket_worker_since_commit_seconds", "Since the commit of the worker got on, or since its start")
DUPLICATES = Counter("piket_view_duplicates_total", "Events that were known already", ("region",))
LATE = Counter("piket_view_late_total", "Events recorded too late to count for the row of their date", ("region",))


def counted(topic: str, region: str, moved: Mapping[str, int], outcomes: Mapping[str, int]) -> None:
    """Count the records of a batch by what became of them, and those whose facts were repeats or late."""
    for outcome, records in moved.items():
        EVENTS.labels("worker", topic, outcome).inc(records)
    DUPLICATES.labels(region).inc(outcomes.get("repeat", 0))
    LATE.labels(region).inc(outcomes.get("late", 0))
    if left_out := outcomes.get("left out"):
        log.error("%d facts in the changelog of region %s are left out: no event can be read there.", left_out, region)


class Rounds(faust.Sensor):
    """Faust's sensor of rebalances: how long each took, and the recovery at its end.

    `joining`: the group has not assigned anything since the start or the last revocation.
    """

    mundane_level = "debug"
    joining = True

    def on_rebalance_start(self, app: faust.App) -> dict[str, float]:
        """The group assigns anew."""
        self.joining = True
        return super().on_rebalance_start(app)  # type: ignore[no-any-return]

    def on_rebalance_return(self, _: faust.App, state: dict[str, float]) -> None:
        """The partitions are assigned; their recovery begins."""
        self.joining = False
        state["assigned"] = monotonic()

    def on_rebalance_end(self, app: faust.App, state: dict[str, float]) -> None:
        """The partitions are recovered and are read."""
        REBALANCES.observe(took := monotonic() - state["time_start"])
        log.info("Holds partitions %s, after %.1f s.", sorted({tp.partition for tp in app.consumer.assignment()}), took)
        RECOVERY.set(monotonic() - state.get("assigned", state["time_start"]))


class Reading:
    """How far the partitions are read, in records and in time."""

    def __init__(self) -> None:
        self._written: dict[TP, float] = {}
        self._caught_up: dict[TP, float] = {}
        self._first_look: dict[TP, float] = {}
        self._commits: Mapping[TP, int] = {}
        self._committed = monotonic()

    async def seen(self, stream: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """Pass on a stream of batches, measured."""
        async for event in stream:
            tp, _, records = event.value
            BATCH.observe(len(records))
            self._written[tp] = records[-1].timestamp / 1000
            yield event

    def lag(self, unread: Mapping[TP, int]) -> None:
        """Tell how many records of each partition held are unread.

        The oldest of them came later than the last one that was read, and later than when none was unread. (Which of
        the two is nearer: Kafka's time of the former is hours old after a quiet night, the latter unknown at a start.)
        Where nothing was read at all, it is unread since it was first looked at.
        """
        LAG.clear()
        LAG_SECONDS.clear()
        now = wall().timestamp()
        for tp, records in unread.items():
            if not records:
                self._caught_up[tp] = now
            written = self._written.get(tp) or self._first_look.setdefault(tp, now)
            since = max(written, self._caught_up.get(tp, 0.0))
            LAG.labels(tp.topic, tp.partition).set(records)
            LAG_SECONDS.labels(tp.topic, tp.partition).set(max(0.0, now - since) if records else 0.0)

    def commit(self, offsets: Mapping[TP, int]) -> None:
        """Tell what is committed."""
        if offsets != self._commits:
            self._commits, self._committed = offsets, monotonic()
        COMMITTED.set(monotonic() - self._committed)
