"""Serves the policy service on a port, with the shipped instruments of a region recorded."""

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
from services.policy.domain.read_models.enactment_preview import recording_command
from services.policy.domain.reference_data.holidays import default_holidays
from shared.domain.decider import StoreCommand
from shared.event_store.database import Database
from shared.identity import Identity
from tests.support.example_facts import at
from tests.support.http_server import running_server

FRIDAY = date(2026, 4, 10)


class RulesServer:
    """A policy service with a token issuer and an adjustable clock."""

    def __init__(self, folder: Path) -> None:
        self.issuer = Issuer(folder, "demo")
        self.time = at("09:41", FRIDAY)
        identity = Identity.from_jwks(self.issuer.jwks(), ISSUER, AUDIENCE)
        self.app = app.assemble(Database(f"sqlite://{folder}/policy.db"), identity, lambda: self.time)

    @asynccontextmanager
    async def serve(self, region: str, without: Sequence[str] = ()) -> AsyncIterator[str]:
        """Yield the address of the region's page, with the calendar and the presets except `without` recorded."""
        async with self.app.router.lifespan_context(self.app):
            await self._record(region, without)
            async with running_server(self.app) as address:
                yield f"{address}/aturan/{region}"

    async def instruments(self, region: str) -> Any:
        """Return the recorded instruments."""
        state, _ = await self.app.state.store.state(f"instruments/{region}")
        return decider.instruments_state(state).instruments

    async def _record(self, region: str, without: Sequence[str]) -> None:
        instruments = [i for i in presets().values() if i.layer == "NATIONAL" or i.government == region]
        days = [day.model_dump() for day in default_holidays([2025, 2026])]
        await self._submit(DeclareHolidays.model_validate({"region": region, "holidays": days}), at("08:00", FRIDAY))
        for instrument in sorted(instruments, key=lambda i: i.published_on):
            if instrument.instrument not in without and "*" not in without:
                await self._submit(recording_command(region, instrument), at("08:00", instrument.published_on))

    async def _submit(self, command: Any, when: datetime) -> None:
        current_time, self.time = self.time, when
        stream, decide = decider.stream(command), partial(decider.decide, command)
        key = f"{stream}-{when:%Y%m%d}-{getattr(command, 'instrument', None)!r:.80}"
        await self.app.state.store.execute(
            StoreCommand(command.region, stream, decide, "user:sri", key, key, decider.reads(command))
        )
        self.time = current_time


async def main(folder: Path, region: str, *without: str) -> None:
    """Serve until interrupted, and print a token: `python -m tests.browser.rules_server FOLDER REGION [without…]`."""
    server = RulesServer(folder)
    async with server.serve(region, without) as address:
        print(address, server.issuer.sign("sri", roles=["PERSONNEL"], region=region), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
