"""Dumps the database of a store while it is written, reads such a dump, and restores it in one transaction."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from deploy.backup.judgement.manifest import StoreState, store_state
from deploy.backup.postgresql_programs import require_version, started
from shared.event_store.dialects import ADVISORY_LOCK_ID

CONNECT_S = 10
LOCK_S = 10
LEAVE_S = 5
"""The server notices after a moment that a process has ended."""
WITHOUT_OWNERS = ("--no-owner", "--no-privileges")
"""A dump may be restored by another role than the one that owned the tables."""
SELECT_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " AND relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY relname"
)
SELECT_USERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)
ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
"""The letters after a backslash in the text of COPY. Any other character after one stands for itself."""


def copy_store(url: str, service: str, file: Path) -> StoreState:
    """Dump a store to a file, and return its state in the same snapshot. Raise `psycopg.Error` or `ProgramFailed`."""
    with closing(_connect(url)) as connection:
        require_version("pg_dump", connection.info.server_version // 10_000)
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
        state = _read_state(connection, service)
        options = [f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_S}s", f"--file={file}"]
        _run(["pg_dump", "--format=custom", "--exclude-schema=replaced_*", *WITHOUT_OWNERS, *options], url)
    return state


def read_events(file: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield the events of a dump as they lie in its table: source, sequence, body. Raise `ProgramFailed`."""
    command = ["pg_restore", "--data-only", "--schema=public", "--table=event", "--file=-", str(file)]
    require_version("pg_restore", 0)
    with started(command) as program:
        columns: list[str] = []
        for line in program.stdout:
            if line.startswith(b"COPY ") and not columns:
                columns = re.findall(r"\w+", line.decode().partition("(")[2].partition(")")[0])
            elif columns and line.startswith(b"\\."):
                columns = []
            elif columns:
                row = dict(zip(columns, map(_unescape, line.rstrip(b"\n").split(b"\t")), strict=True))
                yield row["source"].decode(), int(row["sequence"]), row["body"]
        program.end()


def obstacle(url: str) -> str:
    """Return what is where a store would be restored, empty if nothing is. Raise `psycopg.Error`."""
    with closing(_connect(url)) as connection:
        names = [name for (name,) in connection.execute(SELECT_TABLES).fetchall()]
        return f"the database {connection.info.dbname} holds the tables {', '.join(names)}" if names else ""


def usage(url: str) -> str:
    """Return who uses the present store, empty if nobody does within `LEAVE_S`. Raise `psycopg.Error`."""
    deadline = monotonic() + LEAVE_S
    with closing(psycopg.connect(url, connect_timeout=CONNECT_S, autocommit=True)) as connection:
        while users := connection.execute(SELECT_USERS).fetchall()[0][0]:
            if monotonic() > deadline:
                return f"{users} connections use the database {connection.info.dbname}"
            sleep(0.1)
    return ""


def restore_store(url: str, service: str, file: Path, aside: str) -> StoreState:
    """Restore a dump in one transaction, and return the state of the store. Raise `psycopg.Error` or `ProgramFailed`.

    A present store is first moved to another schema, if `aside` is its name; without, its tables are an error.
    """
    with closing(_connect(url)) as connection:
        require_version("pg_restore", 0)
        begin = _begin_statements(connection, aside)
    psql = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"]
    with started(psql, url) as target:
        try:
            target.stdin.write(begin.encode())
            _copy_script(file, target.stdin)
            # Only here: if a program or this process ends before, the transaction is rolled back.
            target.stdin.write(b"\nCOMMIT;\n")
            target.stdin.close()
        except BrokenPipeError:  # psql ended at an error, which `end` raises
            target.end()
        target.end()
    with closing(_connect(url)) as connection:
        return _read_state(connection, service)


def _begin_statements(connection: "psycopg.Connection[tuple[Any, ...]]", aside: str) -> str:
    """Return the SQL that begins the transaction, takes the lock of the store, and moves present tables aside."""
    begin = sql.SQL("BEGIN;\nSET LOCAL lock_timeout = '{}s';\nSELECT pg_advisory_xact_lock({});\n").format(
        sql.Literal(LOCK_S), sql.Literal(ADVISORY_LOCK_ID)
    )
    names = [name for (name,) in connection.execute(SELECT_TABLES).fetchall()] if aside else []
    schema = sql.Identifier(aside)
    moves = [sql.SQL("ALTER TABLE {} SET SCHEMA {};\n").format(sql.Identifier(name), schema) for name in names]
    created = [sql.SQL("CREATE SCHEMA {};\n").format(schema)] if names else []
    return sql.Composed([begin, *created, *moves]).as_string(connection)


def _copy_script(file: Path, script: Any) -> None:  # noqa: ANN401 - the input of a program
    """Write the SQL of a dump to a stream. Raise `ProgramFailed` if it cannot be read to its end."""
    command = ["pg_restore", "--exit-on-error", *WITHOUT_OWNERS, "--file=-", str(file)]
    with started(command) as source:
        shutil.copyfileobj(source.stdout, script)
        source.end()


def _run(command: Sequence[str], url: str) -> None:
    with started(command, url) as program:
        program.end()


def _read_state(connection: "psycopg.Connection[tuple[Any, ...]]", service: str) -> StoreState:
    migrations = connection.execute("SELECT part, name FROM schema_version").fetchall()
    return store_state(
        service, migrations, connection.execute("SELECT source, sequence, recorded, chain FROM head").fetchall()
    )


def _connect(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(url, connect_timeout=CONNECT_S)


def _unescape(field: bytes) -> bytes:
    return re.sub(rb"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), field)
