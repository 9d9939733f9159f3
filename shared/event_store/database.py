"""Runs SQL on SQLite or PostgreSQL: writes in one thread under the service's lock, reads in a few other threads.

SQL is written once, in the common subset: `:name` placeholders, `x IN :names` for a list, `COLLATE BINARY` for byte
order, no `%` and no `::`. A connection opens at first use and opens again after it was lost.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import psycopg

from shared.event_store.dialects import DIALECTS, Dialect, translate

T = TypeVar("T")
DatabaseRow = tuple[Any, ...]

RETRY_AFTER_S = 1.0
"""Pause between two attempts to connect to an unavailable database."""


class Unavailable(Exception):
    """The database is unreachable, full or locked. Nothing was acknowledged; the same command can be sent again."""


class Connection:
    """A connection of SQLite or PostgreSQL, used by one thread at a time."""

    def __init__(self, raw: Any, dialect: Dialect) -> None:  # noqa: ANN401 - of sqlite3 or psycopg
        self._raw = raw
        self._dialect = dialect

    def execute(self, sql: str, **values: object) -> list[DatabaseRow]:
        """Run one statement and return its rows, if any."""
        parameters = {name: self._dialect.bind_list(v) if isinstance(v, list) else v for name, v in values.items()}
        statement = translate(sql, self._dialect.substitutions)
        cursor = self._raw.execute(statement, parameters) if parameters else self._raw.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run one statement for each row of values."""
        self._raw.cursor().executemany(translate(sql, self._dialect.substitutions), list(rows))

    def commit(self) -> None:
        """Commit. Raises RuntimeError if an earlier statement failed and its error was ignored."""
        # PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, without an error.
        if getattr(self._raw.execute("COMMIT"), "statusmessage", "COMMIT") != "COMMIT":
            raise RuntimeError("A failed statement was ignored before the commit; nothing was stored")

    def close(self) -> None:
        """Close the connection, whatever its state."""
        self._raw.close()


class Database:
    """The database of one service: `sqlite:///absolute/path.db` or `postgresql://user@host:port/name`."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.dialect = DIALECTS[scheme]
        self._address = url if scheme == "postgresql" else rest
        self._write_thread = ThreadPoolExecutor(1, "database-write")
        self._read_threads = ThreadPoolExecutor(self.dialect.reader_count, "database-read")
        self._writer: Connection | None = None
        self._idle_readers: list[Connection] = []
        self._retry_at = 0.0

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction under the service's lock and return its result.

        Raises `Unavailable`, or what `work` raises; the transaction is then rolled back.
        """
        return await _run_in(self._write_thread, partial(self._transaction, work))

    async def read(self, sql: str, **values: object) -> list[DatabaseRow]:
        """Return committed rows. Raises `Unavailable`."""
        return await _run_in(self._read_threads, partial(self._fetch, sql, values))

    async def migrate(self, folder: Path) -> None:
        """Apply the files `NNNN_name.sql` of a folder that were not applied yet.

        Processes that start together apply each file once: the write lock covers the whole migration.
        """
        await self.write(partial(_migrate, folder))

    async def close(self) -> None:
        """Finish running work and close every connection."""
        for threads in (self._write_thread, self._read_threads):
            await asyncio.to_thread(threads.shutdown)
        for connection in (*self._idle_readers, *([self._writer] if self._writer else [])):
            connection.close()

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            connection = self._begin()
            try:
                result = work(connection)
                connection.commit()
            except BaseException:
                self._roll_back(connection)
                raise
        except self.dialect.unavailable_errors as failure:
            raise Unavailable(f"The database did not answer ({failure}); nothing was acknowledged") from failure
        return result

    def _begin(self) -> Connection:
        """Begin a transaction and take the lock; reconnect if the connection was lost while it was idle."""
        idle, connection = self._writer, self._writer_connection()
        try:
            for statement in self.dialect.begin_statements:
                connection.execute(statement)
        except self.dialect.unavailable_errors:
            self._drop(connection)
            # A connection that was opened just now failed too: the database itself is unavailable.
            if connection is not idle:
                raise
            return self._begin()
        return connection

    def _writer_connection(self) -> Connection:
        """Return the writer's connection. Waiting commands must not all try to connect to an unavailable database."""
        if self._writer is None:
            if monotonic() < self._retry_at:
                raise Unavailable("The database is unavailable; the next attempt is in a second")
            self._retry_at = monotonic() + RETRY_AFTER_S
            self._writer = Connection(self.dialect.open_writer(self._address), self.dialect)
            self._retry_at = 0.0
        return self._writer

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        # The state of a connection that cannot roll back is unknown; the next transaction opens another one.
        except (sqlite3.Error, psycopg.Error):
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._writer = None

    def _fetch(self, sql: str, values: Mapping[str, object]) -> list[DatabaseRow]:
        try:
            return self._fetch_once(sql, values, new_connection=False)
        except self.dialect.unavailable_errors:
            pass  # the idle connection was lost; a read can be repeated
        try:
            return self._fetch_once(sql, values, new_connection=True)
        except self.dialect.unavailable_errors as failure:
            raise Unavailable(f"The database did not answer ({failure})") from failure

    def _fetch_once(self, sql: str, values: Mapping[str, object], *, new_connection: bool) -> list[DatabaseRow]:
        connection = self._idle_readers.pop() if self._idle_readers and not new_connection else self._open_reader()
        try:
            rows = connection.execute(sql, **values)
        except BaseException:
            connection.close()
            raise
        self._idle_readers.append(connection)
        return rows

    def _open_reader(self) -> Connection:
        return Connection(self.dialect.open_reader(self._address), self.dialect)


async def _run_in(threads: Executor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def _migrate(folder: Path, connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (part text NOT NULL, name text NOT NULL, PRIMARY KEY (part, name))"
    )
    # A database holds the tables of the event store and of its service; each has its own numbered files.
    part = folder.parent.name
    done = {name for (name,) in connection.execute("SELECT name FROM schema_version WHERE part = :part", part=part)}
    for file in sorted(folder.glob("[0-9]*.sql")):
        if file.name in done:
            continue
        # sqlite3 executes one statement at a time. Migrations have semicolons only at the end of statements.
        for statement in filter(str.strip, file.read_text().split(";")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (:part, :name)", part=part, name=file.name)
