"""A SQLite store that a restore replaces: kept with its log, also if it is damaged."""

import sqlite3
from pathlib import Path

import pytest

from deploy.backup.sqlite_copy import restore_store, usage
from shared.event_store.committed_events import MIGRATIONS
from shared.event_store.database import Database

GARBAGE = b"damaged " * 512


@pytest.fixture
async def copy(tmp_path: Path) -> Path:
    """Return the file of an empty store."""
    database = Database(f"sqlite://{tmp_path}/copy.db")
    await database.migrate(MIGRATIONS)
    await database.close()
    return tmp_path / "copy.db"


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    store = tmp_path / "policy.db"
    store.write_bytes(GARBAGE)
    (tmp_path / "policy.db-wal").write_bytes(b"log")
    return store


def test_a_damaged_store_is_kept_with_its_log_under_the_name_that_sqlite_looks_for(copy: Path, damaged: Path) -> None:
    url = f"sqlite://{damaged}"
    restore_store(url, "policy", copy, "replaced_1")
    kept = {path.name: path.read_bytes() for path in damaged.parent.glob("*replaced*")}
    assert kept == {"policy.db.replaced_1": GARBAGE, "policy.db.replaced_1-wal": b"log"}


def test_a_store_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "policy.db").mkdir()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        usage(f"sqlite://{tmp_path}/policy.db")
