"""Facts of another service in one's own database: each once, in order, none missing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database, Unavailable
from shared.event_store.store import Store
from shared.projection.consumer import Record
from shared.projection.offsets import Overtaken
from tests.support.attendance_projection import SOURCE, STREAMS, TOPIC, Reader, beamed, note
from tests.support.stores import Office, command


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Store[int]]:
    """Attendance, where two employees tapped six times each, in turn."""
    async with Office(f"sqlite://{tmp_path}/owner.db") as office:
        store = await office.store()
        for number in range(12):
            await store.execute(command(STREAMS[number % 2]))
        yield store


@pytest_asyncio.fixture
async def records(owner: Store[int]) -> list[Record]:
    return [
        Record(TOPIC, number % 2, number // 2, stored.key.encode(), stored.body)
        for number, stored in enumerate(await owner.read_feed("32"))
    ]


@pytest_asyncio.fixture
async def reader(database_url: str, owner: Store[int]) -> AsyncIterator[Reader]:
    database = Database(database_url)
    reader = Reader(database, database_url, owner)
    await database.write(lambda c: c.execute("CREATE TABLE noted (stream text NOT NULL, version integer NOT NULL)"))
    yield reader
    await database.close()


ALL = [1, 2, 3, 4, 5, 6]


async def test_every_fact_is_applied_once_in_the_order_of_its_stream(reader: Reader, records: list[Record]) -> None:
    await (await reader.start()).take(records)
    assert await reader.noted() == [ALL, ALL]


async def test_reading_any_tail_again_changes_nothing(reader: Reader, records: list[Record]) -> None:
    await (await reader.start()).take(records)
    for tail in range(len(records)):
        await (await reader.start()).take(records[tail:])
    assert await reader.noted() == [ALL, ALL]


async def test_a_topic_that_was_republished_at_other_offsets_changes_nothing(
    reader: Reader, records: list[Record]
) -> None:
    projection = await reader.start()
    await projection.take(records)
    for shift in (-3, 1000):
        await projection.take([r._replace(offset=r.offset + shift, partition=1 - r.partition) for r in records])
    assert await reader.noted() == [ALL, ALL]


async def test_the_highest_sequence_of_the_source_is_told(reader: Reader, records: list[Record]) -> None:
    projection = await reader.start()
    before = await projection.sequence(SOURCE)
    await projection.take(records[0::2])
    await projection.take(records[1:6:2])
    assert (before, await projection.sequence(SOURCE)) == (0, 11)


async def test_a_batch_that_breaks_off_leaves_nothing_and_is_taken_whole_after_a_restart(
    reader: Reader, records: list[Record]
) -> None:
    def break_at_budis_fourth(connection: Connection, event: Event) -> None:
        note(connection, event)
        if (event.subject, event.streamversion) == (STREAMS[1], 4):
            raise LookupError

    broken = await reader.start(break_at_budis_fourth)
    await broken.take(records[:5])
    with pytest.raises(LookupError):
        await broken.take(records[5:])
    left = await reader.noted()
    await (await reader.start()).take(records[5:])
    assert (left, await reader.noted()) == ([[1, 2, 3], [1, 2]], [ALL, ALL])


@pytest.mark.parametrize(("faults", "stops"), [(2, False), (3, True)])
async def test_a_handler_is_tried_three_times(
    reader: Reader, records: list[Record], *, faults: int, stops: bool
) -> None:
    left = faults

    def faulty(connection: Connection, event: Event) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise LookupError
        note(connection, event)

    projection, stopped = await reader.start(faulty), False
    try:
        await projection.take(records)
    except LookupError:
        stopped = True
    assert (stopped, await reader.noted()) == (stops, [[], []] if stops else [ALL, ALL])


async def test_a_commit_whose_answer_was_lost_is_not_applied_twice(reader: Reader, records: list[Record]) -> None:
    projection = await reader.start()
    reader.lost_answers.left = 1
    with pytest.raises(Unavailable):
        await projection.take(records[:8])
    await projection.take(records)
    assert await reader.noted() == [ALL, ALL]


async def test_of_two_processes_one_goes_on_and_the_other_is_told(reader: Reader, records: list[Record]) -> None:
    first, second = await reader.start(), await reader.start()
    await first.take(records[:4])
    await second.take(records[4:8])
    with pytest.raises(Overtaken):
        await first.take(records[4:8])
    await first.take(records)
    assert await reader.noted() == [ALL, ALL]


async def test_a_missing_event_is_fetched_from_its_owner(reader: Reader, records: list[Record]) -> None:
    projection = await reader.start()
    await projection.take(records[:2])
    await projection.take([r for n, r in enumerate(records) if n not in {2, 4, 5}])
    assert await reader.noted() == [ALL, ALL]


async def test_the_streams_that_wait_are_counted(reader: Reader, records: list[Record]) -> None:
    reader.owner_is_away, projection = True, await reader.start()
    await projection.take([r for n, r in enumerate(records) if n != 4])
    waiting = reader.held()
    reader.owner_is_away = False
    await projection.take([])
    assert (waiting, reader.held()) == (1, 0)


async def test_a_stream_is_held_while_its_owner_is_away_and_no_other(reader: Reader, records: list[Record]) -> None:
    reader.owner_is_away = True
    await (await reader.start()).take([r for n, r in enumerate(records) if n != 4])
    assert await reader.noted() == [[1, 2], ALL]


async def test_a_held_stream_goes_on_when_its_owner_is_back(reader: Reader, records: list[Record]) -> None:
    reader.owner_is_away = True
    await (await reader.start()).take([r for n, r in enumerate(records) if n != 4])
    reader.owner_is_away = False
    await (await reader.start()).take([])
    assert await reader.noted() == [ALL, ALL]


async def test_a_held_stream_goes_on_when_the_missing_event_comes_late(reader: Reader, records: list[Record]) -> None:
    reader.owner_is_away = True
    projection = await reader.start()
    await projection.take([r for n, r in enumerate(records) if n != 4])
    await projection.take([records[4]])
    reader.owner_is_away = False
    await projection.take([])
    assert await reader.noted() == [ALL, ALL]


@pytest.mark.parametrize("value", [b"\xff\x00", b"{}", b"", None])
async def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on(
    reader: Reader, records: list[Record], value: bytes | None
) -> None:
    await (await reader.start()).take([*records[:3], Record(TOPIC, 2, 7, None, value), *records[3:]])
    assert (await reader.noted(), [record.offset for record in reader.letters]) == ([ALL, ALL], [7])


async def test_an_event_of_an_unknown_type_is_put_aside_once_and_holds_nothing_up(
    reader: Reader, records: list[Record]
) -> None:
    projection = await reader.start()
    for _ in range(3):
        await projection.take([r._replace(value=beamed(r.value or b"")) for r in records])
    assert (await reader.noted(), [record.offset for record in reader.letters]) == ([[1, 2, 4, 5, 6], ALL], [2])


async def test_an_event_of_an_unknown_type_that_its_owner_tells_is_put_aside_too(
    reader: Reader, records: list[Record]
) -> None:
    reader.owner_tells = beamed
    await (await reader.start()).take([r for n, r in enumerate(records) if n != 4])
    assert (await reader.noted(), [record.topic for record in reader.letters]) == ([[1, 2, 4, 5, 6], ALL], [TOPIC])
