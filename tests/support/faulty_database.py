"""Provides database connections that fail at a chosen statement."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.event_store.database import Database
from shared.event_store.dialects import DIALECTS


class FaultyConnection:
    """A driver's connection that calls `before` and `after` each statement; either may raise."""

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


def no_fault(_: str) -> None: ...


class FailingStatement:
    """Raises at a statement as if the database were unavailable, `failures_left` times."""

    def __init__(self, url: str, statement: str) -> None:
        self.failure = DIALECTS[url.partition(":")[0]].unavailable_errors[0]
        self.statement = statement
        self.failures_left = 0

    def __call__(self, sql: str) -> None:
        if sql == self.statement and self.failures_left:
            self.failures_left -= 1
            raise self.failure("gone")


def lose_commits(database: Database, url: str) -> FailingStatement:
    """Make a database lose the acknowledgement of its next `failures_left` commits."""
    lost, connect = FailingStatement(url, "COMMIT"), database.dialect.open_writer
    database.dialect = replace(
        database.dialect, open_writer=lambda address: FaultyConnection(connect(address), no_fault, lost)
    )
    return lost
