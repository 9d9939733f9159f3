"""Tests what an event store keeps when something fails, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import psycopg
import pytest

from deploy.local.deadlines import scaled
from deploy.local.postgresql import Postgresql
from shared.domain.decider import Context, Outcome
from shared.domain.facts.base import Fact
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from tests.support.faulty_database import FailingStatement, FaultyConnection, no_fault
from tests.support.stores import StoreUsers, all_events, command, is_chained


async def test_a_commit_whose_answer_was_lost_ends_in_a_replay(office: StoreUsers) -> None:
    lost = FailingStatement(office.url, "COMMIT")
    store = await office.store(lambda raw: FaultyConnection(raw, no_fault, lost))
    lost.failures_left = 1
    outcome = await store.execute(command(key="k"))
    assert (outcome.replayed, len(await all_events(store))) == (True, 1)


async def test_a_whole_batch_whose_answer_was_lost_makes_one_event_per_key(office: StoreUsers) -> None:
    lost = FailingStatement(office.url, "COMMIT")
    store = await office.store(lambda raw: FaultyConnection(raw, no_fault, lost))
    lost.failures_left = 1
    outcomes = await asyncio.gather(*(store.execute(command()) for _ in range(30)))
    events = await all_events(store)
    assert ([o.position for o in outcomes], len(events), is_chained(events)) == (list(range(1, 31)), 30, True)


async def test_an_unavailable_database_acknowledges_nothing_and_works_again_later(office: StoreUsers) -> None:
    unavailable = FailingStatement(office.url, office.begin_statement)
    store = await office.store(lambda raw: FaultyConnection(raw, unavailable, no_fault))
    unavailable.failures_left = 4
    with pytest.raises(Unavailable):
        await store.execute(command(key="k"))
    assert ((await store.execute(command(key="k"))).replayed, len(await all_events(store))) == (False, 1)


async def test_a_tailing_reader_of_two_busy_stores_sees_no_gap(office: StoreUsers, store: Store[int]) -> None:
    second, sequences = await office.store(), list[int]()

    async def tail() -> None:
        while len(sequences) < 400:
            page = await store.read_feed("32", len(sequences), 50)
            sequences.extend(stored.sequence for stored in page)

    async def user(at: Store[int], number: int) -> None:
        for _ in range(10):
            await at.execute(command(f"attendance/32/{number}", expected_version=None))

    users = (user(at, number) for number, at in enumerate((store, second) * 20))
    await asyncio.wait_for(asyncio.gather(tail(), *users), scaled(60))
    assert (sequences, is_chained(await all_events(store))) == (list(range(1, 401)), True)


async def test_eight_starts_at_once_migrate_once(office: StoreUsers) -> None:
    stores = await asyncio.gather(*(office.store() for _ in range(8)))
    outcomes = await asyncio.gather(*(store.execute(command()) for store in stores))
    assert sorted(outcome.position for outcome in outcomes) == list(range(1, 9))


async def test_a_command_that_always_fails_affects_no_other(store: Store[int]) -> None:
    def broken(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        raise LookupError

    poison = [replace(command(), decide=broken), command(key="not a text: \ud800")]
    pending = [store.execute(item) for _ in range(5) for item in (command(), *poison)]
    outcomes = await asyncio.gather(*pending, return_exceptions=True)
    names = [type(outcome).__name__ for outcome in outcomes]
    assert (names, len(await all_events(store))) == (["Outcome", "LookupError", "UnicodeEncodeError"] * 5, 5)


async def test_a_cancelled_sender_delays_no_other(store: Store[int]) -> None:
    cancelled = asyncio.create_task(store.execute(command()))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert (await store.execute(command())).version == 2


async def test_closing_answers_pending_commands(store: Store[int]) -> None:
    waiting = [asyncio.create_task(store.execute(command())) for _ in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert [task.done() for task in waiting] == [True] * 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_full_disk_acknowledges_nothing(office: StoreUsers) -> None:
    store = await office.store(lambda raw: raw.execute("PRAGMA max_page_count=40") and raw)
    outcomes = [await try_execute(store) for _ in range(100)]
    stored = [isinstance(outcome, Outcome) for outcome in outcomes].index(False)
    roomy = await office.store()
    events = await all_events(roomy)
    after = await roomy.execute(command())
    assert (type(outcomes[-1]), len(events), is_chained(events), after.position) == (
        Unavailable,
        stored,
        True,
        stored + 1,
    )


async def try_execute(store: Store[int], key: str = "") -> Outcome | Exception:
    try:
        return await store.execute(command(key=key))
    except Unavailable as failure:
        return failure


PARTS = pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.parts)], indirect=True)


def terminate(server: Postgresql, url: str) -> None:
    """End every connection to one database."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.rpartition("/")[2]]
        )


@PARTS
async def test_lost_connections_are_opened_again(office: StoreUsers, store: Store[int], postgresql: Postgresql) -> None:
    await asyncio.gather(*(store.execute(command()) for _ in range(8)), *(store.head("32") for _ in range(8)))
    await asyncio.to_thread(terminate, postgresql, office.url)
    assert ((await store.execute(command())).position, await store.head("32")) == (9, 9)


@PARTS
async def test_connections_ended_under_load_leave_one_event_per_key(
    office: StoreUsers, store: Store[int], postgresql: Postgresql
) -> None:
    async def user(number: int) -> None:
        for n in range(40):
            for pause in (0.05, 0.1, 0.2, 0.4, 1.2, 1.2):
                if isinstance(await try_execute(store, f"{number}/{n}"), Outcome):
                    break
                await asyncio.sleep(pause)  # as a client that backs off

    async def breaker() -> None:
        for _ in range(8):
            await asyncio.sleep(0.05)  # users work between two interruptions
            await asyncio.to_thread(terminate, postgresql, office.url)

    await asyncio.wait_for(asyncio.gather(breaker(), *map(user, range(16))), scaled(60))
    events = await all_events(store)
    assert (len(events), [stored.sequence for stored in events], is_chained(events)) == (640, list(range(1, 641)), True)
