"""What a store keeps when something breaks, the same on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import psycopg
import pytest

from deploy.local.postgresql import Postgresql
from shared.domain.decider import Context, Outcome
from shared.domain.facts.base import Fact
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from tests.support.faulty_database import Faulty, Once, nothing
from tests.support.stores import Office, chained, command, everything


async def test_a_commit_whose_answer_was_lost_ends_in_a_replay(office: Office) -> None:
    lost = Once(office.url, "COMMIT")
    store = await office.store(lambda raw: Faulty(raw, nothing, lost))
    lost.left = 1
    outcome = await store.execute(command(key="k"))
    assert (outcome.replayed, len(await everything(store))) == (True, 1)


async def test_a_whole_batch_whose_answer_was_lost_makes_one_event_per_key(office: Office) -> None:
    lost = Once(office.url, "COMMIT")
    store = await office.store(lambda raw: Faulty(raw, nothing, lost))
    lost.left = 1
    outcomes = await asyncio.gather(*(store.execute(command()) for _ in range(30)))
    told = await everything(store)
    assert ([o.position for o in outcomes], len(told), chained(told)) == (list(range(1, 31)), 30, True)


async def test_a_database_that_stays_away_acknowledges_nothing_and_is_back_when_it_is_back(office: Office) -> None:
    away = Once(office.url, office.begin)
    store = await office.store(lambda raw: Faulty(raw, away, nothing))
    away.left = 4
    with pytest.raises(Unavailable):
        await store.execute(command(key="k"))
    assert ((await store.execute(command(key="k"))).replayed, len(await everything(store))) == (False, 1)


async def test_a_tailing_reader_of_two_busy_stores_sees_no_gap(office: Office, store: Store[int]) -> None:
    other, seen = await office.store(), list[int]()

    async def tail() -> None:
        while len(seen) < 400:
            seen.extend(stored.sequence for stored in await store.read_feed("32", len(seen), 50))

    async def user(at: Store[int], number: int) -> None:
        for _ in range(10):
            await at.execute(command(f"attendance/32/{number}", expected=None))

    users = (user(at, number) for number, at in enumerate((store, other) * 20))
    await asyncio.wait_for(asyncio.gather(tail(), *users), 20)
    assert (seen, chained(await everything(store))) == (list(range(1, 401)), True)


async def test_eight_starts_at_once_migrate_once(office: Office) -> None:
    stores = await asyncio.gather(*(office.store() for _ in range(8)))
    outcomes = await asyncio.gather(*(store.execute(command()) for store in stores))
    assert sorted(outcome.position for outcome in outcomes) == list(range(1, 9))


async def test_a_poisoned_command_hurts_nobody_else(store: Store[int]) -> None:
    def broken(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        raise LookupError

    poison = [replace(command(), decide=broken), command(key="not a text: \ud800")]
    asked = [store.execute(one) for _ in range(5) for one in (command(), *poison)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    names = [type(outcome).__name__ for outcome in outcomes]
    assert (names, len(await everything(store))) == (["Outcome", "LookupError", "UnicodeEncodeError"] * 5, 5)


async def test_a_sender_that_left_holds_nobody_up(store: Store[int]) -> None:
    left = asyncio.create_task(store.execute(command()))
    await asyncio.sleep(0)
    left.cancel()
    assert (await store.execute(command())).version == 2


async def test_closing_answers_who_still_waits(store: Store[int]) -> None:
    waiting = [asyncio.create_task(store.execute(command())) for _ in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert [task.done() for task in waiting] == [True] * 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_full_disk_acknowledges_nothing(office: Office) -> None:
    store = await office.store(lambda raw: raw.execute("PRAGMA max_page_count=40") and raw)
    outcomes = [await tried(store) for _ in range(100)]
    kept = [isinstance(outcome, Outcome) for outcome in outcomes].index(False)
    roomy = await office.store()
    told = await everything(roomy)
    after = await roomy.execute(command())
    assert (type(outcomes[-1]), len(told), chained(told), after.position) == (Unavailable, kept, True, kept + 1)


async def tried(store: Store[int], key: str = "") -> Outcome | Exception:
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
async def test_lost_connections_are_opened_again(office: Office, store: Store[int], postgresql: Postgresql) -> None:
    await asyncio.gather(*(store.execute(command()) for _ in range(8)), *(store.head("32") for _ in range(8)))
    await asyncio.to_thread(terminate, postgresql, office.url)
    assert ((await store.execute(command())).position, await store.head("32")) == (9, 9)


@PARTS
async def test_connections_ended_under_load_leave_one_event_per_key(
    office: Office, store: Store[int], postgresql: Postgresql
) -> None:
    async def user(number: int) -> None:
        for n in range(40):
            for pause in (0.05, 0.1, 0.2, 0.4, 1.2, 1.2):
                if isinstance(await tried(store, f"{number}/{n}"), Outcome):
                    break
                await asyncio.sleep(pause)

    async def breaker() -> None:
        for _ in range(8):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(terminate, postgresql, office.url)

    await asyncio.wait_for(asyncio.gather(breaker(), *map(user, range(16))), 20)
    told = await everything(store)
    assert (len(told), [stored.sequence for stored in told], chained(told)) == (640, list(range(1, 641)), True)
