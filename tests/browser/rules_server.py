"""The page of the rules on a port, over the policy service alone, with what was recorded of the shipped instruments."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.policy import app
from services.policy.domain import decider
from services.policy.domain.commands import DeclareHolidays
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.read_models.enactment_preview import recording
from services.policy.domain.reference_data.holidays import seeded
from shared.domain.decider import Command
from shared.event_store.database import Database
from shared.identity import Identity
from tests.support.example_facts import at
from tests.support.http_server import served

FRIDAY = date(2026, 4, 10)


class Desk:
    """The personnel agency's desk: a policy service, its issuer of tokens, and a clock that it sets."""

    def __init__(self, folder: Path) -> None:
        self.issuer = Issuer(folder, "demo")
        self.time = at("09:41", FRIDAY)
        identity = Identity.of(self.issuer.jwks(), ISSUER, AUDIENCE)
        self.app = app.assemble(Database(f"sqlite://{folder}/policy.db"), identity, lambda: self.time)

    @asynccontextmanager
    async def served(self, region: str, without: Sequence[str] = ()) -> AsyncIterator[str]:
        """The address, once the calendar and all shipped instruments of a region but some are on record."""
        async with self.app.router.lifespan_context(self.app):
            await self._record(region, without)
            async with served(self.app) as address:
                yield f"{address}/aturan/{region}"

    async def courses(self, region: str) -> Any:
        """What is on record."""
        return (await self.app.state.store.state(f"instruments/{region}"))[0].courses

    async def _record(self, region: str, without: Sequence[str]) -> None:
        own = [i for i in presets().values() if i.layer == "NATIONAL" or i.government == region]
        days = [day.model_dump() for day in seeded([2025, 2026])]
        await self._submit(DeclareHolidays.model_validate({"region": region, "holidays": days}), at("08:00", FRIDAY))
        for instrument in sorted(own, key=lambda i: i.published_on):
            if instrument.instrument not in without and "*" not in without:
                await self._submit(recording(region, instrument), at("08:00", instrument.published_on))

    async def _submit(self, command: Any, when: datetime) -> None:
        kept, self.time = self.time, when
        stream, decide = decider.stream(command), partial(decider.decide, command)
        key = f"{stream}-{when:%Y%m%d}-{getattr(command, 'instrument', None)!r:.80}"
        await self.app.state.store.execute(
            Command(command.region, stream, decide, "user:sri", key, key, decider.reads(command))
        )
        self.time = kept


async def main(folder: Path, region: str, *without: str) -> None:
    """Serve until interrupted, and say a token: `python -m tests.browser.rules_server FOLDER REGION [without…]`."""
    desk = Desk(folder)
    async with desk.served(region, without) as address:
        print(address, desk.issuer.sign("sri", roles=["PERSONNEL"], region=region), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
