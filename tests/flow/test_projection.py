"""Tests that a projection applies facts of another service once, in order and without gaps."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database, Unavailable
from shared.event_store.store import Store
from shared.projection.consumer import ConsumedRecord
from shared.projection.offsets import StaleConsumer
from tests.support.attendance_projection import (
    SOURCE,
    STREAMS,
    TOPIC,
    ProjectionService,
    record_event,
    with_unknown_type,
)
from tests.support.stores import StoreUsers, command


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Store[int]]:
    """Return the store of attendance, in which two employees have tapped six times each, in turn."""
    async with StoreUsers(f"sqlite://{tmp_path}/owner.db") as office:
        store = await office.store()
        for number in range(12):
            await store.execute(command(STREAMS[number % 2]))
        yield store


@pytest_asyncio.fixture
async def records(owner: Store[int]) -> list[ConsumedRecord]:
    return [
        ConsumedRecord(TOPIC, number % 2, number // 2, stored.key.encode(), stored.body)
        for number, stored in enumerate(await owner.read_feed("32"))
    ]


@pytest_asyncio.fixture
async def reader(database_url: str, owner: Store[int]) -> AsyncIterator[ProjectionService]:
    database = Database(database_url)
    reader = ProjectionService(database, database_url, owner)
    await database.write(lambda c: c.execute("CREATE TABLE noted (stream text NOT NULL, version integer NOT NULL)"))
    yield reader
    await database.close()


ALL = [1, 2, 3, 4, 5, 6]


async def test_every_fact_is_applied_once_in_the_order_of_its_stream(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    await (await reader.start()).apply_batch(records)
    assert await reader.applied_versions() == [ALL, ALL]


async def test_reading_any_tail_again_changes_nothing(reader: ProjectionService, records: list[ConsumedRecord]) -> None:
    await (await reader.start()).apply_batch(records)
    for tail in range(len(records)):
        await (await reader.start()).apply_batch(records[tail:])
    assert await reader.applied_versions() == [ALL, ALL]


async def test_a_topic_that_was_republished_at_other_offsets_changes_nothing(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    projection = await reader.start()
    await projection.apply_batch(records)
    for shift in (-3, 1000):
        await projection.apply_batch([r._replace(offset=r.offset + shift, partition=1 - r.partition) for r in records])
    assert await reader.applied_versions() == [ALL, ALL]


async def test_the_highest_sequence_of_the_source_is_returned(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    projection = await reader.start()
    before = await projection.sequence(SOURCE)
    await projection.apply_batch(records[0::2])
    await projection.apply_batch(records[1:6:2])
    assert (before, await projection.sequence(SOURCE)) == (0, 11)


async def test_a_batch_that_breaks_off_leaves_nothing_and_is_applied_completely_after_a_restart(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    def break_at_budis_fourth(connection: Connection, event: Event) -> None:
        record_event(connection, event)
        if (event.subject, event.streamversion) == (STREAMS[1], 4):
            raise LookupError

    broken = await reader.start(break_at_budis_fourth)
    await broken.apply_batch(records[:5])
    with pytest.raises(LookupError):
        await broken.apply_batch(records[5:])
    before = await reader.applied_versions()
    await (await reader.start()).apply_batch(records[5:])
    assert (before, await reader.applied_versions()) == ([[1, 2, 3], [1, 2]], [ALL, ALL])


@pytest.mark.parametrize(("failures", "stops"), [(2, False), (3, True)])
async def test_a_handler_is_tried_three_times(
    reader: ProjectionService, records: list[ConsumedRecord], *, failures: int, stops: bool
) -> None:
    failures_left = failures

    def faulty(connection: Connection, event: Event) -> None:
        nonlocal failures_left
        failures_left -= 1
        if failures_left >= 0:
            raise LookupError
        record_event(connection, event)

    projection, stopped = await reader.start(faulty), False
    try:
        await projection.apply_batch(records)
    except LookupError:
        stopped = True
    assert (stopped, await reader.applied_versions()) == (stops, [[], []] if stops else [ALL, ALL])


async def test_a_commit_whose_answer_was_lost_is_not_applied_twice(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    projection = await reader.start()
    reader.lost_commits.failures_left = 1
    with pytest.raises(Unavailable):
        await projection.apply_batch(records[:8])
    await projection.apply_batch(records)
    assert await reader.applied_versions() == [ALL, ALL]


async def test_of_two_processes_one_continues_and_the_other_gets_an_error(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    first, second = await reader.start(), await reader.start()
    await first.apply_batch(records[:4])
    await second.apply_batch(records[4:8])
    with pytest.raises(StaleConsumer):
        await first.apply_batch(records[4:8])
    await first.apply_batch(records)
    assert await reader.applied_versions() == [ALL, ALL]


async def test_a_missing_event_is_fetched_from_its_owner(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    projection = await reader.start()
    await projection.apply_batch(records[:2])
    await projection.apply_batch([r for n, r in enumerate(records) if n not in {2, 4, 5}])
    assert await reader.applied_versions() == [ALL, ALL]


async def test_the_streams_that_wait_are_counted(reader: ProjectionService, records: list[ConsumedRecord]) -> None:
    reader.owner_is_unavailable, projection = True, await reader.start()
    await projection.apply_batch([r for n, r in enumerate(records) if n != 4])
    waiting = reader.held_streams()
    reader.owner_is_unavailable = False
    await projection.apply_batch([])
    assert (waiting, reader.held_streams()) == (1, 0)


async def test_a_stream_is_held_while_its_owner_is_unavailable_and_no_other(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    reader.owner_is_unavailable = True
    await (await reader.start()).apply_batch([r for n, r in enumerate(records) if n != 4])
    assert await reader.applied_versions() == [[1, 2], ALL]


async def test_a_held_stream_goes_on_when_its_owner_is_back(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    reader.owner_is_unavailable = True
    await (await reader.start()).apply_batch([r for n, r in enumerate(records) if n != 4])
    reader.owner_is_unavailable = False
    await (await reader.start()).apply_batch([])
    assert await reader.applied_versions() == [ALL, ALL]


async def test_a_held_stream_goes_on_when_the_missing_event_comes_late(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    reader.owner_is_unavailable = True
    projection = await reader.start()
    await projection.apply_batch([r for n, r in enumerate(records) if n != 4])
    await projection.apply_batch([records[4]])
    reader.owner_is_unavailable = False
    await projection.apply_batch([])
    assert await reader.applied_versions() == [ALL, ALL]


@pytest.mark.parametrize("value", [b"\xff\x00", b"{}", b"", None])
async def test_an_undecodable_record_becomes_a_dead_letter_and_the_rest_is_applied(
    reader: ProjectionService, records: list[ConsumedRecord], value: bytes | None
) -> None:
    await (await reader.start()).apply_batch([*records[:3], ConsumedRecord(TOPIC, 2, 7, None, value), *records[3:]])
    assert (await reader.applied_versions(), [record.offset for record in reader.dead_letters]) == ([ALL, ALL], [7])


async def test_an_event_of_an_unknown_type_becomes_one_dead_letter_and_delays_nothing(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    projection = await reader.start()
    for _ in range(3):
        await projection.apply_batch([r._replace(value=with_unknown_type(r.value or b"")) for r in records])
    assert (await reader.applied_versions(), [record.offset for record in reader.dead_letters]) == (
        [[1, 2, 4, 5, 6], ALL],
        [2],
    )


async def test_an_event_of_an_unknown_type_in_the_owners_feed_becomes_a_dead_letter_too(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    reader.transform_feed, before = with_unknown_type, reader.unreadable()
    await (await reader.start()).apply_batch([r for n, r in enumerate(records) if n != 4])
    assert (await reader.applied_versions(), [record.topic for record in reader.dead_letters]) == (
        [[1, 2, 4, 5, 6], ALL],
        [TOPIC],
    )
    assert reader.unreadable() == before + 1


async def test_a_replayed_event_that_could_not_be_read_is_applied_late_and_once(
    reader: ProjectionService, records: list[ConsumedRecord]
) -> None:
    await (await reader.start()).apply_batch([r._replace(value=with_unknown_type(r.value or b"")) for r in records])
    for _ in range(3):
        await (await reader.start()).apply_batch([records[4]])
    assert await reader.applied_versions() == [[1, 2, 4, 5, 6, 3], ALL]
    assert len(reader.dead_letters) == 1
