"""Tests the worker's processor without Kafka: what it writes, publishes and dead-letters before it acknowledges."""

import asyncio
from datetime import timedelta

import pytest

from deploy.local.deadlines import scaled
from services.reporting.view.latency import TAPS_HEADER, encode_instants
from services.reporting.worker import processor
from services.reporting.worker.processor import RecordsSkipped
from shared.domain.envelope import decode, encode
from tests.support import example_facts as ex
from tests.support.in_memory_worker import (
    TOPIC_PARTITION,
    WorkerUnderTest,
    changelog_rows,
    check_ins,
)
from tests.support.waiting import LIMIT_S, run_ready_tasks


@pytest.fixture
async def worker() -> WorkerUnderTest:
    return WorkerUnderTest()


async def test_a_hundred_check_ins_of_one_office_give_one_row(worker: WorkerUnderTest) -> None:
    await worker.process(*check_ins(100))
    await worker.flush()
    assert [(row.key, row.revision) for row in worker.publisher.rows] == [("32/DPMPTSP/2025-11-06", 100)]


async def test_every_fact_is_kept_as_it_was_read(worker: WorkerUnderTest) -> None:
    bodies = check_ins(3)
    await worker.process(*bodies)
    await worker.flush()
    assert [row.value for row in worker.publisher.changelog] == bodies


async def test_a_repeat_changes_no_row_and_publishes_it_again(worker: WorkerUnderTest) -> None:
    for _ in range(2):
        await worker.process(*check_ins(1))
        await worker.flush()
    assert worker.publisher.rows[0] == worker.publisher.rows[1]


async def test_a_row_says_once_when_each_new_tap_was_recorded(worker: WorkerUnderTest) -> None:
    for _ in range(2):
        await worker.process(*check_ins(3))
        await worker.flush()
    recorded = [decode(body).recordedtime.timestamp() for body in check_ins(3)]
    assert worker.publisher.row_headers == [{TAPS_HEADER: encode_instants(recorded)}, {}]


async def test_nothing_is_acknowledged_before_it_is_durable(worker: WorkerUnderTest) -> None:
    worker.publisher.is_open.clear()
    await worker.process(*check_ins(1))
    flush = asyncio.create_task(worker.flush())
    await worker.publisher.is_called.wait()
    await run_ready_tasks()
    assert worker.acknowledged_batches == 0
    worker.publisher.is_open.set()
    await flush
    assert worker.acknowledged_batches == 1


async def test_the_next_batch_does_not_wait_for_the_flush_of_the_last(worker: WorkerUnderTest) -> None:
    worker.publisher.is_open.clear()
    await worker.process(check_ins(2)[0])
    flush = asyncio.create_task(worker.flush())
    await worker.publisher.is_called.wait()
    async with asyncio.timeout(scaled(LIMIT_S)):
        await worker.process(check_ins(2)[1])
    worker.publisher.is_open.set()
    await flush


async def test_with_too_much_not_durable_yet_the_next_batch_waits(
    worker: WorkerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "MAX_PENDING_RECORDS", 2)
    processing = asyncio.create_task(worker.process(*check_ins(2)))
    await run_ready_tasks()
    assert not processing.done()
    await worker.flush()
    await processing


async def test_a_skipped_record_is_refused(worker: WorkerUnderTest) -> None:
    await worker.process(*check_ins(1))
    with pytest.raises(RecordsSkipped, match=r"attendance.v1/1 goes on at offset 2, not 1"):
        await worker.process(*check_ins(1), skip=1)


async def test_what_nobody_can_read_goes_to_the_dead_letters_and_is_acknowledged(worker: WorkerUnderTest) -> None:
    await worker.process(b"no event", *check_ins(1))
    await worker.flush()
    region, dead_letter = worker.publisher.dead_letters[0]
    assert (region, dead_letter.value, dict(dead_letter.headers)["offset"]) == ("32", b"no event", b"0")
    assert worker.acknowledged_batches == 1


async def test_an_event_under_another_office_s_key_goes_to_the_dead_letters(worker: WorkerUnderTest) -> None:
    await worker.process(*check_ins(1), key=b"32/BAPENDA")
    await worker.flush()
    assert (len(worker.publisher.dead_letters), worker.publisher.rows) == (1, [])


async def test_of_a_dropped_partition_nothing_more_is_written(worker: WorkerUnderTest) -> None:
    await worker.process(*check_ins(1))
    worker.processor.release(TOPIC_PARTITION.partition)
    await worker.flush()
    assert (worker.publisher.rows, worker.publisher.changelog) == ([], [])


async def test_facts_from_the_changelog_are_published_as_rows(worker: WorkerUnderTest) -> None:
    worker.processor.restore(TOPIC_PARTITION.partition, changelog_rows(*check_ins(5)))
    await worker.finish_recovery()
    await worker.flush()
    assert [row.revision for row in worker.publisher.rows] == [5]


async def test_a_fact_of_a_later_version_does_not_keep_the_worker_from_starting(worker: WorkerUnderTest) -> None:
    later = check_ins(2)[1].replace(b"checked-in.v1", b"beamed-in.v1")
    worker.processor.restore(
        TOPIC_PARTITION.partition, [*changelog_rows(check_ins(1)[0], later), (b"32/DPMPTSP|gone", None)]
    )
    await worker.finish_recovery()
    await worker.flush()
    assert [row.revision for row in worker.publisher.rows] == [1]


async def test_a_view_from_a_date_on_keeps_the_night_before_it_and_no_row_of_it() -> None:
    friday, ledger = ex.THURSDAY + timedelta(days=1), ex.Ledger()
    worker = WorkerUnderTest(since=friday)
    for hours, days_before in (("22:00", 2), ("22:00", 1), ("06:00", 0)):
        when = ex.at(hours, friday - timedelta(days=days_before))
        await worker.process(encode(ledger.record(ex.tap("in", ex.ANI, when), when)))
    await worker.flush()
    assert [(row.service_date, row.revision) for row in worker.publisher.rows] == [(friday, 2)]
