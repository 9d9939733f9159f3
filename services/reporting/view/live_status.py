"""How everything stands now, and every time that changes."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from operator import is_
from typing import NamedTuple

from services.reporting.domain.status.board import RegionNow
from services.reporting.domain.status.current_status import OpdNow, Rows, opd_now
from services.reporting.view.rows import View
from shared.clock import Clock
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date, minute_of

BEAT_SECONDS = 5.0
LOOK_SECONDS = 0.25
"""How often a live reader looks whether the domain minute turned: the demo's minutes are short."""


class Instant(NamedTuple):
    """What is judged, and since when nothing newer is known, if that is long ago."""

    at: datetime
    behind: datetime | None


class Seen(NamedTuple):
    """What something was told from: rows, which the view swaps whole, and instants."""

    rows: tuple[object, ...]
    instants: tuple[object, ...]

    def same(self, other: "Seen") -> bool:
        """Whether it would be told again as it was."""
        return all(map(is_, self.rows, other.rows)) and self.instants == other.instants


class Live:
    """The view, the instant that is now, and how each OPD stood when somebody last looked."""

    def __init__(self, view: View, now: Clock) -> None:
        self.view, self.now = view, now
        self._told: dict[tuple[str, str], tuple[Seen, OpdNow]] = {}
        self._indexed: tuple[Mapping[str, Coverage], Mapping[str, tuple[str, ...]]] = ({}, {})

    def instant(self, region: str) -> Instant:
        """What is judged of a region: now, but no minute that was not seen."""
        return Instant(min(self.now(), self.view.current_until(region)), self.view.behind(region))

    def opds(self) -> Mapping[str, tuple[str, ...]]:
        """The OPD of every region of which there is a row."""
        rows, index = self.view.rows, self._indexed
        if index[0] is not rows:
            found: dict[str, set[str]] = {}
            for row in rows.values():
                found.setdefault(row.region, set()).add(row.opd)
            index = self._indexed = (rows, {region: tuple(sorted(opds)) for region, opds in sorted(found.items())})
        return index[1]

    def stand(self, region: str, opd: str) -> OpdNow:
        """How an OPD stands now."""
        return self._stand(region, opd, self.instant(region))

    def regions(self) -> tuple[RegionNow, ...]:
        """How all regions stand that are connected."""
        instants = {region: self.instant(region) for region in self.opds()}
        return tuple(
            RegionNow(
                region, when.at, tuple(self._stand(region, opd, when) for opd in self.opds()[region]), when.behind
            )
            for region, when in instants.items()
        )

    def moment(self) -> Seen:
        """What a whole board is told from: the rows, and each region's minute and since when it stands still."""
        instants = [self.instant(region) for region in self.opds()]
        minutes = (minute_of(self.now() if behind else at) for at, behind in instants)
        return Seen((self.view.rows,), (*minutes, *(when.behind for when in instants)))

    async def follow(self, region: str, opd: str) -> AsyncIterator[OpdNow | None]:
        """How an OPD stands, at every change and every turn of the domain minute; None as a sign of life between."""
        shown: Seen | None = None
        quiet = 0.0
        while True:
            when = self.instant(region)
            seen = self._seen(self._rows(region, opd, when), when)
            changed = shown is None or not seen.same(shown)
            if changed or quiet >= BEAT_SECONDS:
                yield self._stand(region, opd, when) if changed else None
                shown, quiet = seen, 0.0
            await self.view.change(LOOK_SECONDS)
            quiet += LOOK_SECONDS

    def _stand(self, region: str, opd: str, when: Instant) -> OpdNow:
        rows = self._rows(region, opd, when)
        seen, told = self._seen(rows, when), self._told.get((region, opd))
        if told and told[0].same(seen):
            return told[1]
        stand = opd_now(region, opd, rows, when.at, when.behind)
        if rows.today:
            self._told[region, opd] = (seen, stand)
        return stand

    def _seen(self, rows: Rows, when: Instant) -> Seen:
        return Seen(rows, (minute_of(when.at), when.behind))

    def _rows(self, region: str, opd: str, when: Instant) -> Rows:
        today = local_date(when.at, region)
        return Rows(self.view.row(region, opd, today), self.view.row(region, opd, today + timedelta(days=1)))
