"""Manages the topics of view generations: creates new ones, publishes staged rows, deletes old ones."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from aiokafka.admin import NewTopic

from services.reporting.domain.fact_store.compact import LIVE_DAYS
from services.reporting.domain.partitions.partition_state import region_of_state_key
from services.reporting.domain.partitions.region_state import first_date_of_state
from services.reporting.view.consumer import GENERATION_HEADER, decode_record
from services.reporting.view.generations import Generation, staging_topic
from services.reporting.worker.changelog import app_id, changelog_topic, create_changelog
from shared.clock import Clock
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.kafka.closing import started
from shared.kafka.connection import connection_of
from shared.relay import log_tail
from shared.settings import Settings

COMPACTED = {"cleanup.policy": "compact"}
MIN_REBUILT_PERIOD = timedelta(days=LIVE_DAYS + 3)
"""Minimum period that is rebuilt: its rows may still change."""


class RowKey(NamedTuple):
    """Partition and key of a row in a compacted topic."""

    partition: int
    key: bytes


async def next_generation_number(settings: Settings, current: Generation) -> int:
    """Return a number that no generation has used, including those of interrupted rebuilds."""
    async with broker.admin_client(connection_of(settings)) as client:
        # The consumer groups too: an interrupted rebuild may have left only its group.
        names = [*await client.list_topics(), *(group for group, *_ in await client.list_consumer_groups())]
    patterns = [
        re.escape(app_id(settings.deployment)) + r"-g(\d+)",
        *(_stage_pattern(region) for region in settings.region_list()),
    ]
    matches = (re.match(rf"(?:{'|'.join(patterns)})\b", name) for name in names)
    numbers = (int(number) for match in matches if match for number in match.groups() if number)
    return 1 + max([current.number, *numbers])


async def create_generation_topics(settings: Settings, number: int) -> None:
    """Create the changelog and the staging topics of a generation, with the replication of the view topic."""
    partitions, view_topic = settings.partitions, topic(settings.region_list()[0], "coverage")
    async with broker.admin_client(connection_of(settings)) as client:
        (description,) = await client.describe_topics([view_topic])
    replicas = len(description["partitions"][0]["replicas"])
    await create_changelog(connection_of(settings), settings.deployment, partitions, replicas, number)
    stages = [
        NewTopic(staging_topic(r, number), partitions, replicas, topic_configs=COMPACTED)
        for r in settings.region_list()
    ]
    await broker.ensure_topics(connection_of(settings), stages)


async def delete_old_topics(settings: Settings, current: Generation) -> None:
    """Delete changelogs before this generation and staging topics up to it. A later one may be under construction."""
    connection = connection_of(settings)
    group, sizes = re.escape(app_id(settings.deployment)), await broker.topic_sizes(connection)
    changelogs = _generation_topics(rf"{group}(?:-g(\d+))?-facts-changelog", sizes)
    stages = [
        stage_topic
        for region in settings.region_list()
        for stage_topic in _generation_topics(_stage_pattern(region), sizes)
    ]
    old = [name for name, number in changelogs if number < current.number]
    await broker.delete_topics(connection, [*old, *(name for name, number in stages if number <= current.number)])


def _generation_topics(pattern: str, names: Iterable[str]) -> list[tuple[str, int]]:
    """Return the names that match a pattern, with the generation in the name; 0 if it has no number."""
    matches = ((name, re.fullmatch(pattern, name)) for name in names)
    return [(name, int(match.group(1) or 0)) for name, match in matches if match]


def _stage_pattern(region: str) -> str:
    # The name of generation 0 as a template; a region is digits, so `g0` occurs once.
    return re.escape(staging_topic(region, 0)).replace("g0", r"g(\d+)")


async def publish_staged_rows(settings: Settings, current: Generation) -> None:
    """Publish the rows of closed days that the current generation has staged, and remove rows that it does not have.

    Rows of open days are published by the workers, from their state. Repeating this writes nothing.
    """
    sent = []
    regions = await _staged_regions(settings, current)
    first_open = await _first_open_dates(settings, current) if regions else {}
    async with started(broker.producer(connection_of(settings))) as producer:
        for region in regions:
            view_topic, first_open_dates = topic(region, "coverage"), first_open.get(region, {})
            staged = await _last_rows(settings, staging_topic(region, current.number))
            published = await _last_rows(settings, view_topic)
            for (partition, key), row in corrections(staged, published, current, first_open_dates):
                body = row.model_dump_json(exclude_none=True).encode() if row else None
                # A tombstone has no body, so a header carries its generation.
                headers = [] if row else [(GENERATION_HEADER, str(current.number).encode())]
                sent.append(await producer.send(view_topic, body, key=key, partition=partition, headers=headers))
        await asyncio.gather(*sent)  # every acknowledgement; awaited one by one, each record would be a request


def corrections(
    staged: Mapping[RowKey, Coverage],
    published: Mapping[RowKey, Coverage],
    current: Generation,
    first_open_dates: Mapping[int, date],
) -> Iterator[tuple[RowKey, Coverage | None]]:
    """Yield the staged rows of closed days that are not published yet, and None for rows to remove.

    `first_open_dates` holds, by partition, the first date whose rows the workers publish: earlier days are closed.
    """
    for row_key, row in staged.items():
        # Without a state of the partition, no day is known to be closed.
        closed = row.service_date < first_open_dates.get(row_key.partition, date.min)
        if closed and (row_key not in published or published[row_key].generation < current.number):
            yield row_key, row
    for row_key, row in published.items():
        is_rebuilt = row.generation < current.number and row.service_date >= (current.since or date.min)
        if is_rebuilt and row_key not in staged:
            yield row_key, None


def earliest_open_date(settings: Settings, now: Clock) -> date:
    """Return the earliest date whose row may still change in a region."""
    return min(local_date(now(), region) for region in settings.region_list()) - MIN_REBUILT_PERIOD


async def _staged_regions(settings: Settings, current: Generation) -> Iterable[str]:
    sizes = await broker.topic_sizes(connection_of(settings))
    return [region for region in settings.region_list() if staging_topic(region, current.number) in sizes]


async def _first_open_dates(settings: Settings, current: Generation) -> Mapping[str, Mapping[int, date]]:
    """Return the first date whose rows the workers publish, by region and partition, from their changelog."""
    first_open: defaultdict[str, dict[int, date]] = defaultdict(dict)
    name = changelog_topic(settings.deployment, current.number)
    async for record in log_tail.read_all_records(connection_of(settings), [name]):
        if (region := region_of_state_key(record.key or b"")) and (first := first_date_of_state(record.value or b"")):
            first_open[region][record.partition] = first
    return first_open


async def _last_rows(settings: Settings, name: str) -> Mapping[RowKey, Coverage]:
    """Return the last row of each key of a compacted topic."""
    records = log_tail.read_all_records(connection_of(settings), [name])
    last = {RowKey(record.partition, record.key or b""): decode_record(record) async for record in records}
    return {row_key: row for row_key, row in last.items() if isinstance(row, Coverage)}
