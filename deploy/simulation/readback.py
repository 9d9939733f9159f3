"""Reads back what was recorded: stored events by the feeds, records of the log, rows of the view."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from deploy.http_client import HttpClient
from deploy.simulation.report import PAGE_SIZE, SERVICES, ViewRows
from shared.domain.envelope import source, topic
from shared.domain.facts.coverage import Coverage
from shared.kafka.connection import KafkaConnection
from shared.relay import log_tail


async def stored_events(client: HttpClient, regions: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return all stored events of all sources."""
    return [event for region in regions for service in SERVICES for event in await _feed(client, region, service)]


async def _feed(client: HttpClient, region: str, service: str) -> list[Mapping[str, Any]]:
    token, events = client.official_token("SUBSCRIBER", region, "PUBLIK"), list[Mapping[str, Any]]()
    path = f"/{service}/v1/{region}/feed"
    # A source counts its events from 1 without a gap: the number read is the last sequence.
    while page := await client.get_json(path, token, after=len(events), limit=PAGE_SIZE):
        events += page
    return events


async def log_counts(connection: KafkaConnection, regions: Sequence[str]) -> Counter[tuple[str, int]]:
    """Return how often each (source, sequence) occurs in the log."""
    names = {topic(region, service): source(region, service) for region in regions for service in SERVICES}
    counts: Counter[tuple[str, int]] = Counter()
    async for record in log_tail.read_all_records(connection, names):
        counts[names[record.topic], log_tail.sequence_of(record.value or b"")] += 1
    return counts


async def view_rows(client: HttpClient, day: date, positions: Mapping[tuple[str, str], int]) -> ViewRows:
    """Return the row of each OPD once it includes the given position. Raise RuntimeError if it does not in time."""
    reads = (_row(client, region, opd, day, position) for (region, opd), position in positions.items())
    coverages = await asyncio.gather(*reads)
    return ViewRows(dict(zip(positions, coverages, strict=True)))


async def _row(client: HttpClient, region: str, opd: str, day: date, position: int) -> Coverage:
    headers = {"piket-min-position": f"attendance/{region}/{position}"} if position else {}
    path = f"/reporting/v1/{region}/coverage/{opd}"
    for _ in range(30):
        async with client.slots:
            answer = await client.get_once(path, headers, date=str(day))
        if answer.ok:
            return Coverage.model_validate_json(answer.body)
        await asyncio.sleep(1)
    raise RuntimeError(f"The row of {region}/{opd} does not include position {position}: {answer.status}")
