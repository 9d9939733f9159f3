"""Reading back: every stored event by the feeds, every record of the log, every row of the view."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import httpx
from aiokafka import TopicPartition
from pydantic_core import from_json

from deploy.simulate.caller import Caller
from deploy.simulate.report import PAGE, SERVICES, Seen
from shared import kafka, logtail
from shared.events import source, topic
from shared.facts.coverage import Coverage

PATIENCE_MS = 10_000
UNZIPPED = {"accept-encoding": "identity"}


async def stored(caller: Caller, regions: Iterable[str]) -> list[Mapping[str, Any]]:
    """Every stored event of every source."""
    return [event for region in regions for service in SERVICES for event in await _feed(caller, region, service)]


async def _feed(caller: Caller, region: str, service: str) -> list[Mapping[str, Any]]:
    token, events = caller.official("SUBSCRIBER", region, "PUBLIK"), list[Mapping[str, Any]]()
    headers = {"authorization": f"Bearer {token}", **UNZIPPED}
    while True:
        params = {"after": len(events), "limit": PAGE}
        answer = await caller.http.get(f"/{service}/v1/{region}/feed", headers=headers, params=params)
        page = from_json(answer.raise_for_status().content)
        if not page:
            return events
        events += page


async def logged(bootstrap: str, regions: Sequence[str]) -> Tally[tuple[str, int]]:
    """How often each (source, sequence) stands in the log."""
    names = {topic(region, service): source(region, service) for region in regions for service in SERVICES}
    sizes = await kafka.topic_sizes(bootstrap)
    places = [TopicPartition(name, number) for name in names for number in range(sizes[name])]
    found: Tally[tuple[str, int]] = Tally()
    async with logtail.reading(bootstrap, places, PATIENCE_MS) as consumer:
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                found.update((names[place.topic], logtail.sequence(record.value or b"")) for record in records)
    return found


async def rows(caller: Caller, day: date, positions: Mapping[tuple[str, str], int]) -> Seen:
    """The row of every OPD once it has seen the last press there. Raises RuntimeError for one that is not there."""
    seen = await asyncio.gather(*(_row(caller, *place, day, after) for place, after in positions.items()))
    return Seen(dict(zip(positions, seen, strict=True)))


async def _row(caller: Caller, region: str, opd: str, day: date, after: int) -> Coverage:
    headers = {"piket-min-position": f"attendance/{region}/{after}"} if after else {}
    for _ in range(30):
        async with caller.gate:
            path, params = f"/reporting/v1/{region}/coverage/{opd}", {"date": str(day)}
            answer = await caller.http.get(path, params=params, headers=headers)
        if answer.is_success:
            return Coverage.model_validate_json(answer.content)
        await asyncio.sleep(1 if answer.status_code == httpx.codes.NOT_FOUND else 0)
    raise RuntimeError(f"The row of {region}/{opd} has not seen {after} taps: {answer.status_code} {answer.text}")
