"""The streaming worker's processor without Kafka: what it keeps, publishes and puts aside before it acknowledges."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting import processor
from services.reporting.batches import Batch
from services.reporting.held import Row
from services.reporting.processor import Gap, Processor
from shared.events import decode, encode, source, topic
from shared.facts.coverage import Coverage
from shared.kafka import DeadLetter
from tests import examples as ex
from tests.examples import at

PLACE = TP(topic("32", "attendance"), 1)
OTHER = TP("piket-coverage-local-facts-changelog", 1)


class Paper:
    """An outlet in memory; nothing becomes durable while it is not `open`."""

    def __init__(self) -> None:
        self.facts: list[Row] = []
        self.rows: list[Coverage] = []
        self.letters: list[tuple[str, DeadLetter]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        assert partition == PLACE.partition
        await self.open.wait()
        self.facts += [fact for fact in facts if not fact.key.endswith(b"/-|state")]

    async def publish(self, partition: int, row: Coverage) -> None:
        assert partition == PLACE.partition
        await self.open.wait()
        self.rows.append(row)

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        await self.open.wait()
        self.letters.append((region, letter))


class Desk:
    """A processor that was assigned one partition of attendance from offset 0 on."""

    def __init__(self, also: str = "", since: date | None = None) -> None:
        others = {also: source("32", also.split(".")[2])} if also else {}
        self.processor = Processor({PLACE.topic: source("32", "attendance")} | others, since)
        self.paper, self.acknowledged = Paper(), 0
        self._begins: int | None = 0
        self._next = 0

    async def take(self, *bodies: bytes, skip: int = 0, key: bytes = b"32/DPMPTSP") -> None:
        first = self._next + skip
        records = [
            ConsumerRecord(PLACE.topic, 1, first + n, 0, 0, key, body, None, 0, 0, ()) for n, body in enumerate(bodies)
        ]
        self._next = first + len(records)
        batch, self._begins = Batch(PLACE, self._begins, records), None
        await self.processor.take(batch, self.acknowledge)

    def acknowledge(self) -> None:
        self.acknowledged += 1

    async def flush(self) -> None:
        async with asyncio.timeout(5):
            await self.processor.flush_once(self.paper)


@pytest.fixture
async def desk() -> Desk:
    return Desk()


def taps(count: int) -> list[bytes]:
    ledger = ex.Ledger()
    return [
        encode(ledger.record(ex.tap("in", ex.person(str(n)), ex.at("08:00")), ex.at("08:00"))) for n in range(count)
    ]


def changelog(*bodies: bytes) -> list[tuple[bytes, bytes | None]]:
    return [(b"32/DPMPTSP|%d" % n, body) for n, body in enumerate(bodies)]


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


async def test_days_that_were_about_to_be_closed_are_left_to_the_next_owner(desk: Desk) -> None:
    await desk.take(*morning(10))
    desk.processor.pace([PLACE])
    await desk.flush()
    await desk.processor.close_days()
    desk.processor.drop(PLACE.partition)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.flush(), 0.1)
    assert [row.key for row in desk.paper.facts if row.value is None] == []


async def test_facts_from_the_changelog_are_published_as_rows(desk: Desk) -> None:
    desk.processor.recover(PLACE.partition, changelog(*taps(5)))
    await desk.processor.publish_all()
    await desk.flush()
    assert [row.revision for row in desk.paper.rows] == [5]


async def test_a_fact_of_a_later_version_does_not_keep_the_worker_from_starting(desk: Desk) -> None:
    later = taps(2)[1].replace(b"checked-in.v1", b"beamed-in.v1")
    desk.processor.recover(PLACE.partition, [*changelog(taps(1)[0], later), (b"32/DPMPTSP|gone", None)])
    await desk.processor.publish_all()
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


async def test_days_that_can_change_no_more_are_closed_after_their_rows_are_out(desk: Desk) -> None:
    await desk.take(*morning(10))
    await closing(desk)
    assert [row.service_date.day for row in desk.paper.rows] == [*range(6, 16)]
    gone = [row.key for row in desk.paper.facts if row.value is None]
    assert gone == [row.key for row in desk.paper.facts[: len(gone)]]
    assert len(gone) == 3  # the 15th less three days, less one of grace: rows from the 10th, facts from the 9th


async def test_a_worker_that_has_nothing_left_to_read_closes_what_its_predecessor_left_open(desk: Desk) -> None:
    await desk.take(*morning(10))
    kept: list[Row] = []

    async def keep(_: int, facts: Sequence[Row]) -> None:
        kept.extend(facts)

    desk.paper.keep = keep  # type: ignore[method-assign,assignment]
    await desk.flush()
    successor = Desk()
    successor.processor.recover(PLACE.partition, kept)
    await successor.processor.publish_all()
    await closing(successor)
    assert len([row.key for row in successor.paper.facts if row.value is None]) == 3


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
    kept: list[Row] = []

    async def keep(_: int, facts: Sequence[Row]) -> None:
        kept.extend(facts)

    desk.paper.keep = keep  # type: ignore[method-assign,assignment]
    await desk.take(*morning(10))
    await closing(desk)
    for written in range(1, len(kept) + 1):  # a kill may leave any beginning of it
        successor = Desk()
        successor.processor.recover(PLACE.partition, kept[:written])
        await successor.processor.publish_all()
        await successor.flush()
        rows = {row.service_date: row.revision for row in successor.paper.rows}
        assert all(
            revision == len({day, day - timedelta(1), day + timedelta(1)} & rows_of(kept[:written]))
            for day, revision in rows.items()
        )


def rows_of(rows: Sequence[Row]) -> set[date]:
    return {decode(row.value).data.tap_date for row in rows if row.value and not row.key.endswith(b"state")}  # type: ignore[attr-defined]


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
    await desk.processor.publish_all()
    await desk.flush()
    assert len(desk.paper.rows) > written[1]
