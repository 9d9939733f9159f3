"""One face for SQLite and PostgreSQL: a writing thread under the service's lock, and a few reading threads.

SQL is written once, in the common subset: `:name` placeholders, `x IN :names` for a list, `COLLATE BINARY` for byte
order, no `%` and no `::`. Connections open at first use and are opened again when they were lost.
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

from shared.event_store.dialects import DIALECTS, Dialect, said

T = TypeVar("T")
Row = tuple[Any, ...]

REST_S = 1.0


class Unavailable(Exception):
    """The database is away, full or locked: nothing was acknowledged, and the same command may be sent again."""


class Connection:
    """A connection of either database, used by one thread at a time."""

    def __init__(self, raw: Any, dialect: Dialect) -> None:  # noqa: ANN401 sqlite3 or psycopg
        self._raw = raw
        self._dialect = dialect

    def execute(self, sql: str, **values: object) -> list[Row]:
        """Run one statement; the rows it gives, if any."""
        listed = {name: self._dialect.listed(v) if isinstance(v, list) else v for name, v in values.items()}
        statement = said(sql, self._dialect.words)
        cursor = self._raw.execute(statement, listed) if listed else self._raw.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run one statement for each row of values."""
        self._raw.cursor().executemany(said(sql, self._dialect.words), list(rows))

    def commit(self) -> None:
        """Make it durable. PostgreSQL answers the commit of a failed transaction by rolling back, without an error."""
        if getattr(self._raw.execute("COMMIT"), "statusmessage", "COMMIT") != "COMMIT":
            raise RuntimeError("A failed statement was ignored before the commit; nothing was stored")

    def close(self) -> None:
        """Give the connection back, whatever its state."""
        self._raw.close()


class Database:
    """`sqlite:///absolute/path.db` or `postgresql://user@host:port/name`."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.dialect = DIALECTS[scheme]
        self._address = url if scheme == "postgresql" else rest
        self._writing = ThreadPoolExecutor(1, "database-write")
        self._reading = ThreadPoolExecutor(self.dialect.readers, "database-read")
        self._writer: Connection | None = None
        self._idle: list[Connection] = []
        self._rests_until = 0.0

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction under the service's lock. Raises `Unavailable`, or what `work` raises; both leave nothing."""
        return await _in(self._writing, partial(self._transaction, work))

    async def read(self, sql: str, **values: object) -> list[Row]:
        """Committed rows. Raises `Unavailable`."""
        return await _in(self._reading, partial(self._fetch, sql, values))

    async def migrate(self, folder: Path) -> None:
        """Bring the schema up to the last `NNNN_name.sql` of a folder; eight starts at once do it once."""
        await self.write(partial(_migrate, folder))

    async def close(self) -> None:
        """Finish what runs and close every connection."""
        for threads in (self._writing, self._reading):
            await asyncio.to_thread(threads.shutdown)
        for connection in (*self._idle, *([self._writer] if self._writer else [])):
            connection.close()

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            connection = self._begun()
            try:
                result = work(connection)
                connection.commit()
            except BaseException:
                self._roll_back(connection)
                raise
        except self.dialect.away as failure:
            raise Unavailable(f"The database did not answer ({failure}); nothing was acknowledged") from failure
        return result

    def _begun(self) -> Connection:
        """Hold the lock; a connection that was lost while it was idle is opened again."""
        idle, connection = self._writer, self._connected()
        try:
            for statement in self.dialect.begin:
                connection.execute(statement)
        except self.dialect.away:
            self._drop(connection)
            if connection is not idle:
                raise
            return self._begun()
        return connection

    def _connected(self) -> Connection:
        """Return the writer's connection; a database that is away is not asked again at once by a whole queue."""
        if self._writer is None:
            if monotonic() < self._rests_until:
                raise Unavailable("The database is away; it is asked again in a second")
            self._rests_until = monotonic() + REST_S
            self._writer = Connection(self.dialect.writer(self._address), self.dialect)
            self._rests_until = 0.0
        return self._writer

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except (sqlite3.Error, psycopg.Error):
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._writer = None

    def _fetch(self, sql: str, values: Mapping[str, object]) -> list[Row]:
        try:
            return self._fetch_once(sql, values, fresh=False)
        except self.dialect.away:
            pass
        try:
            return self._fetch_once(sql, values, fresh=True)
        except self.dialect.away as failure:
            raise Unavailable(f"The database did not answer ({failure})") from failure

    def _fetch_once(self, sql: str, values: Mapping[str, object], *, fresh: bool) -> list[Row]:
        connection = self._idle.pop() if self._idle and not fresh else self._reader()
        try:
            rows = connection.execute(sql, **values)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return rows

    def _reader(self) -> Connection:
        return Connection(self.dialect.reader(self._address), self.dialect)


async def _in(threads: Executor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def _migrate(folder: Path, connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (part text NOT NULL, name text NOT NULL, PRIMARY KEY (part, name))"
    )
    part = folder.parent.name
    done = {name for (name,) in connection.execute("SELECT name FROM schema_version WHERE part = :part", part=part)}
    for file in sorted(folder.glob("[0-9]*.sql")):
        if file.name in done:
            continue
        for statement in filter(str.strip, file.read_text().split(";")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (:part, :name)", part=part, name=file.name)
