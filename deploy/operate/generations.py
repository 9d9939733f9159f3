"""The topics of the generations of a view: made for one that is built, its rows moved over, the others deleted."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from aiokafka.admin import NewTopic

from services.reporting.changelog import app_id, changelog_topic, create_changelog
from services.reporting.facts import LIVE_DAYS
from services.reporting.feeding import GENERATION, told
from services.reporting.generation import Generation, stage
from shared import kafka, logtail
from shared.clock import Clock
from shared.events import topic
from shared.facts.coverage import Coverage
from shared.regions import local_date
from shared.settings import Settings

COMPACT = {"cleanup.policy": "compact"}
OPEN = timedelta(days=LIVE_DAYS + 3)
"""For so long after a service date its workers may still publish its row: the next date's facts count, and a grace."""


class Place(NamedTuple):
    """Where the last record of a row stands."""

    partition: int
    key: bytes


async def unused(settings: Settings, now: Generation) -> int:
    """A number that no generation had, also none whose building was broken off."""
    async with kafka.admin(settings.kafka) as client:
        named = [*await client.list_topics(), *(group for group, *_ in await client.list_consumer_groups())]
    ours = [
        re.escape(app_id(settings.deployment)) + r"-g(\d+)",
        *(_stages(region) for region in settings.region_list()),
    ]
    found = (re.match(rf"(?:{'|'.join(ours)})\b", name) for name in named)
    numbers = (int(number) for match in found if match for number in match.groups() if number)
    return 1 + max([now.number, *numbers])


async def create(settings: Settings, number: int, beside: int) -> None:
    """Create the changelog and the stages of a generation, as often replicated as the changelog of another."""
    partitions, like = settings.partitions, changelog_topic(settings.deployment, beside)
    async with kafka.admin(settings.kafka) as client:
        (known,) = await client.describe_topics([like])
    copies = len(known["partitions"][0]["replicas"])
    await create_changelog(settings.kafka, settings.deployment, partitions, copies, number)
    stages = [NewTopic(stage(r, number), partitions, copies, topic_configs=COMPACT) for r in settings.region_list()]
    await kafka.create(settings.kafka, stages)


async def sweep(settings: Settings, now: Generation) -> None:
    """Delete every stage, and the changelog of every generation that is not in force."""
    group, own = re.escape(app_id(settings.deployment)), changelog_topic(settings.deployment, now.number)
    ours = [rf"{group}(-g\d+)?-facts-changelog", *(_stages(region) for region in settings.region_list())]
    names = [name for name in await kafka.topic_sizes(settings.kafka) if re.fullmatch("|".join(ours), name)]
    await kafka.delete(settings.kafka, [name for name in names if name != own])


def _stages(region: str) -> str:
    return re.escape(stage(region, 0)).replace("g0", r"g(\d+)")


async def move(settings: Settings, now: Generation) -> int:
    """Show the rows of closed days that a generation in force has staged, and remove what it has not.

    The workers publish the open days. Answers how many rows it wrote; again, it writes none.
    """
    sent = []
    async with kafka.producer(settings.kafka) as producer:
        for region in await _staged(settings, now):
            place, today = topic(region, "coverage"), local_date(settings.now()(), region)
            staged, shown = await _rows(settings, stage(region, now.number)), await _rows(settings, place)
            for (partition, key), row in corrections(staged, shown, now, today):
                body = row.model_dump_json(exclude_none=True).encode() if row else None
                headers = [] if row else [(GENERATION, str(now.number).encode())]
                sent.append(await producer.send(place, body, key=key, partition=partition, headers=headers))
        await asyncio.gather(*sent)
    return len(sent)


def corrections(
    staged: Mapping[Place, Coverage], shown: Mapping[Place, Coverage], now: Generation, today: date
) -> Iterator[tuple[Place, Coverage | None]]:
    """What is missing of the closed days that were staged; None for a row that must not be."""
    for place, row in staged.items():
        if closed(row.service_date, today) and (place not in shown or shown[place].generation < now.number):
            yield place, row
    for place, row in shown.items():
        if place not in staged and row.generation < now.number and row.service_date >= (now.since or date.min):
            yield place, None


def closed(service_date: date, today: date) -> bool:
    """Whether no worker publishes the row of a service date any more."""
    return service_date + OPEN < today


def first_open(settings: Settings, now: Clock) -> date:
    """The earliest date whose row may still change in any region."""
    return min(local_date(now(), region) for region in settings.region_list()) - OPEN


async def _staged(settings: Settings, now: Generation) -> Iterable[str]:
    sizes = await kafka.topic_sizes(settings.kafka)
    return [region for region in settings.region_list() if stage(region, now.number) in sizes]


async def _rows(settings: Settings, name: str) -> Mapping[Place, Coverage]:
    """The last row of every key, as a compacted topic keeps it."""
    records = logtail.everything(settings.kafka, [name])
    last = {Place(record.partition, record.key or b""): told(record) async for record in records}
    return {place: row for place, row in last.items() if isinstance(row, Coverage)}
