"""The streaming worker's processor without Kafka: what it keeps, publishes and puts aside before it acknowledges."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from services.reporting.worker import processor
from services.reporting.worker.processor import Gap
from shared.domain.envelope import encode
from tests.support import example_facts as ex
from tests.support.example_facts import at
from tests.support.in_memory_worker import OTHER, PLACE, Desk, changelog, taps


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_a_hundred_check_ins_of_one_office_give_one_row(desk: Desk) -> None:
    await desk.take(*taps(100))
    await desk.flush()
    assert [(row.key, row.revision) for row in desk.paper.rows] == [("32/DPMPTSP/2025-11-06", 100)]


async def test_every_fact_is_kept_as_it_was_read(desk: Desk) -> None:
    bodies = taps(3)
    await desk.take(*bodies)
    await desk.flush()
    assert [row.value for row in desk.paper.facts] == bodies


async def test_a_repeat_changes_no_row_and_publishes_it_again(desk: Desk) -> None:
    for _ in range(2):
        await desk.take(*taps(1))
        await desk.flush()
    assert desk.paper.rows[0] == desk.paper.rows[1]


async def test_nothing_is_acknowledged_before_it_is_durable(desk: Desk) -> None:
    desk.paper.open.clear()
    await desk.take(*taps(1))
    flush = asyncio.create_task(desk.flush())
    await asyncio.sleep(0.05)
    assert desk.acknowledged == 0
    desk.paper.open.set()
    await flush
    assert desk.acknowledged == 1


async def test_the_next_batch_does_not_wait_for_the_flush_of_the_last(desk: Desk) -> None:
    desk.paper.open.clear()
    await desk.take(taps(2)[0])
    flush = asyncio.create_task(desk.flush())
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        await desk.take(taps(2)[1])
    desk.paper.open.set()
    await flush


async def test_with_too_much_not_durable_yet_the_next_batch_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "WAITING", 2)
    taking = asyncio.create_task(desk.take(*taps(2)))
    await asyncio.sleep(0.05)
    assert not taking.done()
    await desk.flush()
    await taking


async def test_a_skipped_record_is_refused(desk: Desk) -> None:
    await desk.take(*taps(1))
    with pytest.raises(Gap, match=r"attendance.v1/1 goes on at offset 2, not 1"):
        await desk.take(*taps(1), skip=1)


async def test_what_nobody_can_read_is_put_aside_and_acknowledged(desk: Desk) -> None:
    await desk.take(b"no event", *taps(1))
    await desk.flush()
    (region, letter), headers = desk.paper.letters[0], dict(desk.paper.letters[0][1].headers)
    assert (region, letter.value, headers["offset"], desk.acknowledged) == ("32", b"no event", b"0", 1)


async def test_an_event_under_another_office_s_key_is_put_aside(desk: Desk) -> None:
    await desk.take(*taps(1), key=b"32/BAPENDA")
    await desk.flush()
    assert (len(desk.paper.letters), desk.paper.rows) == (1, [])


async def test_of_a_dropped_partition_nothing_more_is_written(desk: Desk) -> None:
    await desk.take(*taps(1))
    desk.processor.drop(PLACE.partition)
    await desk.flush()
    assert (desk.paper.rows, desk.paper.facts) == ([], [])


async def test_facts_from_the_changelog_are_published_as_rows(desk: Desk) -> None:
    desk.processor.recover(PLACE.partition, changelog(*taps(5)))
    await desk.recovered()
    await desk.flush()
    assert [row.revision for row in desk.paper.rows] == [5]


async def test_a_fact_of_a_later_version_does_not_keep_the_worker_from_starting(desk: Desk) -> None:
    later = taps(2)[1].replace(b"checked-in.v1", b"beamed-in.v1")
    desk.processor.recover(PLACE.partition, [*changelog(taps(1)[0], later), (b"32/DPMPTSP|gone", None)])
    await desk.recovered()
    await desk.flush()
    assert [row.revision for row in desk.paper.rows] == [1]


async def test_a_view_from_a_date_on_keeps_the_night_before_it_and_no_row_of_it() -> None:
    friday, ledger = ex.THURSDAY + timedelta(days=1), ex.Ledger()
    desk = Desk(since=friday)
    for hours, days_before in (("22:00", 2), ("22:00", 1), ("06:00", 0)):
        when = ex.at(hours, friday - timedelta(days=days_before))
        await desk.take(encode(ledger.record(ex.tap("in", ex.ANI, when), when)))
    await desk.flush()
    assert [(row.service_date, row.revision) for row in desk.paper.rows] == [(friday, 2)]


def words(desk: Desk, begins: int | None) -> list[tuple[str, Mapping[str, int]]]:
    return [(word.key, word.positions) for word in desk.processor.words({PLACE: begins, OTHER: 9}, at("08:00"))]


async def test_a_worker_that_has_read_nothing_yet_says_where_it_begins(desk: Desk) -> None:
    assert words(desk, 7) == [("32/~/1", {"attendance": 7})]


async def test_a_worker_vouches_only_for_what_is_durable(desk: Desk) -> None:
    await desk.take(*taps(3))
    assert words(desk, None) == []
    await desk.flush()
    await desk.take(*taps(2))
    assert words(desk, None) == [("32/~/1", {"attendance": 3})]


async def test_after_another_assignment_a_worker_vouches_for_nothing_that_it_has_not_read_again(desk: Desk) -> None:
    await desk.take(*taps(3))
    desk.paper.open.clear()
    flush = asyncio.create_task(desk.flush())
    await asyncio.sleep(0.01)
    desk.processor.drop(PLACE.partition)
    desk.paper.open.set()
    await flush
    assert words(desk, None) == []


async def test_what_is_being_written_is_waited_for_and_then_nothing_is_written_until_an_assignment(desk: Desk) -> None:
    desk.paper.open.clear()
    await desk.take(*taps(2))
    writing = asyncio.create_task(desk.flush())
    await asyncio.sleep(0)
    pausing = asyncio.create_task(desk.processor.pause())
    await asyncio.sleep(0.01)
    assert not pausing.done()
    desk.paper.open.set()
    await asyncio.gather(writing, pausing)
    written = len(desk.paper.facts), len(desk.paper.rows)
    await desk.take(*taps(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.flush(), 0.05)
    assert (len(desk.paper.facts), len(desk.paper.rows)) == written
    await desk.recovered()
    await desk.flush()
    assert len(desk.paper.rows) > written[1]


async def test_partitions_revoked_while_their_facts_are_looked_at_are_not_written(desk: Desk) -> None:
    await desk.processor.pause()
    found = asyncio.Event()
    looking = asyncio.create_task(desk.processor.publish_all(found.wait()))
    await asyncio.sleep(0)
    await desk.processor.pause()  # the next rebalance
    found.set()
    await looking
    await desk.take(*taps(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.flush(), 0.05)
    await desk.recovered()
    await desk.flush()
    assert len(desk.paper.rows) == 1


async def test_partitions_revoked_in_the_last_moment_are_not_written(desk: Desk) -> None:
    await desk.processor.pause()
    async with desk.processor._changed:  # as `take` may hold it
        looking = asyncio.create_task(desk.processor.publish_all(asyncio.sleep(0)))
        await asyncio.sleep(0.01)
        await desk.processor.pause()  # the next rebalance
    await looking
    await desk.take(*taps(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.flush(), 0.05)


async def test_after_a_switch_a_worker_vouches_for_nothing_before_its_rows_are_out() -> None:
    built, successor = Desk(staged=True), Desk()
    kept = built.keeps()
    await built.take(*taps(1))
    await built.flush()
    successor.processor.recover(PLACE.partition, kept)
    await successor.recovered()
    said = [words(built, None), words(successor, 1)]
    await successor.flush()
    assert [*said, words(successor, 1)] == [[], [], [("32/~/1", {"attendance": 1})]]
    kept = successor.keeps()
    await successor.flush()
    assert [(key, b'"staged":false' in (body or b"")) for key, body in kept] == [(b"32/-|state", True)]


async def test_after_a_switch_a_place_without_an_office_is_vouched_for_at_once() -> None:
    built, successor = Desk(staged=True), Desk()
    kept = built.keeps()
    await built.take(b"no event")
    await built.flush()
    successor.processor.recover(PLACE.partition, kept)
    await successor.recovered()
    assert words(successor, 1) == [("32/~/1", {"attendance": 1})]


async def test_a_changelog_has_a_row_of_every_partition_of_which_anything_is_acknowledged(desk: Desk) -> None:
    kept = desk.keeps()
    await desk.take(b"no event")
    await desk.flush()
    assert [row.key for row in kept] == [b"32/-|state"]
