"""Holds the coverage view of an API replica in memory: the latest row by OPD and service date, and its freshness."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from time import monotonic
from typing import NamedTuple

from services.reporting.domain.freshness import CompleteUntil, Freshness
from shared.clock import Clock, wall_time
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions

BEHIND_AFTER_SECONDS = 15.0
"""Wall time since the last confirmed completeness after which a view counts as behind."""


def is_newer(row: Coverage, existing: Coverage) -> bool:
    """Return whether a row replaces the existing one of the same key: it has a higher `row_version`."""
    return row_version(row) > row_version(existing)


def row_version(row: Coverage) -> tuple[int, int, int, int]:
    """Return the sort key of a row's versions: generation, definition, revision, then the sum of its watermarks."""
    # The sum suffices: of two rows of the same facts, the later one has no source that was read less far.
    return row.generation, row.definition, row.revision, sum(row.watermark.values())


class Tombstone(NamedTuple):
    """A key for which a rebuilt view has no row: rows of earlier generations are removed."""

    key: str
    generation: int


class CoverageView:
    """The latest rows by key, and until when they are complete.

    `rows` is replaced as a whole at each change, so that a reader in another thread never sees half of a change.
    `regions` and `partitions` are those that heartbeats and positions are expected from; without them the owner of the
    view calls `mark_complete`. `ready` is set once everything is read that was in the topics at the start.
    """

    def __init__(self, now: Clock, regions: Iterable[str] = (), partitions: int = 0) -> None:
        self.rows: Mapping[str, Coverage] = {}
        self.ready = False
        self._tombstones: dict[str, int] = {}
        self._now = now
        self._started = wall_time()
        self._at_start = CompleteUntil(now(), datetime.min.replace(tzinfo=UTC))
        self._marked_complete: CompleteUntil | None = None
        self._freshness: Mapping[str, Freshness] = {region: Freshness(partitions) for region in regions}
        self._changed = asyncio.Event()

    def apply_rows(self, rows: Iterable[Coverage]) -> None:
        """Add or replace rows. They may come in any order and several times."""
        changed: dict[str, Coverage] = {}
        for row in rows:
            existing = changed.get(row.key) or self.rows.get(row.key)
            if row.generation >= self._tombstones.get(row.key, 0) and (existing is None or is_newer(row, existing)):
                changed[row.key] = row
        if changed:
            self._swap({**self.rows, **changed})

    def lacks(self, row: Coverage) -> bool:
        """Return whether the view has no row of this key, or an older one."""
        existing = self.rows.get(row.key)
        return existing is None or is_newer(row, existing)

    def apply_tombstones(self, tombstones: Iterable[Tombstone]) -> None:
        """Remove the rows of these keys if they are of an earlier generation, and ignore such rows from now on."""
        generations = {tombstone.key: tombstone.generation for tombstone in tombstones}
        self._tombstones |= {key: max(number, self._tombstones.get(key, 0)) for key, number in generations.items()}
        remaining = {key: row for key, row in self.rows.items() if row.generation >= self._tombstones.get(key, 0)}
        if len(remaining) < len(self.rows):
            self._swap(remaining)

    def _swap(self, rows: Mapping[str, Coverage]) -> None:
        self.rows = rows
        self._changed.set()
        self._changed = (
            asyncio.Event()
        )  # a new event: all waiting readers wake up, and each can wait for the next change

    def apply_signals(self, region: str, signals: Iterable[Heartbeat | WorkerPositions]) -> None:
        """Update the freshness of a region. The rows that precede the signals on the topic must be applied before."""
        self._freshness = {**self._freshness, region: self._freshness[region].with_signals(signals)}

    def mark_complete(self) -> None:
        """Declare the view complete until now, for a view that is filled without Kafka."""
        self.ready, self._marked_complete = True, CompleteUntil(self._now(), wall_time())

    def row(self, region: str, opd: str, day: date) -> Coverage | None:
        """Return the latest row of an OPD on a service date, or None."""
        return self.rows.get(f"{region}/{opd}/{day}")

    def current_until(self, region: str) -> datetime:
        """Return the instant until which no event of a region is missing. Later minutes are not judged."""
        return self._complete_until(region).at

    def behind_since(self, region: str | None = None) -> datetime | None:
        """Return since when events of a region, or of any region, may be missing; None while the view is current.

        A quiet night does not make a view behind: relays and workers send signals without events too.
        """
        if region is None:
            return min(filter(None, map(self.behind_since, self._freshness or [""])), default=None)
        complete_until = self._complete_until(region)
        current = self.ready and (wall_time() - complete_until.wall).total_seconds() < BEHIND_AFTER_SECONDS
        return None if current else complete_until.at

    def seconds_behind(self, region: str) -> float:
        """Return the wall seconds since a region was last confirmed to be complete; at first, since the start."""
        if self._marked_complete:
            return 0.0
        confirmed = max(self._complete_until(region).wall, self._started)
        return max(0.0, (wall_time() - confirmed).total_seconds())

    def _complete_until(self, region: str) -> CompleteUntil:
        freshness = self._freshness.get(region)
        return self._marked_complete or (freshness and freshness.complete_until()) or self._at_start

    async def wait_for_change(self, seconds: float) -> None:
        """Return at the next change of a row, or after this number of seconds."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    async def wait_for_position(self, key: str, source: str, position: int, seconds: float) -> bool:
        """Wait until a row includes a source's events up to a position. Return False after this number of seconds."""
        deadline = monotonic() + seconds
        while not self._row_includes(key, source, position):
            if (remaining := deadline - monotonic()) <= 0:
                return False
            await self.wait_for_change(remaining)
        return True

    def _row_includes(self, key: str, source: str, position: int) -> bool:
        row = self.rows.get(key)
        return row is not None and row.watermark.get(source, 0) >= position
