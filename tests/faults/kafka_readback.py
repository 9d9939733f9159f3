"""Reads from Kafka without product code: records, end offsets, committed offsets, and rows of the view."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.faults.office_days import COMPARED_MINUTES, CounterRow
from tests.support.waiting import LIMIT_S, read_until

SIGNAL_KEY_PART = b"/~/"


class TopicReader:
    """Reads a topic from its beginning."""

    def __init__(self, reader: AIOKafkaConsumer, parts: Sequence[TopicPartition]) -> None:
        self._reader, self._parts = reader, parts

    async def read_to_end(self) -> AsyncIterator[Any]:
        """Yield all records since the last call, up to the current end, in the order of their partition.

        After an error of Kafka, the next call continues after the last yielded record.
        """
        ends = await self._reader.end_offsets(self._parts)
        while any([await self._reader.position(part) < ends[part] for part in self._parts]):
            for some in (await self._reader.getmany(timeout_ms=200)).values():
                for record in some:
                    yield record


@asynccontextmanager
async def open_topic(bootstrap: str, name: str) -> AsyncIterator[TopicReader]:
    """Open a topic for reading without a consumer group."""
    sizes = await broker.topic_sizes(KafkaConnection(bootstrap))
    parts = [TopicPartition(name, number) for number in range(sizes[name])]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as reader:
        reader.assign(parts)
        yield TopicReader(reader, parts)


async def all_records(bootstrap: str, name: str) -> list[Any]:
    """Return all records of a topic."""
    async with open_topic(bootstrap, name) as topic_reader:
        return [record async for record in topic_reader.read_to_end()]


class ViewReader:
    """The last row of each key of the view's topic, without the signals of the workers.

    `regressions` counts rows with fewer facts than their predecessor.
    """

    def __init__(self, coverage: TopicReader) -> None:
        self.regressions = self.published = 0
        self._coverage = coverage
        self._rows: dict[str, CounterRow] = {}

    async def rows(self) -> Mapping[str, CounterRow]:
        """Return the current rows."""
        async for record in self._coverage.read_to_end():
            if SIGNAL_KEY_PART not in record.key:
                self._add(record.key.decode(), parse_row(record.value))
        return dict(self._rows)

    def has_read(self, rows: Mapping[str, CounterRow]) -> bool:
        """Return whether these rows are among those read last."""
        return rows.items() <= self._rows.items()

    def _add(self, key: str, row: CounterRow) -> None:
        self.published += 1
        self.regressions += key in self._rows and row.facts < self._rows[key].facts
        self._rows[key] = row

    async def wait_for(self, expected: Mapping[str, CounterRow], within_s: float = LIMIT_S) -> Mapping[str, CounterRow]:
        """Return the rows as soon as they equal the expected ones, or after `within_s`, scaled."""
        return await read_until(self.rows, lambda rows: rows == expected, within_s, every=0.1)


@asynccontextmanager
async def open_view(bootstrap: str, region: str) -> AsyncIterator[ViewReader]:
    """Open the view of a region for continuous reading."""
    async with open_topic(bootstrap, topic(region, "coverage")) as coverage:
        yield ViewReader(coverage)


async def view_rows(bootstrap: str, region: str) -> Mapping[str, CounterRow]:
    """Return the current rows of a region."""
    async with open_view(bootstrap, region) as now:
        return await now.rows()


def parse_row(value: bytes) -> CounterRow:
    """Parse a coverage row."""
    row = json.loads(value)
    steps: Sequence[tuple[int, int]] = row["units"]["FRONT"]["posts"]["LOKET-1"]["restated"] if row["units"] else ()
    heads = tuple(([0] + [heads for start, heads in steps if start <= minute])[-1] for minute in COMPARED_MINUTES)
    return CounterRow(heads, row["revision"])


async def end_offsets(bootstrap: str, name: str) -> Mapping[int, int]:
    """Return the end offset of each partition that is not empty."""
    count = (await broker.topic_sizes(KafkaConnection(bootstrap)))[name]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as reader:
        ends = await reader.end_offsets([TopicPartition(name, number) for number in range(count)])
    return {part.partition: end for part, end in ends.items() if end}


async def committed_offsets(bootstrap: str, group: str, name: str) -> Mapping[int, int]:
    """Return the committed offsets of a group by partition, without partitions that have none."""
    return {
        tp.partition: at
        for tp, at in (await broker.committed_offsets(KafkaConnection(bootstrap), group)).items()
        if tp.topic == name
    }
