"""Days whose facts can change no more are closed: after their rows are out, and in an order that any kill may cut."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

import pytest

from services.reporting.domain.partitions.partition_state import Row, state_of
from services.reporting.domain.partitions.region_state import first_of
from shared.domain.envelope import decode, encode, topic
from tests.support import example_facts as ex
from tests.support.in_memory_worker import PLACE, Desk


@pytest.fixture
async def desk() -> Desk:
    return Desk()


def morning(days: int, ledger: ex.Ledger | None = None) -> list[bytes]:
    """Somebody checks in on so many days, one after the other."""
    ledger = ledger or ex.Ledger()
    instants = [ex.at("08:00", ex.THURSDAY + timedelta(days=n)) for n in range(days)]
    return [encode(ledger.record(ex.tap("in", ex.ANI, instant), instant)) for instant in instants]


async def closing(desk: Desk) -> None:
    """One round of the flushing task; what it declares as gone is written by the next."""
    desk.processor.pace([PLACE])
    await desk.flush()
    await desk.processor.close_days()
    with suppress(TimeoutError):  # when nothing was closed there is nothing to write
        await asyncio.wait_for(desk.processor.flush_once(desk.paper), 0.2)


async def test_days_that_were_about_to_be_closed_are_left_to_the_next_owner(desk: Desk) -> None:
    await desk.take(*morning(10))
    desk.processor.pace([PLACE])
    await desk.flush()
    await desk.processor.close_days()
    desk.processor.drop(PLACE.partition)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.flush(), 0.1)
    assert [row.key for row in desk.paper.facts if row.value is None] == []


async def test_days_that_can_change_no_more_are_closed_after_their_rows_are_out(desk: Desk) -> None:
    await desk.take(*morning(10))
    await closing(desk)
    assert [row.service_date.day for row in desk.paper.rows] == [*range(6, 16)]
    gone = [row.key for row in desk.paper.facts if row.value is None]
    assert gone == [row.key for row in desk.paper.facts[: len(gone)]]
    assert len(gone) == 3  # the 15th less three days, less one of grace: rows from the 10th, facts from the 9th


async def test_the_state_in_the_changelog_tells_from_which_day_on_there_are_rows(desk: Desk) -> None:
    kept = desk.keeps()
    await desk.take(*morning(10))
    await closing(desk)
    told = [(state_of(key), first_of(body)) for key, body in kept if body and state_of(key)]
    assert (told[0], told[-1]) == (("32", None), ("32", ex.THURSDAY + timedelta(days=4)))


async def test_a_worker_that_has_nothing_left_to_read_closes_what_its_predecessor_left_open(desk: Desk) -> None:
    await desk.take(*morning(10))
    kept = desk.keeps()
    await desk.flush()
    successor = Desk()
    successor.processor.recover(PLACE.partition, kept)
    await successor.recovered()
    await closing(successor)
    assert len([row.key for row in successor.paper.facts if row.value is None]) == 3


async def killed(desk: Desk, *bodies: bytes) -> list[Row]:
    """What a worker leaves in its changelog that is killed before any of its rows is out."""
    kept = desk.keeps()
    await desk.take(*bodies)
    desk.paper.open.clear()
    writing = asyncio.create_task(desk.flush())
    await asyncio.sleep(0.01)
    writing.cancel()
    return kept


@pytest.mark.parametrize("recovered", [True, False], ids=["recovered", "still recovering"])
async def test_no_day_is_closed_before_the_rows_of_what_was_recovered_are_out(desk: Desk, *, recovered: bool) -> None:
    bodies, successor = morning(10), Desk()
    successor.processor.recover(PLACE.partition, await killed(desk, *bodies))
    if recovered:
        await successor.recovered()
    successor.processor.pace([PLACE])
    await successor.processor.close_days()
    await successor.recovered()
    await successor.take(*bodies)
    await closing(successor)
    assert {row.service_date.day for row in successor.paper.rows} == {*range(6, 16)}


async def test_what_comes_again_of_a_closed_day_touches_nothing(desk: Desk) -> None:
    await desk.take(*morning(10))
    await closing(desk)
    rows, facts = len(desk.paper.rows), len(desk.paper.facts)
    await desk.take(*morning(3))
    await desk.flush()
    assert (len(desk.paper.rows), len(desk.paper.facts)) == (rows, facts)


async def test_no_day_is_closed_while_a_source_lags_behind() -> None:
    desk = Desk(also=topic("32", "roster"))
    await desk.take(*morning(10))
    await closing(desk)
    assert [row.key for row in desk.paper.facts if row.value is None] == []


async def test_a_source_that_runs_days_ahead_of_another_waits() -> None:
    desk = Desk(also=topic("32", "roster"))
    await desk.take(*morning(1))
    assert desk.processor.pace([]) == {PLACE}
    assert desk.processor.pace([(topic("32", "roster"), PLACE.partition)]) == set()


async def test_the_changelog_of_closed_days_recovers_none_of_them(desk: Desk) -> None:
    kept = desk.keeps()
    await desk.take(*morning(10))
    await closing(desk)
    for written in range(1, len(kept) + 1):  # a kill may leave any beginning of it
        successor = Desk()
        successor.processor.recover(PLACE.partition, kept[:written])
        await successor.recovered()
        await successor.flush()
        rows = {row.service_date: row.revision for row in successor.paper.rows}
        assert all(
            revision == len({day, day - timedelta(1), day + timedelta(1)} & rows_of(kept[:written]))
            for day, revision in rows.items()
        )


def rows_of(rows: Sequence[Row]) -> set[date]:
    return {decode(row.value).data.tap_date for row in rows if row.value and not row.key.endswith(b"state")}  # type: ignore[attr-defined]
