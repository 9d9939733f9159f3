"""What stands in Kafka, as anybody may read it: records, ends, commits, and the rows of the view."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.domain.envelope import topic
from shared.kafka import broker
from tests.faults.office_days import MINUTES, Row

NOT_AN_OPD = b"/~/"


class Log:
    """A topic read from its beginning on."""

    def __init__(self, reader: AIOKafkaConsumer, parts: Sequence[TopicPartition]) -> None:
        self._reader, self._parts = reader, parts

    async def to_the_end(self) -> AsyncIterator[Any]:
        """Every record since the last call, to the end as it is now, each partition in its order.

        When Kafka is away for a while, what was given stays given, and the next call goes on behind it.
        """
        ends = await self._reader.end_offsets(self._parts)
        while any([await self._reader.position(part) < ends[part] for part in self._parts]):
            for some in (await self._reader.getmany(timeout_ms=200)).values():
                for record in some:
                    yield record


@asynccontextmanager
async def log(bootstrap: str, name: str) -> AsyncIterator[Log]:
    """A topic, opened for reading without a group."""
    sizes = await broker.topic_sizes(bootstrap)
    parts = [TopicPartition(name, number) for number in range(sizes[name])]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as reader:
        reader.assign(parts)
        yield Log(reader, parts)


async def everything(bootstrap: str, name: str) -> list[Any]:
    """Every record of a topic."""
    async with log(bootstrap, name) as whole:
        return [record async for record in whole.to_the_end()]


class View:
    """The last row of every key, as a compacted topic keeps it; the workers' words are none.

    `gone_back` counts rows that knew less than the one before them.
    """

    def __init__(self, coverage: Log) -> None:
        self.gone_back = self.published = 0
        self._coverage = coverage
        self._rows: dict[str, Row] = {}

    async def rows(self) -> Mapping[str, Row]:
        """The rows as they are now."""
        async for record in self._coverage.to_the_end():
            if NOT_AN_OPD not in record.key:
                self._keep(record.key.decode(), seen(record.value))
        return dict(self._rows)

    def _keep(self, key: str, row: Row) -> None:
        self.published += 1
        self.gone_back += key in self._rows and row.facts < self._rows[key].facts
        self._rows[key] = row

    async def settled(self, expected: Mapping[str, Row], within_s: float = 30) -> Mapping[str, Row]:
        """The view, as soon as it is the expected one, or after `within_s`."""
        now = await self.rows()
        for _ in range(int(within_s / 0.1)):
            if now == expected:
                break
            await asyncio.sleep(0.1)
            now = await self.rows()
        return now


@asynccontextmanager
async def viewed(bootstrap: str, region: str) -> AsyncIterator[View]:
    """The view of a region, open for reading on."""
    async with log(bootstrap, topic(region, "coverage")) as coverage:
        yield View(coverage)


async def view(bootstrap: str, region: str) -> Mapping[str, Row]:
    """The view of a region as it is now."""
    async with viewed(bootstrap, region) as now:
        return await now.rows()


def seen(value: bytes) -> Row:
    """What a reader of a coverage row sees."""
    row = json.loads(value)
    steps: Sequence[tuple[int, int]] = row["units"]["FRONT"]["posts"]["LOKET-1"]["restated"] if row["units"] else ()
    heads = tuple(([0] + [heads for start, heads in steps if start <= minute])[-1] for minute in MINUTES)
    return Row(heads, row["revision"])


async def sizes(bootstrap: str, name: str) -> Mapping[int, int]:
    """The end offset of every partition that holds something."""
    count = (await broker.topic_sizes(bootstrap))[name]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as reader:
        ends = await reader.end_offsets([TopicPartition(name, number) for number in range(count)])
    return {part.partition: end for part, end in ends.items() if end}


async def committed(bootstrap: str, group: str, name: str) -> Mapping[int, int]:
    """Committed offsets of a group by partition; absent where nothing was committed."""
    return {tp.partition: at for tp, at in (await broker.committed(bootstrap, group)).items() if tp.topic == name}
