"""Tests where relays store how far they sent, and who may send: the same on both databases."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from shared.clock import wall_time
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database, Unavailable
from shared.relay.checkpoints import files, tables
from shared.relay.checkpoints.checkpoint import Checkpoint, LeaseLost, LeaseState, RelayLease
from shared.relay.checkpoints.choice import CheckpointsOf, checkpoint_file, open_checkpoints
from shared.relay.checkpoints.tables import TableCheckpoints
from shared.relay.checkpoints.turns import run_while_leased
from shared.settings import Settings
from tests.support.waiting import read_until, wait_until

SEVEN = Checkpoint(sequence=7, offsets={0: 3, 2: 4})
OTHER_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"


@pytest_asyncio.fixture
async def settings(database_url: str, tmp_path: Path) -> Settings:
    database = Database(database_url)
    await CommittedEvents(database, service="policy", now=wall_time).open()
    await database.close()
    return Settings(store=database_url, folder=tmp_path)


@pytest_asyncio.fixture
async def relay(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CheckpointsOf]:
    monkeypatch.setattr(tables, "LEASE_RETRY_S", 0.1)
    monkeypatch.setattr(tables, "PING_EVERY_S", 0.1)
    async with open_checkpoints(settings, "policy") as checkpoints_of:
        yield checkpoints_of


@pytest_asyncio.fixture
async def second_relay(settings: Settings) -> AsyncIterator[CheckpointsOf]:
    async with open_checkpoints(settings, "policy") as checkpoints_of:
        yield checkpoints_of


async def test_a_checkpoint_is_read_by_the_next_relay(relay: CheckpointsOf, second_relay: CheckpointsOf) -> None:
    assert await relay("32").read() == Checkpoint()
    async with relay("32").lease() as lease:
        await lease.write(Checkpoint(sequence=3))
        await lease.write(SEVEN)
    assert await second_relay("32").read() == SEVEN
    assert await second_relay("3276").read() == Checkpoint()


async def test_a_second_relay_waits_for_the_lease_and_takes_over(
    relay: CheckpointsOf, second_relay: CheckpointsOf
) -> None:
    async def hold() -> None:
        async with second_relay("32").lease():
            order.append("second")

    order: list[str] = []
    async with relay("32").lease():
        second = asyncio.create_task(hold())
        async with second_relay("3276").lease():  # the lease of a region does not concern another one
            await asyncio.sleep(0.3)  # the second one tries twice in vain
        order.append("first")
    await second
    assert order == ["first", "second"]


async def test_everything_is_sent_again_only_while_no_relay_runs(
    relay: CheckpointsOf, second_relay: CheckpointsOf
) -> None:
    async with relay("32").lease() as lease:
        await lease.write(SEVEN)
        assert not await second_relay("32").reset()
        assert await second_relay("32").read() == SEVEN
    assert await second_relay("32").reset()
    assert await relay("32").read() == Checkpoint()


async def test_the_doctor_sees_who_holds_the_lease_without_taking_it(
    relay: CheckpointsOf, second_relay: CheckpointsOf
) -> None:
    assert await second_relay("32").lease_state() in {LeaseState.ABSENT, LeaseState.FREE}
    async with relay("32").lease():
        assert await second_relay("32").lease_state() is LeaseState.HELD
    assert await second_relay("32").lease_state() is LeaseState.FREE


def turns() -> tuple[list[str], Callable[[RelayLease], Awaitable[None]]]:
    """Return a list of what happens, and work that adds to it."""
    happened: list[str] = []

    async def work(lease: RelayLease) -> None:
        happened.append("begins")
        try:
            await lease.write(Checkpoint(sequence=len(happened)))
            await asyncio.Event().wait()
        finally:
            happened.append("ends")

    return happened, work


@pytest.mark.parts
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_relay_whose_connection_is_lost_stops_at_once_and_begins_again(
    relay: CheckpointsOf, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay.checkpoints.turns.PAUSE_S", 0.1)
    happened, work = turns()
    with capture_logs() as logs:
        running = asyncio.create_task(run_while_leased(relay("32"), work))
        await wait_until(lambda: happened == ["begins"])
        with psycopg.connect(settings.store, autocommit=True) as server:
            server.execute(OTHER_SESSIONS)
        await wait_until(lambda: happened == ["begins", "ends", "begins"])
        running.cancel()
        await asyncio.wait([running])
    assert happened == ["begins", "ends", "begins", "ends"]
    assert [entry["event"][:30] for entry in logs] == [
        "Without its database no relay ",
        "The database of the relays ans",
    ]


@pytest.mark.parts
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_lost_the_lease_cannot_move_the_checkpoint(
    relay: CheckpointsOf, second_relay: CheckpointsOf, settings: Settings
) -> None:
    async with relay("32").lease() as lease:
        with psycopg.connect(settings.store, autocommit=True) as server:
            server.execute(OTHER_SESSIONS)
        async with second_relay("32").lease() as new_lease:
            await new_lease.write(SEVEN)
            with pytest.raises(LeaseLost):
                await lease.write(Checkpoint())
    assert await read_until(second_relay("32").read, SEVEN.__eq__) == SEVEN


@pytest.mark.parts
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_server_ends_the_session_of_a_computer_that_vanished_after_half_a_minute(settings: Settings) -> None:
    sessions = tables.SessionSource(settings.store, "policy")
    session = await sessions.session()
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
    idle, interval, number, unconfirmed_ms = [int((await session.execute(f"SHOW {name}"))[0][0]) for name in names]
    await sessions.close()
    assert idle + interval * number == unconfirmed_ms / 1000 == 30


@pytest.mark.parts
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_checkpoint_of_an_earlier_release_is_taken_over_from_its_file(
    relay: CheckpointsOf, settings: Settings
) -> None:
    file = checkpoint_file(settings, "policy", "32")
    file.parent.mkdir()
    files.write(file, SEVEN)
    assert await relay("32").read() == SEVEN
    assert await relay("32").reset()
    assert await relay("32").read() == Checkpoint()  # the file is not used a second time


async def test_a_database_that_is_away_is_no_defect(tmp_path: Path) -> None:
    settings = Settings(store="postgresql://piket@127.0.0.1:9/none?password=hush", folder=tmp_path)
    async with open_checkpoints(settings, "policy") as checkpoints_of:
        assert isinstance(checkpoints_of("32"), TableCheckpoints)
        with pytest.raises(Unavailable, match=r"^The database did not answer \(OperationalError\)$"):
            await checkpoints_of("32").read()


async def test_a_database_that_stays_away_is_one_line_of_the_log_for_all_of_its_relays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay.checkpoints.turns.PAUSE_S", 0.01)
    settings, attempts = Settings(store="postgresql://piket@127.0.0.1:9/none", folder=tmp_path), list[str]()
    connect = tables.SessionSource.session

    async def count_attempts(source: tables.SessionSource) -> tables.Session:
        attempts.append("")
        return await connect(source)

    monkeypatch.setattr(tables.SessionSource, "session", count_attempts)
    with capture_logs() as logs:
        async with open_checkpoints(settings, "policy") as checkpoints_of:
            running = [asyncio.create_task(run_while_leased(checkpoints_of(r), turns()[1])) for r in ("32", "3276")]
            await wait_until(lambda: len(attempts) > 10)
            for relay in running:
                relay.cancel()
            await asyncio.wait(running)
    (line,) = logs
    assert line["event"].startswith("Without its database no relay sends")
    assert (line["reason"], line["database"]) == ("The database did not answer (OperationalError)", "policy")
