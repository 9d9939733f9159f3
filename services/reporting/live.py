"""How an OPD stands now, and every time that changes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

from services.reporting.state import OpdNow, Rows, opd_now
from services.reporting.view import View
from shared.clock import Clock
from shared.regions import local_date, minute_of

BEAT_SECONDS = 5.0
LOOK_SECONDS = 0.25
"""How often a live reader looks whether the domain minute turned: the demo's minutes are short."""


class Live(NamedTuple):
    """The view, and the instant that is now."""

    view: View
    now: Clock

    def stand(self, region: str, opd: str) -> OpdNow:
        """How an OPD stands now."""
        now = self.now()
        today = local_date(now, region)
        rows = Rows(self.view.row(region, opd, today), self.view.row(region, opd, today + timedelta(days=1)))
        return opd_now(region, opd, rows, now, self.view.behind())

    async def follow(self, region: str, opd: str) -> AsyncIterator[OpdNow | None]:
        """How an OPD stands, at every change and every turn of the domain minute; None as a sign of life between."""
        shown: object = None
        quiet = 0.0
        while True:
            stand = self.stand(region, opd)
            seen = (self.view.row(region, opd, local_date(stand.at, region)), minute_of(stand.at), stand.behind)
            if seen != shown or quiet >= BEAT_SECONDS:
                yield stand if seen != shown else None
                shown, quiet = seen, 0.0
            await self.view.change(LOOK_SECONDS)
            quiet += LOOK_SECONDS
