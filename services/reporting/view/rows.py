"""The view that an API replica holds in memory: the latest row of every OPD and service date, complete until when."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from time import monotonic
from typing import NamedTuple

from services.reporting.domain.freshness import Pulse, Standing
from shared.clock import Clock, wall
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Beat, Positions

BEHIND_AFTER_SECONDS = 15.0


def newer(one: Coverage, other: Coverage) -> bool:
    """Whether `one` replaces `other`: the higher (generation, definition, revision), then the higher watermark."""
    return rank(one) > rank(other)


def rank(row: Coverage) -> tuple[int, int, int, int]:
    """What a row is told from an older one by."""
    return row.generation, row.definition, row.revision, sum(row.watermark.values())


class Gone(NamedTuple):
    """A row that a rebuilt view has not: what earlier generations said of it is forgotten."""

    key: str
    generation: int


class View:
    """Rows by key, swapped whole at each change, so that a reader in another thread never sees half of one.

    `regions` and `partitions` are those whose signs of life it hears; a view that is fed by hand is told by `confirm`.
    `ready` says that everything was read that there was at the start.
    """

    def __init__(self, now: Clock, regions: Iterable[str] = (), partitions: int = 0) -> None:
        self.rows: Mapping[str, Coverage] = {}
        self.ready = False
        self._gone: dict[str, int] = {}
        self._now = now
        self._began = Standing(now(), datetime.min.replace(tzinfo=UTC))
        self._confirmed: Standing | None = None
        self._pulses: Mapping[str, Pulse] = {region: Pulse(partitions) for region in regions}
        self._news = asyncio.Event()

    def keep(self, rows: Iterable[Coverage]) -> None:
        """Take in rows, in any order and as often as they come."""
        changed: dict[str, Coverage] = {}
        for row in rows:
            known = changed.get(row.key) or self.rows.get(row.key)
            if row.generation >= self._gone.get(row.key, 0) and (known is None or newer(row, known)):
                changed[row.key] = row
        if changed:
            self._swap({**self.rows, **changed})

    def forget(self, gone: Iterable[Gone]) -> None:
        """Drop the rows of these keys that are of an earlier generation, and never take one in again."""
        since = {each.key: each.generation for each in gone}
        self._gone |= {key: max(number, self._gone.get(key, 0)) for key, number in since.items()}
        kept = {key: row for key, row in self.rows.items() if row.generation >= self._gone.get(key, 0)}
        if len(kept) < len(self.rows):
            self._swap(kept)

    def _swap(self, rows: Mapping[str, Coverage]) -> None:
        self.rows = rows
        self._news.set()
        self._news = asyncio.Event()

    def hear(self, region: str, words: Iterable[Beat | Positions]) -> None:
        """Take in signs of life, in any order, after the rows that stand before them."""
        self._pulses = {**self._pulses, region: self._pulses[region].heard(words)}

    def confirm(self) -> None:
        """Everything that was there until now has been put in by hand."""
        self.ready, self._confirmed = True, Standing(self._now(), wall())

    def row(self, region: str, opd: str, day: date) -> Coverage | None:
        """The latest row of one OPD and service date."""
        return self.rows.get(f"{region}/{opd}/{day}")

    def current_until(self, region: str) -> datetime:
        """The instant until which nothing of a region is missing: readers judge no minute after it."""
        return self._standing(region).at

    def behind(self, region: str | None = None) -> datetime | None:
        """Since when the view may have missed something of a region, or of any; None while it is current.

        Nights are quiet, that is no lag: relays and workers give signs of life all the same.
        """
        if region is None:
            return min(filter(None, map(self.behind, self._pulses or [""])), default=None)
        standing = self._standing(region)
        current = self.ready and (wall() - standing.wall).total_seconds() < BEHIND_AFTER_SECONDS
        return None if current else standing.at

    def _standing(self, region: str) -> Standing:
        pulse = self._pulses.get(region)
        return self._confirmed or (pulse and pulse.standing()) or self._began

    async def change(self, seconds: float) -> None:
        """Return at the next change, or after so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    async def reached(self, key: str, source: str, position: int, seconds: float) -> bool:
        """Wait until a row has seen a position of a source. False if it has not in time."""
        deadline = monotonic() + seconds
        while not self._has(key, source, position):
            if (left := deadline - monotonic()) <= 0:
                return False
            await self.change(left)
        return True

    def _has(self, key: str, source: str, position: int) -> bool:
        row = self.rows.get(key)
        return row is not None and row.watermark.get(source, 0) >= position
