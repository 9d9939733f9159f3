"""Computes the current status of OPD and regions from a view, caches it, and follows its changes."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from operator import is_
from typing import NamedTuple

from services.reporting.domain.status.board import RegionStatus
from services.reporting.domain.status.current_status import OpdStatus, StatusRows, opd_status
from services.reporting.view.rows import CoverageView
from shared.clock import Clock
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import epoch_minute, local_date

HEARTBEAT_SECONDS = 5.0
"""Time without a change after which a stream sends a sign of life."""
CLOCK_CHECK_SECONDS = 0.25
"""How often a stream checks whether the domain minute has changed: the demo's minutes are short."""


class JudgedInstant(NamedTuple):
    """The instant for which a status is computed; `behind`: since when the view is behind, or None."""

    at: datetime
    behind: datetime | None


class CacheKey(NamedTuple):
    """The inputs of a computed status: rows, which are compared by identity, and instants."""

    rows: tuple[object, ...]
    instants: tuple[object, ...]

    def matches(self, key: "CacheKey") -> bool:
        """Return whether the inputs are the same, so that a computation would have the same result."""
        # Identity suffices, because the view never changes a row or its mapping of rows in place.
        return all(map(is_, self.rows, key.rows)) and self.instants == key.instants


class LiveStatus:
    """Computes statuses from a view at the current instant, and caches the last status of each OPD."""

    def __init__(self, view: CoverageView, now: Clock) -> None:
        self.view, self.now = view, now
        self._cache: dict[tuple[str, str], tuple[CacheKey, OpdStatus]] = {}
        self._opd_index: tuple[Mapping[str, Coverage], Mapping[str, tuple[str, ...]]] = ({}, {})

    def instant(self, region: str) -> JudgedInstant:
        """Return the instant to judge a region at: now, but not later than the view is complete."""
        return JudgedInstant(min(self.now(), self.view.current_until(region)), self.view.behind_since(region))

    def opds_by_region(self) -> Mapping[str, tuple[str, ...]]:
        """Return the sorted codes of the OPD that have rows, by region."""
        rows, index = self.view.rows, self._opd_index
        if index[0] is not rows:
            by_region: dict[str, set[str]] = {}
            for row in rows.values():
                by_region.setdefault(row.region, set()).add(row.opd)
            sorted_index = {region: tuple(sorted(opds)) for region, opds in sorted(by_region.items())}
            index = self._opd_index = (rows, sorted_index)
        return index[1]

    def opd_status(self, region: str, opd: str) -> OpdStatus:
        """Return the current status of an OPD."""
        return self._cached_status(region, opd, self.instant(region))

    def region_statuses(self) -> tuple[RegionStatus, ...]:
        """Return the current status of every region that has rows."""
        instants = {region: self.instant(region) for region in self.opds_by_region()}
        return tuple(
            RegionStatus(
                region,
                instant.at,
                tuple(self._cached_status(region, opd, instant) for opd in self.opds_by_region()[region]),
                instant.behind,
            )
            for region, instant in instants.items()
        )

    def board_version(self) -> CacheKey:
        """Return the inputs of the whole board: all rows, and of each region its minute and since when it is behind."""
        instants = [self.instant(region) for region in self.opds_by_region()]
        # The board says for how long a region is behind, so its content changes with the clock.
        minutes = (epoch_minute(self.now() if behind else at) for at, behind in instants)
        return CacheKey((self.view.rows,), (*minutes, *(instant.behind for instant in instants)))

    async def follow(self, region: str, opd: str) -> AsyncIterator[OpdStatus | None]:
        """Yield the status of an OPD at each change and each new domain minute; None as a sign of life in between."""
        last: CacheKey | None = None
        unchanged_s = 0.0
        while True:
            instant = self.instant(region)
            key = self._cache_key(self._rows(region, opd, instant), instant)
            changed = last is None or not key.matches(last)
            if changed or unchanged_s >= HEARTBEAT_SECONDS:
                yield self._cached_status(region, opd, instant) if changed else None
                last, unchanged_s = key, 0.0
            await self.view.wait_for_change(CLOCK_CHECK_SECONDS)
            unchanged_s += CLOCK_CHECK_SECONDS

    def _cached_status(self, region: str, opd: str, instant: JudgedInstant) -> OpdStatus:
        rows = self._rows(region, opd, instant)
        key, cached = self._cache_key(rows, instant), self._cache.get((region, opd))
        if cached and cached[0].matches(key):
            return cached[1]
        status = opd_status(region, opd, rows, instant.at, instant.behind)
        if rows.today:  # no cache entries for codes without rows: anybody may request any code
            self._cache[region, opd] = (key, status)
        return status

    def _cache_key(self, rows: StatusRows, instant: JudgedInstant) -> CacheKey:
        return CacheKey(rows, (epoch_minute(instant.at), instant.behind))

    def _rows(self, region: str, opd: str, instant: JudgedInstant) -> StatusRows:
        today = local_date(instant.at, region)
        return StatusRows(self.view.row(region, opd, today), self.view.row(region, opd, today + timedelta(days=1)))
