"""Tests the batch transport without a broker: what it delivers, what it commits, and the pinned library versions."""

from collections.abc import AsyncIterator
from typing import Any

import faust
import pytest
import pytest_asyncio
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.types import TP

from services.reporting.faust_batches import consumer as batch_consumer
from services.reporting.faust_batches import pinned_versions
from services.reporting.faust_batches.batch import MAX_BATCH_RECORDS, PartitionBatch, split_into_batches
from services.reporting.faust_batches.consumer import BatchTransport

TOPIC_PARTITION = TP("piket.32.attendance.v1", 0)


def records(first: int, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    return [
        ConsumerRecord(TOPIC_PARTITION.topic, 0, offset, 1_762_390_800_000, 0, b"32/DPMPTSP", b"{}", None, 10, 2, ())
        for offset in range(first, first + count)
    ]


@pytest_asyncio.fixture
async def consumer() -> AsyncIterator[Any]:
    app = faust.App("piket-coverage-test", store="memory://", web_enabled=False)
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    app.finalize()
    app.flow_control.resume()
    consumer = app.transport.create_consumer(callback=print, on_partitions_revoked=None, on_partitions_assigned=None)
    yield consumer
    consumer._thread.thread_loop.close()


def deliver(consumer: Any, *, first: int, count: int) -> Any:
    return consumer._deliver(TOPIC_PARTITION, records(first, count))


async def test_a_batch_has_a_start_position_only_after_an_assignment(consumer: Any) -> None:
    consumer._start_offsets = {TOPIC_PARTITION: 7}
    first, second = deliver(consumer, first=7, count=2), deliver(consumer, first=9, count=2)
    assert [first.value.start_offset, second.value.start_offset] == [7, None]


async def test_only_the_unbroken_run_of_acknowledged_batches_is_committed(consumer: Any) -> None:
    first, second, third = (deliver(consumer, first=first, count=10) for first in (0, 10, 20))
    third.acked = True
    assert consumer._new_offset(TOPIC_PARTITION) is None
    first.acked = True
    assert consumer._new_offset(TOPIC_PARTITION) == 10
    second.acked = True
    assert consumer._new_offset(TOPIC_PARTITION) == 30


async def test_what_was_handed_out_before_a_revocation_is_never_committed_after_it(consumer: Any) -> None:
    stale = deliver(consumer, first=0, count=10)
    consumer._invalidate()
    stale.acked = True
    assert consumer._new_offset(TOPIC_PARTITION) is None


async def test_while_positions_are_sought_again_nothing_is_fetched_without_a_start_position(
    consumer: Any,
) -> None:
    consumer._start_offsets, consumer._positioned = {TOPIC_PARTITION: 7}, {TOPIC_PARTITION}
    consumer._invalidate()
    assert consumer.start_offsets() == {}


async def test_an_agent_commits_what_it_acknowledged(consumer: Any) -> None:
    batch = deliver(consumer, first=0, count=10)
    batch.ack(consumer)
    assert consumer._new_offset(TOPIC_PARTITION) == 10


async def test_what_faust_skips_while_the_flow_is_suspended_is_never_committed(consumer: Any) -> None:
    batch = deliver(consumer, first=0, count=10)
    consumer.app.flow_control.suspend()  # as on SIGTERM: a stream then acknowledges what it does not give to its agent
    batch.ack(consumer)
    assert consumer._new_offset(TOPIC_PARTITION) is None


async def test_what_faust_skips_because_it_is_of_another_generation_is_never_committed(consumer: Any) -> None:
    batch = deliver(consumer, first=0, count=10)
    consumer.app.consumer_generation_id += 1
    batch.ack(consumer)
    assert consumer._new_offset(TOPIC_PARTITION) is None


def test_a_long_fetch_is_cut_into_batches_without_a_gap() -> None:
    fetched = records(0, 2 * MAX_BATCH_RECORDS + 1)
    batches = list(split_into_batches(fetched))
    assert [record for batch in batches for record in batch] == fetched
    assert max(map(len, batches)) == MAX_BATCH_RECORDS


@pytest.mark.parametrize(
    ("committed", "position"),
    [(None, 5), (5, 5), (8, 8), (9, 9), (4, 5), (10, 5)],
    ids=["nothing committed", "at the start", "inside", "at the end", "before the log", "beyond the log"],
)
def test_reading_begins_at_the_committed_offset_or_at_the_log_start(committed: int | None, position: int) -> None:
    assert batch_consumer._start_position(TOPIC_PARTITION, committed, 5, 9) == position


def test_the_installed_libraries_are_the_pinned_ones() -> None:
    pinned_versions.check_pins()


def test_another_version_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pinned_versions.VERSIONS, "aiokafka", "0.13.0")
    with pytest.raises(pinned_versions.VersionMismatch, match=r"aiokafka 0\.13\.0, but found aiokafka 0\.14\.0"):
        pinned_versions.check_pins()


def test_a_private_name_that_is_gone_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_versions, "REQUIRED_NAMES", {PartitionBatch: "was_renamed"})
    with pytest.raises(pinned_versions.VersionMismatch, match=r"no PartitionBatch\.was_renamed"):
        pinned_versions.check_pins()


def test_faust_and_aiokafka_name_a_partition_alike() -> None:
    assert {TopicPartition(*TOPIC_PARTITION)} == {TOPIC_PARTITION}
