"""Tests the worker's processor across assignments: which positions it publishes, and when it writes nothing."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.support.example_facts import at
from tests.support.in_memory_worker import CHANGELOG_PARTITION, TOPIC_PARTITION, WorkerUnderTest, check_ins
from tests.support.waiting import run_ready_tasks


@pytest.fixture
async def worker() -> WorkerUnderTest:
    return WorkerUnderTest()


def durable_positions(worker: WorkerUnderTest, start_offset: int | None) -> list[tuple[str, Mapping[str, int]]]:
    start_offsets = {TOPIC_PARTITION: start_offset, CHANGELOG_PARTITION: 9}
    by_partition = worker.processor.durable_positions(start_offsets, at("08:00"))
    return [(positions.key, positions.positions) for positions in by_partition]


async def test_a_worker_that_has_read_nothing_yet_says_where_it_begins(worker: WorkerUnderTest) -> None:
    assert durable_positions(worker, 7) == [("32/~/1", {"attendance": 7})]


async def test_a_worker_vouches_only_for_what_is_durable(worker: WorkerUnderTest) -> None:
    await worker.process(*check_ins(3))
    assert durable_positions(worker, None) == []
    await worker.flush()
    await worker.process(*check_ins(2))
    assert durable_positions(worker, None) == [("32/~/1", {"attendance": 3})]


async def test_after_another_assignment_a_worker_vouches_for_nothing_that_it_has_not_read_again(
    worker: WorkerUnderTest,
) -> None:
    await worker.process(*check_ins(3))
    worker.publisher.is_open.clear()
    flush = asyncio.create_task(worker.flush())
    await worker.publisher.is_called.wait()
    worker.processor.release(TOPIC_PARTITION.partition)
    worker.publisher.is_open.set()
    await flush
    assert durable_positions(worker, None) == []


async def test_what_is_being_written_is_waited_for_and_then_nothing_is_written_until_an_assignment(
    worker: WorkerUnderTest,
) -> None:
    worker.publisher.is_open.clear()
    await worker.process(*check_ins(2))
    writing = asyncio.create_task(worker.flush())
    await worker.publisher.is_called.wait()
    pausing = asyncio.create_task(worker.processor.pause())
    await run_ready_tasks()
    assert not pausing.done()
    worker.publisher.is_open.set()
    await asyncio.gather(writing, pausing)
    written = len(worker.publisher.changelog), len(worker.publisher.rows)
    await worker.process(*check_ins(1))
    assert not await worker.flush_pending()
    assert (len(worker.publisher.changelog), len(worker.publisher.rows)) == written
    await worker.finish_recovery()
    await worker.flush()
    assert len(worker.publisher.rows) > written[1]


async def test_partitions_revoked_while_their_facts_are_looked_at_are_not_written(worker: WorkerUnderTest) -> None:
    await worker.processor.pause()
    verified = asyncio.Event()
    publishing = asyncio.create_task(worker.processor.publish_all(verified.wait()))
    await asyncio.sleep(0)
    await worker.processor.pause()  # the next rebalance
    verified.set()
    await publishing
    await worker.process(*check_ins(1))
    assert not await worker.flush_pending()
    await worker.finish_recovery()
    await worker.flush()
    assert len(worker.publisher.rows) == 1


async def test_partitions_revoked_in_the_last_moment_are_not_written(worker: WorkerUnderTest) -> None:
    await worker.processor.pause()
    async with worker.processor._pending_changed:  # as `process_batch` may hold it
        publishing = asyncio.create_task(worker.processor.publish_all(asyncio.sleep(0)))
        await run_ready_tasks()
        await worker.processor.pause()  # the next rebalance
    await publishing
    await worker.process(*check_ins(1))
    assert not await worker.flush_pending()


async def test_after_a_switch_a_worker_vouches_for_nothing_before_its_rows_are_out() -> None:
    built, successor = WorkerUnderTest(staged=True), WorkerUnderTest()
    changelog = built.record_changelog()
    await built.process(*check_ins(1))
    await built.flush()
    successor.processor.restore(TOPIC_PARTITION.partition, changelog)
    await successor.finish_recovery()
    before = [durable_positions(built, None), durable_positions(successor, 1)]
    await successor.flush()
    assert [*before, durable_positions(successor, 1)] == [[], [], [("32/~/1", {"attendance": 1})]]
    changelog = successor.record_changelog()
    await successor.flush()
    assert [(key, b'"staged":false' in (body or b"")) for key, body in changelog] == [(b"32/-|state", True)]


async def test_after_a_switch_a_place_without_an_office_is_vouched_for_at_once() -> None:
    built, successor = WorkerUnderTest(staged=True), WorkerUnderTest()
    changelog = built.record_changelog()
    await built.process(b"no event")
    await built.flush()
    successor.processor.restore(TOPIC_PARTITION.partition, changelog)
    await successor.finish_recovery()
    assert durable_positions(successor, 1) == [("32/~/1", {"attendance": 1})]


async def test_a_changelog_has_a_row_of_every_partition_of_which_anything_is_acknowledged(
    worker: WorkerUnderTest,
) -> None:
    changelog = worker.record_changelog()
    await worker.process(b"no event")
    await worker.flush()
    assert [row.key for row in changelog] == [b"32/-|state"]
