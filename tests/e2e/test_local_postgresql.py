from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.postgresql import Postgresql


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgresql]:
    with Postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


def test_a_database_killed_while_it_writes_keeps_every_acknowledged_row(postgresql: Postgresql) -> None:
    url = postgresql.create_database("killed")
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("CREATE TABLE tap (number int)")
    for number in range(200):
        connection.execute("INSERT INTO tap VALUES (%s)", (number,))
    connection.execute("BEGIN")
    connection.execute("INSERT INTO tap VALUES (-1)")
    postgresql.kill()
    connection.close()
    postgresql.restart()
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT number FROM tap ORDER BY number").fetchall()
    assert [number for (number,) in rows] == list(range(200))


def test_commits_are_synced_to_disk_and_times_are_utc(postgresql: Postgresql) -> None:
    with psycopg.connect(postgresql.url) as connection:
        settings = [
            connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit", "timezone")
        ]
    assert settings == [("on",), ("on",), ("UTC",)]


def test_nobody_gets_in_without_the_password(postgresql: Postgresql) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=postgresql.port, user="piket", dbname="postgres", password="guess")


def test_a_setting_that_the_server_refuses_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="max_connections"), Postgresql(tmp_path, {"max_connections": "many"}):
        pass
