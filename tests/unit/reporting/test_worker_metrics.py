"""Tests the lag that a worker reports, and its watchdog."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import REGISTRY

from services.reporting.process import watchdog
from services.reporting.process.watchdog import Watchdog
from services.reporting.worker import metrics
from services.reporting.worker.metrics import LagMeter, count_outcomes
from tests.support.example_facts import at

TOPIC_PARTITION = TP("piket.32.attendance.v1", 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Return a clock at half past eight that a test moves."""
    now = SimpleNamespace(wall=at("08:30"), monotonic=1000.0)
    monkeypatch.setattr(metrics, "wall_time", lambda: now.wall)
    monkeypatch.setattr(watchdog, "monotonic", lambda: now.monotonic)
    yield now
    metrics.LAG.clear()
    metrics.LAG_SECONDS.clear()


async def read_batch(lag_meter: LagMeter, written: str) -> None:
    """Measure a batch whose last record was written at that time."""
    record = SimpleNamespace(timestamp=int(at(written).timestamp() * 1000))

    async def stream() -> AsyncIterator[Any]:
        yield SimpleNamespace(value=(TOPIC_PARTITION, None, [record]))

    assert [event.value[0] async for event in lag_meter.measure_batches(stream())] == [TOPIC_PARTITION]


def lag_seconds() -> float | None:
    labels = {"topic": TOPIC_PARTITION.topic, "partition": str(TOPIC_PARTITION.partition)}
    return REGISTRY.get_sample_value("piket_worker_lag_seconds", labels)


async def test_a_backlog_is_as_old_as_what_was_read_of_it_last(clock: SimpleNamespace) -> None:
    lag_meter = LagMeter()
    await read_batch(lag_meter, "07:30")
    lag_meter.report_lag({TOPIC_PARTITION: 400})
    assert lag_seconds() == 3600


async def test_after_a_quiet_night_the_first_record_is_not_hours_old(clock: SimpleNamespace) -> None:
    lag_meter = LagMeter()
    await read_batch(lag_meter, "01:00")
    lag_meter.report_lag({TOPIC_PARTITION: 0})
    assert lag_seconds() == 0
    clock.wall += timedelta(seconds=5)
    lag_meter.report_lag({TOPIC_PARTITION: 1})
    assert lag_seconds() == 5


def test_a_partition_of_which_nothing_is_read_lags_since_it_was_first_looked_at(clock: SimpleNamespace) -> None:
    lag_meter = LagMeter()
    lag_meter.report_lag({TOPIC_PARTITION: 3})
    clock.wall += timedelta(seconds=40)
    lag_meter.report_lag({TOPIC_PARTITION: 5})
    assert lag_seconds() == 40


def test_a_partition_that_moved_to_another_worker_is_no_longer_exported(clock: SimpleNamespace) -> None:
    lag_meter = LagMeter()
    lag_meter.report_lag({TOPIC_PARTITION: 0})
    lag_meter.report_lag({})
    assert lag_seconds() is None


def test_a_worker_without_progress_and_without_a_reason_hangs(clock: SimpleNamespace) -> None:
    dog = Watchdog(60)
    for position, idle, stalled_s in ((1, False, 0), (1, False, 10), (1, True, 0), (1, False, 10), (2, False, 0)):
        clock.monotonic += 10
        dog.report(position, idle=idle)
        assert dog.stalled_s() == stalled_s


def test_facts_that_a_later_version_wrote_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    count_outcomes("piket.32.attendance.v1", "32", {"folded": 3}, {"repeat": 1})
    assert caplog.text == ""
    count_outcomes("piket.32.attendance.v1", "32", {"folded": 3}, {"left out": 2})
    assert "2 facts in the changelog of region 32 are left out" in caplog.text
