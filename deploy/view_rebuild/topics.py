"""The topics of the generations of a view: made for one that is built, its rows moved over, the others deleted."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from aiokafka.admin import NewTopic

from services.reporting.domain.fact_store.compact import LIVE_DAYS
from services.reporting.domain.partitions.partition_state import state_of
from services.reporting.domain.partitions.region_state import first_of
from services.reporting.view.consumer import GENERATION, told
from services.reporting.view.generations import Generation, stage
from services.reporting.worker.changelog import app_id, changelog_topic, create_changelog
from shared.clock import Clock
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.relay import log_tail
from shared.settings import Settings

COMPACT = {"cleanup.policy": "compact"}
OPEN = timedelta(days=LIVE_DAYS + 3)
"""So many days at the least are rebuilt: their rows may still change."""


class Place(NamedTuple):
    """Where the last record of a row stands."""

    partition: int
    key: bytes


async def unused(settings: Settings, now: Generation) -> int:
    """A number that no generation had, also none whose building was broken off."""
    async with broker.admin(settings.kafka) as client:
        named = [*await client.list_topics(), *(group for group, *_ in await client.list_consumer_groups())]
    ours = [
        re.escape(app_id(settings.deployment)) + r"-g(\d+)",
        *(_stages(region) for region in settings.region_list()),
    ]
    found = (re.match(rf"(?:{'|'.join(ours)})\b", name) for name in named)
    numbers = (int(number) for match in found if match for number in match.groups() if number)
    return 1 + max([now.number, *numbers])


async def create(settings: Settings, number: int) -> None:
    """Create the changelog and the stages of a generation, as often replicated as the view that readers follow."""
    partitions, like = settings.partitions, topic(settings.region_list()[0], "coverage")
    async with broker.admin(settings.kafka) as client:
        (known,) = await client.describe_topics([like])
    copies = len(known["partitions"][0]["replicas"])
    await create_changelog(settings.kafka, settings.deployment, partitions, copies, number)
    stages = [NewTopic(stage(r, number), partitions, copies, topic_configs=COMPACT) for r in settings.region_list()]
    await broker.create(settings.kafka, stages)


async def sweep(settings: Settings, now: Generation) -> None:
    """Delete the changelogs of earlier generations and the stages up to this one: a later one may be in building."""
    group, sizes = re.escape(app_id(settings.deployment)), await broker.topic_sizes(settings.kafka)
    changelogs = _numbered(rf"{group}(?:-g(\d+))?-facts-changelog", sizes)
    stages = [each for region in settings.region_list() for each in _numbered(_stages(region), sizes)]
    old = [name for name, number in changelogs if number < now.number]
    await broker.delete(settings.kafka, [*old, *(name for name, number in stages if number <= now.number)])


def _numbered(pattern: str, names: Iterable[str]) -> list[tuple[str, int]]:
    """Names of this pattern, and the generation that each tells: without a number, the first."""
    found = ((name, re.fullmatch(pattern, name)) for name in names)
    return [(name, int(match.group(1) or 0)) for name, match in found if match]


def _stages(region: str) -> str:
    return re.escape(stage(region, 0)).replace("g0", r"g(\d+)")


async def move(settings: Settings, now: Generation) -> None:
    """Show the rows of closed days that a generation in force has staged, and remove what it has not.

    The workers publish the days that are open by the state that they keep. Done again, it writes nothing.
    """
    sent = []
    regions = await _staged(settings, now)
    opened = await _opened(settings, now) if regions else {}
    async with broker.producer(settings.kafka) as producer:
        for region in regions:
            place, firsts = topic(region, "coverage"), opened.get(region, {})
            staged, shown = await _rows(settings, stage(region, now.number)), await _rows(settings, place)
            for (partition, key), row in corrections(staged, shown, now, firsts):
                body = row.model_dump_json(exclude_none=True).encode() if row else None
                headers = [] if row else [(GENERATION, str(now.number).encode())]
                sent.append(await producer.send(place, body, key=key, partition=partition, headers=headers))
        await asyncio.gather(*sent)


def corrections(
    staged: Mapping[Place, Coverage], shown: Mapping[Place, Coverage], now: Generation, firsts: Mapping[int, date]
) -> Iterator[tuple[Place, Coverage | None]]:
    """What is missing of the closed days that were staged; None for a row that must not be.

    `firsts` tells, by partition, from which date on the workers publish rows: earlier days are closed.
    """
    for place, row in staged.items():
        closed = row.service_date < firsts.get(place.partition, date.min)
        if closed and (place not in shown or shown[place].generation < now.number):
            yield place, row
    for place, row in shown.items():
        if place not in staged and row.generation < now.number and row.service_date >= (now.since or date.min):
            yield place, None


def first_open(settings: Settings, now: Clock) -> date:
    """The earliest date whose row may still change in any region."""
    return min(local_date(now(), region) for region in settings.region_list()) - OPEN


async def _staged(settings: Settings, now: Generation) -> Iterable[str]:
    sizes = await broker.topic_sizes(settings.kafka)
    return [region for region in settings.region_list() if stage(region, now.number) in sizes]


async def _opened(settings: Settings, now: Generation) -> Mapping[str, Mapping[int, date]]:
    """From which date on the workers of a generation publish rows, by region and partition, as their changelog says."""
    firsts: defaultdict[str, dict[int, date]] = defaultdict(dict)
    name = changelog_topic(settings.deployment, now.number)
    async for record in log_tail.everything(settings.kafka, [name]):
        if (region := state_of(record.key or b"")) and (first := first_of(record.value or b"")):
            firsts[region][record.partition] = first
    return firsts


async def _rows(settings: Settings, name: str) -> Mapping[Place, Coverage]:
    """The last row of every key, as a compacted topic keeps it."""
    records = log_tail.everything(settings.kafka, [name])
    last = {Place(record.partition, record.key or b""): told(record) async for record in records}
    return {place: row for place, row in last.items() if isinstance(row, Coverage)}
