"""What SQLite and PostgreSQL say differently, as a table."""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic, sleep
from typing import Any

import psycopg

LOCK = 7_001
WAIT_S = 10


@dataclass(frozen=True)
class Dialect:
    """One database: how to write to it, how to read it, what to say otherwise, which failures mean that it is away."""

    writer: Callable[[str], Any]
    reader: Callable[[str], Any]
    begin: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    listed: Callable[[list[Any]], Any]
    away: tuple[type[Exception], ...]
    readers: int


def _sqlite_writer(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=WAIT_S, check_same_thread=False)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Several may open a new file at once, and SQLite itself does not wait for this change of mode."""
    deadline = monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                connection.close()
                raise
            sleep(0.01)
        else:
            return


def _sqlite_reader(path: str) -> sqlite3.Connection:
    connection = _sqlite_writer(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _postgresql_writer(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    # A plan prepared on an empty table would scan for ever: the writer walks indexes only.
    return _postgresql(url, "enable_seqscan=off enable_hashjoin=off enable_mergejoin=off synchronous_commit=on")


def _postgresql_reader(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    return _postgresql(url, "default_transaction_read_only=on")


def _postgresql(url: str, settings: str) -> psycopg.Connection[tuple[Any, ...]]:
    settings += f" lock_timeout={WAIT_S}s default_transaction_isolation=read\\ committed"
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=WAIT_S // 2,
        tcp_user_timeout=WAIT_S * 1000,
        options=re.sub(r"(?<!\\) ", " -c ", " " + settings),
    )


SQLITE = Dialect(
    writer=_sqlite_writer,
    reader=_sqlite_reader,
    begin=("BEGIN IMMEDIATE",),
    words=((r"\bIN :(\w+)", r"IN (SELECT value FROM json_each(:\1))"),),
    listed=json.dumps,
    away=(sqlite3.OperationalError,),
    readers=2,
)
POSTGRESQL = Dialect(
    writer=_postgresql_writer,
    reader=_postgresql_reader,
    begin=("BEGIN", f"SELECT pg_advisory_xact_lock({LOCK})"),
    words=((r"\bIN :(\w+)", r"= ANY(:\1)"), (r":(\w+)", r"%(\1)s"), ("COLLATE BINARY", 'COLLATE "C"')),
    listed=list,
    away=(psycopg.OperationalError, psycopg.InterfaceError),
    readers=4,
)
DIALECTS: Mapping[str, Dialect] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


@lru_cache(maxsize=1024)
def said(sql: str, words: tuple[tuple[str, str], ...]) -> str:
    """One statement of the common subset, in a dialect."""
    for pattern, replacement in words:
        sql = re.sub(pattern, replacement, sql)
    return sql
