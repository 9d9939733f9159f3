"""Reading back: every stored event by the feeds, every record of the log, every row of the view."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from deploy.http_client import Caller
from deploy.simulation.report import PAGE, SERVICES, Seen
from shared.domain.envelope import source, topic
from shared.domain.facts.coverage import Coverage
from shared.relay import log_tail


async def stored(caller: Caller, regions: Iterable[str]) -> list[Mapping[str, Any]]:
    """Every stored event of every source."""
    return [event for region in regions for service in SERVICES for event in await _feed(caller, region, service)]


async def _feed(caller: Caller, region: str, service: str) -> list[Mapping[str, Any]]:
    token, events = caller.official("SUBSCRIBER", region, "PUBLIK"), list[Mapping[str, Any]]()
    path = f"/{service}/v1/{region}/feed"
    while page := await caller.read(path, token, after=len(events), limit=PAGE):
        events += page
    return events


async def logged(bootstrap: str, regions: Sequence[str]) -> Tally[tuple[str, int]]:
    """How often each (source, sequence) stands in the log."""
    names = {topic(region, service): source(region, service) for region in regions for service in SERVICES}
    found: Tally[tuple[str, int]] = Tally()
    async for record in log_tail.everything(bootstrap, names):
        found[names[record.topic], log_tail.sequence(record.value or b"")] += 1
    return found


async def rows(caller: Caller, day: date, positions: Mapping[tuple[str, str], int]) -> Seen:
    """The row of every OPD once it has seen the last press there. Raises RuntimeError for one that is not there."""
    seen = await asyncio.gather(*(_row(caller, *place, day, after) for place, after in positions.items()))
    return Seen(dict(zip(positions, seen, strict=True)))


async def _row(caller: Caller, region: str, opd: str, day: date, after: int) -> Coverage:
    headers = {"piket-min-position": f"attendance/{region}/{after}"} if after else {}
    path = f"/reporting/v1/{region}/coverage/{opd}"
    for _ in range(30):
        async with caller.gate:
            answer = await caller.ask(path, headers, date=str(day))
        if answer.ok:
            return Coverage.model_validate_json(answer.body)
        await asyncio.sleep(1)
    raise RuntimeError(f"The row of {region}/{opd} has not seen {after} taps: {answer.status}")
