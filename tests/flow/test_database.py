"""Tests that SQLite and PostgreSQL accept the same statements and fail in the same way."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from deploy.local.deadlines import scaled
from shared.event_store.database import Connection, Database, Unavailable

NOTES = "CREATE TABLE note (number bigint PRIMARY KEY, text text)"
ROOT = Path(__file__).parents[2]
UNAVAILABLE = ["sqlite:///nowhere/at/all/store.db", "postgresql://piket@127.0.0.1:1/none"]


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def insert_three_notes(connection: Connection) -> None:
    connection.execute(NOTES)
    connection.execute_many(
        "INSERT INTO note VALUES (:number, :text)", [{"number": n, "text": f"n{n}"} for n in (1, 2, 3)]
    )


@pytest.mark.parametrize(("numbers", "texts"), [([], []), ([2], ["n2"]), ([3, 1, 7], ["n1", "n3"])])
async def test_a_list_of_numbers_is_looked_up(database: Database, numbers: list[int], texts: list[str]) -> None:
    await database.write(insert_three_notes)
    rows = await database.read("SELECT text FROM note WHERE number IN :numbers ORDER BY number", numbers=numbers)
    assert [text for (text,) in rows] == texts


async def test_updated_rows_are_returned_if_asked_for(database: Database) -> None:
    await database.write(insert_three_notes)
    update = "UPDATE note SET number = number + 10 WHERE text = :text RETURNING number"
    assert await database.write(lambda connection: connection.execute(update, text="n2")) == [(12,)]


async def test_a_failed_transaction_leaves_nothing_and_raises_its_error(database: Database) -> None:
    def twice(connection: Connection) -> None:
        insert_three_notes(connection)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(twice)
    await database.write(insert_three_notes)
    assert await database.read("SELECT count(*) FROM note") == [(3,)]


async def test_a_reader_cannot_write(database: Database) -> None:
    await database.write(insert_three_notes)
    with pytest.raises((psycopg.Error, Unavailable)):
        await database.read("INSERT INTO note VALUES (4, 'n4') RETURNING number")


async def test_a_transaction_that_hid_a_failed_statement_is_whole_or_nothing(database: Database) -> None:
    def careless(connection: Connection) -> None:
        connection.execute(NOTES)
        with contextlib.suppress(sqlite3.Error, psycopg.Error):
            connection.execute("SELECT nothing FROM nowhere")

    try:
        await database.write(careless)
    except RuntimeError:
        await database.write(lambda connection: connection.execute(NOTES))
    assert await database.read("SELECT * FROM note") == []


async def test_every_folder_of_migrations_is_one_part_and_goes_forward_once(database: Database, tmp_path: Path) -> None:
    for part in ("store", "roster"):
        folder = tmp_path / part / "migrations"
        folder.mkdir(parents=True)
        (folder / "0001_first.sql").write_text(f"CREATE TABLE {part} (name text NOT NULL);")
        await database.migrate(folder)
        two = f"INSERT INTO {part} VALUES ('x');\n\nINSERT INTO {part} VALUES ('y');"  # noqa: S608
        (folder / "0002_second.sql").write_text(two)
        await database.migrate(folder)
        await database.migrate(folder)
    assert await database.read("SELECT count(*) FROM store, roster") == [(4,)]


@pytest.mark.parametrize("url", UNAVAILABLE)
async def test_a_database_that_is_not_there_is_unavailable_to_a_whole_queue_at_once(url: str) -> None:
    database, start, failures = Database(url), time.monotonic(), 0
    for _ in range(50):
        with contextlib.suppress(Unavailable):
            await database.write(insert_three_notes)
            failures -= 1
        failures += 1
    await database.close()
    assert (failures, time.monotonic() - start < scaled(5)) == (50, True)  # 5 s: a promise for a quiet machine


@pytest.mark.parametrize("url", UNAVAILABLE)
async def test_a_database_that_is_not_there_cannot_be_read(url: str) -> None:
    database = Database(url)
    with pytest.raises(Unavailable):
        await database.read("SELECT 1")
    await database.close()


OPEN_DATABASES = """
import sys, time
from shared.event_store.dialects import SQLITE
for number in range(40):
    while time.time() < float(sys.argv[2]) + number / 50:
        pass
    connection = SQLITE.open_writer(f"{sys.argv[1]}/{number}.db")
    connection.execute("CREATE TABLE IF NOT EXISTS note (number)")
"""


def test_processes_may_open_a_new_database_at_the_same_moment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_DATABASES, str(tmp_path), str(time.time() + 1)]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[1] for process in processes] == [""] * 3
