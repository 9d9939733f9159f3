"""Lists where SQLite and PostgreSQL differ: connecting, locking, SQL syntax, errors of an unavailable database."""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic, sleep
from typing import Any

import psycopg

ADVISORY_LOCK_ID = 7_001
"""The write lock in PostgreSQL. Every service has its own database, so one number is enough."""
LOCK_TIMEOUT_S = 10
"""How long a connection waits for the lock of another process before it fails as unavailable."""


@dataclass(frozen=True)
class Dialect:
    """One kind of database.

    `begin_statements` begin a transaction and take the write lock; `substitutions` are (pattern, replacement) of
    `translate`; `bind_list` converts a list parameter; `unavailable_errors` mean that the database cannot be used now.
    """

    open_writer: Callable[[str], Any]
    open_reader: Callable[[str], Any]
    begin_statements: tuple[str, ...]
    substitutions: tuple[tuple[str, str], ...]
    bind_list: Callable[[list[Any]], Any]
    unavailable_errors: tuple[type[Exception], ...]
    reader_count: int


def _sqlite_writer(path: str) -> sqlite3.Connection:
    # isolation_level=None: Python must not begin transactions by itself, `begin_statements` do. A connection is used by
    # one thread at a time, but not always by the one that opened it.
    connection = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S, check_same_thread=False)
    _enable_write_ahead_log(connection)
    # With NORMAL, the last commits of a write-ahead log can be lost in a power cut although they were acknowledged.
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _enable_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; wait, because SQLite does not, while other processes open the same new file."""
    deadline = monotonic() + LOCK_TIMEOUT_S
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
    # A plan that was prepared on an empty table would keep scanning it when it has grown: the writer uses indexes only.
    return _postgresql(url, "enable_seqscan=off enable_hashjoin=off enable_mergejoin=off synchronous_commit=on")


def _postgresql_reader(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    return _postgresql(url, "default_transaction_read_only=on")


def _postgresql(url: str, settings: str) -> psycopg.Connection[tuple[Any, ...]]:
    # In READ COMMITTED each statement sees all earlier commits. A stricter level takes its snapshot before the lock is
    # granted, so it would miss the commit for which it waited.
    settings += f" lock_timeout={LOCK_TIMEOUT_S}s default_transaction_isolation=read\\ committed"
    try:
        return psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=LOCK_TIMEOUT_S // 2,
            tcp_user_timeout=LOCK_TIMEOUT_S * 1000,  # for a server that vanished without closing the connection
            options=re.sub(r"(?<!\\) ", " -c ", " " + settings),  # libpq: `-c` before each; `\ ` is inside a value
        )
    except psycopg.ProgrammingError:
        # libpq's message quotes the part that it does not understand, which may be the password.
        raise psycopg.OperationalError("the address is none that PostgreSQL understands") from None


SQLITE = Dialect(
    open_writer=_sqlite_writer,
    open_reader=_sqlite_reader,
    # A plain BEGIN would lock only at the first write, after keys and streams were read.
    begin_statements=("BEGIN IMMEDIATE",),
    substitutions=((r"\bIN :(\w+)", r"IN (SELECT value FROM json_each(:\1))"),),  # SQLite binds no lists
    bind_list=json.dumps,
    unavailable_errors=(sqlite3.OperationalError,),
    reader_count=2,
)
POSTGRESQL = Dialect(
    open_writer=_postgresql_writer,
    open_reader=_postgresql_reader,
    begin_statements=("BEGIN", f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK_ID})"),
    # In this order: `IN :names` contains `:names`.
    substitutions=((r"\bIN :(\w+)", r"= ANY(:\1)"), (r":(\w+)", r"%(\1)s"), ("COLLATE BINARY", 'COLLATE "C"')),
    bind_list=list,
    unavailable_errors=(psycopg.OperationalError, psycopg.InterfaceError),
    reader_count=4,
)
DIALECTS: Mapping[str, Dialect] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


@lru_cache(maxsize=1024)
def translate(sql: str, substitutions: tuple[tuple[str, str], ...]) -> str:
    """Translate a statement of the common SQL subset to a dialect."""
    for pattern, replacement in substitutions:
        sql = re.sub(pattern, replacement, sql)
    return sql
