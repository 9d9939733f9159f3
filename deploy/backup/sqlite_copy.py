"""Copies a SQLite store while it is written, reads such a copy, and puts it in place of a store."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from deploy.backup.files import sync
from deploy.backup.judgement.manifest import StoreState, store_state

BUSY_S = 10
LEFTOVERS = ("-wal", "-shm")
"""The files beside a SQLite database: its write-ahead log, and the index of that log."""
PRIMARY_CODE = 0xFF
"""The bits of an error code that hold its kind; the others tell details (https://sqlite.org/rescode.html)."""


def store_file(url: str) -> Path:
    """Return the file of a `sqlite://` address."""
    return Path(url.removeprefix("sqlite://"))


def copy_store(url: str, service: str, file: Path) -> StoreState:
    """Write a copy of a store to an empty file, and return its state. Raise `sqlite3.Error`.

    `VACUUM INTO` reads one snapshot and stops no writer. Unlike `Connection.backup`, it leaves out the free pages, in
    which rows that were deleted can still be read.
    """
    with closing(_open_existing(store_file(url), "mode=rw")) as connection:
        connection.execute("VACUUM INTO ?", [str(file)])
    return _read_state(file, service)


def read_events(file: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield the events of a copy in order: source, sequence, body. Raise `sqlite3.Error`."""
    with closing(_open_existing(file, "mode=ro&immutable=1")) as connection:
        for source, sequence, body in connection.execute(
            "SELECT source, sequence, body FROM event ORDER BY source, sequence"
        ):
            yield source, sequence, body.encode()


def obstacle(url: str) -> str:
    """Return what is where a store would be restored, empty if nothing is."""
    present = [path.name for path in _files(store_file(url)) if path.exists()]
    return f"{store_file(url).parent} holds {', '.join(present)}" if present else ""


def usage(url: str) -> str:
    """Return who uses the present store, empty if nobody does. The log of the store is then part of its file.

    Raise `sqlite3.Error`.
    """
    file = store_file(url)
    if not file.exists():
        return ""
    try:
        with closing(_open_existing(file, "mode=rw")) as connection:
            # SQLite changes the mode only while no other process has the file open.
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & PRIMARY_CODE
        if code == sqlite3.SQLITE_BUSY:
            return f"another process has {file} open"
        if code not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise
    return ""  # also for a damaged store, which is moved aside as it is


def restore_store(url: str, service: str, file: Path, aside: str) -> StoreState:
    """Put a copy in place of a store in one step, and return its state. Raise OSError or `sqlite3.Error`.

    A present store is first kept under another name, if `aside` is its suffix; without, `FileExistsError` is raised.
    """
    store = store_file(url)
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_name(f"{store.name}.restoring")
    try:
        shutil.copyfile(file, part)
        part.chmod(0o600)
        sync(part)
        _put_in_place(part, store, aside)
    finally:
        part.unlink(missing_ok=True)
    sync(store.parent)
    return _read_state(store, service)


def _put_in_place(part: Path, store: Path, aside: str) -> None:
    if not aside:
        os.link(part, store)  # unlike a rename, it does not replace a file that was created meanwhile
        return
    kept = store.with_name(f"{store.name}.{aside}")
    # The log keeps its name after that of its database: otherwise SQLite would not read the log of the kept one.
    for leftover, kept_leftover in zip(_files(store)[1:], _files(kept)[1:], strict=True):
        with suppress(FileNotFoundError):
            leftover.rename(kept_leftover)
    with suppress(FileNotFoundError):
        os.link(store, kept)
    part.replace(store)


def _read_state(file: Path, service: str) -> StoreState:
    with closing(_open_existing(file, "mode=ro&immutable=1")) as connection:
        migrations = connection.execute("SELECT part, name FROM schema_version").fetchall()
        return store_state(
            service, migrations, connection.execute("SELECT source, sequence, recorded, chain FROM head").fetchall()
        )


def _files(store: Path) -> list[Path]:
    return [store, *(store.with_name(store.name + ending) for ending in LEFTOVERS)]


def _open_existing(file: Path, mode: str) -> sqlite3.Connection:
    """Open a database that exists: without a mode, SQLite would create a missing file."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=BUSY_S)
