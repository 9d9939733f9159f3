"""The batch transport without a broker: what it hands out, what it commits, and that it knows its libraries."""

from collections.abc import AsyncIterator
from typing import Any

import faust
import pytest
import pytest_asyncio
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.types import TP

from services.reporting.faust_batches import consumer as transport
from services.reporting.faust_batches import pinned_versions
from services.reporting.faust_batches.batch import BATCH, Batch, cut
from services.reporting.faust_batches.consumer import Transport

MONDAY = TP("piket.32.attendance.v1", 0)


def records(first: int, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    return [
        ConsumerRecord(MONDAY.topic, 0, offset, 1_762_390_800_000, 0, b"32/DPMPTSP", b"{}", None, 10, 2, ())
        for offset in range(first, first + count)
    ]


@pytest_asyncio.fixture
async def consumer() -> AsyncIterator[Any]:
    app = faust.App("piket-coverage-test", store="memory://", web_enabled=False)
    app.transport = Transport(app.conf.broker_consumer, app)
    app.finalize()
    app.flow_control.resume()
    one = app.transport.create_consumer(callback=print, on_partitions_revoked=None, on_partitions_assigned=None)
    yield one
    one._thread.thread_loop.close()


def hand(consumer: Any, *, first: int, count: int) -> Any:
    return consumer._hand(MONDAY, records(first, count))


async def test_a_batch_tells_where_it_begins_only_after_an_assignment(consumer: Any) -> None:
    consumer._begins = {MONDAY: 7}
    first, second = hand(consumer, first=7, count=2), hand(consumer, first=9, count=2)
    assert [first.value.begins, second.value.begins] == [7, None]


async def test_only_the_unbroken_run_of_acknowledged_batches_is_committed(consumer: Any) -> None:
    first, second, third = (hand(consumer, first=first, count=10) for first in (0, 10, 20))
    third.acked = True
    assert consumer._new_offset(MONDAY) is None
    first.acked = True
    assert consumer._new_offset(MONDAY) == 10
    second.acked = True
    assert consumer._new_offset(MONDAY) == 30


async def test_what_was_handed_out_before_a_revocation_is_never_committed_after_it(consumer: Any) -> None:
    stale = hand(consumer, first=0, count=10)
    consumer._forget()
    stale.acked = True
    assert consumer._new_offset(MONDAY) is None


async def test_while_positions_are_sought_anew_nothing_is_fetched_of_which_nobody_knows_where_it_begins(
    consumer: Any,
) -> None:
    consumer._begins, consumer._sought = {MONDAY: 7}, {MONDAY}
    consumer._forget()
    assert consumer.begins() == {}


async def test_an_agent_commits_what_it_acknowledged(consumer: Any) -> None:
    batch = hand(consumer, first=0, count=10)
    batch.ack(consumer)
    assert consumer._new_offset(MONDAY) == 10


async def test_what_faust_skips_while_the_flow_is_suspended_is_never_committed(consumer: Any) -> None:
    batch = hand(consumer, first=0, count=10)
    consumer.app.flow_control.suspend()  # as on SIGTERM: a stream then acknowledges what it does not give to its agent
    batch.ack(consumer)
    assert consumer._new_offset(MONDAY) is None


async def test_what_faust_skips_because_it_is_of_another_generation_is_never_committed(consumer: Any) -> None:
    batch = hand(consumer, first=0, count=10)
    consumer.app.consumer_generation_id += 1
    batch.ack(consumer)
    assert consumer._new_offset(MONDAY) is None


def test_a_long_fetch_is_cut_into_batches_without_a_gap() -> None:
    fetched = records(0, 2 * BATCH + 1)
    batches = list(cut(fetched))
    assert [record for some in batches for record in some] == fetched
    assert max(map(len, batches)) == BATCH


@pytest.mark.parametrize(
    ("committed", "position"),
    [(None, 5), (5, 5), (8, 8), (9, 9), (4, 5), (10, 5)],
    ids=["nothing committed", "at the start", "inside", "at the end", "before the log", "beyond the log"],
)
def test_reading_begins_at_the_committed_offset_or_at_the_log_start(committed: int | None, position: int) -> None:
    assert transport._position(MONDAY, committed, 5, 9) == position


def test_the_installed_libraries_are_the_pinned_ones() -> None:
    pinned_versions.check_pins()


def test_another_version_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pinned_versions.VERSIONS, "aiokafka", "0.13.0")
    with pytest.raises(pinned_versions.Unpinned, match=r"aiokafka 0\.13\.0, but found aiokafka 0\.14\.0"):
        pinned_versions.check_pins()


def test_a_private_name_that_is_gone_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_versions, "RELIED_ON", {Batch: "was_renamed"})
    with pytest.raises(pinned_versions.Unpinned, match=r"no Batch\.was_renamed"):
        pinned_versions.check_pins()


def test_faust_and_aiokafka_name_a_partition_alike() -> None:
    assert {TopicPartition(*MONDAY)} == {MONDAY}
