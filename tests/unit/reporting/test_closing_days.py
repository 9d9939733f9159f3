"""Days whose facts can no longer change are closed: after their rows are published, and safely at any crash."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from services.reporting.domain.partitions.partition_state import ChangelogRecord, region_of_state_key
from services.reporting.domain.partitions.region_state import first_date_of_state
from shared.domain.envelope import decode, encode, topic
from tests.support import example_facts
from tests.support.in_memory_worker import TOPIC_PARTITION, WorkerUnderTest
from tests.support.waiting import run_ready_tasks


@pytest.fixture
async def worker() -> WorkerUnderTest:
    return WorkerUnderTest()


def morning(days: int, ledger: example_facts.Ledger | None = None) -> list[bytes]:
    """Return the check-ins of one employee on a number of consecutive days."""
    ledger = ledger or example_facts.Ledger()
    instants = [example_facts.at("08:00", example_facts.THURSDAY + timedelta(days=n)) for n in range(days)]
    return [encode(ledger.record(example_facts.tap("in", example_facts.ANI, instant), instant)) for instant in instants]


async def close_days(worker: WorkerUnderTest) -> None:
    """Run one round of the flush task; the next flush writes the tombstones that closing produced."""
    worker.processor.update_watermarks([TOPIC_PARTITION])
    await worker.flush()
    await worker.processor.close_days()
    await worker.flush_pending()  # when nothing was closed there is nothing to write


async def test_days_that_were_about_to_be_closed_are_left_to_the_next_owner(worker: WorkerUnderTest) -> None:
    await worker.process(*morning(10))
    worker.processor.update_watermarks([TOPIC_PARTITION])
    await worker.flush()
    await worker.processor.close_days()
    worker.processor.release(TOPIC_PARTITION.partition)
    assert not await worker.flush_pending()
    assert [row.key for row in worker.publisher.changelog if row.value is None] == []


async def test_days_that_can_change_no_more_are_closed_after_their_rows_are_out(worker: WorkerUnderTest) -> None:
    await worker.process(*morning(10))
    await close_days(worker)
    assert [row.service_date.day for row in worker.publisher.rows] == [*range(6, 16)]
    tombstones = [row.key for row in worker.publisher.changelog if row.value is None]
    assert tombstones == [row.key for row in worker.publisher.changelog[: len(tombstones)]]
    assert len(tombstones) == 3  # the 15th less three days, less one of grace: rows from the 10th, facts from the 9th


async def test_the_state_in_the_changelog_has_the_first_day_with_rows(worker: WorkerUnderTest) -> None:
    changelog = worker.record_changelog()
    await worker.process(*morning(10))
    await close_days(worker)
    states = [
        (region_of_state_key(key), first_date_of_state(body))
        for key, body in changelog
        if body and region_of_state_key(key)
    ]
    assert (states[0], states[-1]) == (("32", None), ("32", example_facts.THURSDAY + timedelta(days=4)))


async def test_a_worker_that_has_nothing_left_to_read_closes_what_its_predecessor_left_open(
    worker: WorkerUnderTest,
) -> None:
    await worker.process(*morning(10))
    changelog = worker.record_changelog()
    await worker.flush()
    successor = WorkerUnderTest()
    successor.processor.restore(TOPIC_PARTITION.partition, changelog)
    await successor.finish_recovery()
    await close_days(successor)
    assert len([row.key for row in successor.publisher.changelog if row.value is None]) == 3


async def killed_before_publishing(worker: WorkerUnderTest, *bodies: bytes) -> list[ChangelogRecord]:
    """Return the changelog of a worker that was killed before it published any row."""
    changelog = worker.record_changelog()
    await worker.process(*bodies)
    worker.publisher.is_open.clear()
    writing = asyncio.create_task(worker.flush())
    await worker.publisher.is_called.wait()
    await run_ready_tasks()
    writing.cancel()
    return changelog


@pytest.mark.parametrize("recovered", [True, False], ids=["recovered", "still recovering"])
async def test_no_day_is_closed_before_the_rows_of_what_was_recovered_are_out(
    worker: WorkerUnderTest, *, recovered: bool
) -> None:
    bodies, successor = morning(10), WorkerUnderTest()
    successor.processor.restore(TOPIC_PARTITION.partition, await killed_before_publishing(worker, *bodies))
    if recovered:
        await successor.finish_recovery()
    successor.processor.update_watermarks([TOPIC_PARTITION])
    await successor.processor.close_days()
    await successor.finish_recovery()
    await successor.process(*bodies)
    await close_days(successor)
    assert {row.service_date.day for row in successor.publisher.rows} == {*range(6, 16)}


async def test_what_comes_again_of_a_closed_day_touches_nothing(worker: WorkerUnderTest) -> None:
    await worker.process(*morning(10))
    await close_days(worker)
    rows, facts = len(worker.publisher.rows), len(worker.publisher.changelog)
    await worker.process(*morning(3))
    await worker.flush()
    assert (len(worker.publisher.rows), len(worker.publisher.changelog)) == (rows, facts)


async def test_no_day_is_closed_while_a_source_lags_behind() -> None:
    worker = WorkerUnderTest(second_topic=topic("32", "roster"))
    await worker.process(*morning(10))
    await close_days(worker)
    assert [row.key for row in worker.publisher.changelog if row.value is None] == []


async def test_a_source_that_runs_days_ahead_of_another_waits() -> None:
    worker = WorkerUnderTest(second_topic=topic("32", "roster"))
    await worker.process(*morning(1))
    assert worker.processor.update_watermarks([]) == {TOPIC_PARTITION}
    assert worker.processor.update_watermarks([(topic("32", "roster"), TOPIC_PARTITION.partition)]) == set()


async def test_the_changelog_of_closed_days_recovers_none_of_them(worker: WorkerUnderTest) -> None:
    changelog = worker.record_changelog()
    await worker.process(*morning(10))
    await close_days(worker)
    for written in range(1, len(changelog) + 1):  # a kill may leave any beginning of it
        successor = WorkerUnderTest()
        successor.processor.restore(TOPIC_PARTITION.partition, changelog[:written])
        await successor.finish_recovery()
        await successor.flush()
        rows = {row.service_date: row.revision for row in successor.publisher.rows}
        assert all(
            revision == len({day, day - timedelta(1), day + timedelta(1)} & rows_of(changelog[:written]))
            for day, revision in rows.items()
        )


def rows_of(rows: Sequence[ChangelogRecord]) -> set[date]:
    return {decode(row.value).data.tap_date for row in rows if row.value and not row.key.endswith(b"state")}  # type: ignore[attr-defined]
