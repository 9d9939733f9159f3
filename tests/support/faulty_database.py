"""A database that fails at a chosen statement."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.event_store.database import Database
from shared.event_store.dialects import DIALECTS


class Faulty:
    """A connection of the driver; a fault may strike before or after a statement."""

    def __init__(self, raw: Any, before: Callable[[str], None], after: Callable[[str], None]) -> None:
        self._raw = raw
        self._before = before
        self._after = after

    def execute(self, sql: str, *values: Any) -> Any:
        self._before(sql)
        cursor = self._raw.execute(sql, *values)
        self._after(sql)
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def nothing(_: str) -> None: ...


class Once:
    """Fails at a statement as if the database had gone, as often as it is told to."""

    def __init__(self, url: str, statement: str) -> None:
        self.failure = DIALECTS[url.partition(":")[0]].away[0]
        self.statement = statement
        self.left = 0

    def __call__(self, sql: str) -> None:
        if sql == self.statement and self.left:
            self.left -= 1
            raise self.failure("gone")


def losing_commits(database: Database, url: str) -> Once:
    """Let a database lose the answers of its next commits, as many as `left` is set to."""
    lost, connect = Once(url, "COMMIT"), database.dialect.writer
    database.dialect = replace(database.dialect, writer=lambda address: Faulty(connect(address), nothing, lost))
    return lost
