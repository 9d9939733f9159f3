"""Lists the two kinds of store with the functions that copy, read and restore them."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg

from deploy.backup import postgresql_dump, sqlite_copy
from deploy.backup.judgement.manifest import StoreState, UnusableBackup
from deploy.backup.postgresql_programs import ProgramFailed

FAILURES = (OSError, sqlite3.Error, psycopg.Error, ProgramFailed, UnusableBackup)
"""The expected failures of the functions below."""


class StoreKind(NamedTuple):
    """How the stores of one database system are copied while they are written, and restored."""

    name: Literal["sqlite", "postgresql"]
    ending: str
    copy: Callable[[str, str, Path], StoreState]
    events: Callable[[Path], Iterator[tuple[str, int, bytes]]]
    obstacle: Callable[[str], str]
    usage: Callable[[str], str]
    restore: Callable[[str, str, Path, str], StoreState]


SQLITE = StoreKind(
    "sqlite", "db",
    sqlite_copy.copy_store, sqlite_copy.read_events, sqlite_copy.obstacle, sqlite_copy.usage, sqlite_copy.restore_store,
)  # fmt: skip
POSTGRESQL = StoreKind(
    "postgresql", "dump",
    postgresql_dump.copy_store, postgresql_dump.read_events, postgresql_dump.obstacle, postgresql_dump.usage,
    postgresql_dump.restore_store,
)  # fmt: skip
KINDS: Mapping[str, StoreKind] = {kind.name: kind for kind in (SQLITE, POSTGRESQL)}


def kind_of(url: str) -> StoreKind:
    """Return the kind of store of an address."""
    return KINDS[url.partition(":")[0]]
