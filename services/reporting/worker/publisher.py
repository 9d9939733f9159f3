"""Writes the worker's results to Kafka: changelog records, coverage rows, positions and dead letters."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from aiokafka import AIOKafkaProducer

from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.view.generations import staging_topic
from services.reporting.worker.changelog import send_records
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import WorkerPositions
from shared.kafka.dead_letters import DeadLetter
from shared.tracing.spans import current_headers

Headers = Sequence[tuple[str, bytes]]
"""The headers of a Kafka record."""


class Publisher(Protocol):
    """Writes a worker's results. What was written is durable when a call returns."""

    async def write_changelog(self, partition: int, records: Sequence[ChangelogRecord]) -> None:
        """Write records to one partition of the changelog."""

    async def publish(self, partition: int, row: Coverage, headers: Headers = ()) -> None:
        """Write a row of the view. `partition` is the partition number of the facts that it was made from."""

    async def write_dead_letter(self, region: str, dead_letter: DeadLetter) -> None:
        """Write an unreadable record to the region's dead letter topic."""


class KafkaPublisher:
    """A publisher with one Kafka producer.

    Rows and positions carry the `generation` of the view. `staged` ones go to a topic beside the one that readers
    follow, because their view is not in force yet.

    Call `write_changelog` for one partition only once at a time: if several calls wait for space in the producer's
    buffer, aiokafka lets one of them starve until its timeout.
    """

    def __init__(
        self, producer: AIOKafkaProducer, changelog: str, generation: int = 0, *, staged: bool = False
    ) -> None:
        self._producer = producer
        self._changelog = changelog
        self._generation = generation
        self._topic = partial(staging_topic, generation=generation) if staged else partial(topic, service="coverage")

    async def write_changelog(self, partition: int, records: Sequence[ChangelogRecord]) -> None:
        """Write records to one partition of the changelog, in whole record batches."""
        await asyncio.gather(*await send_records(self._producer, self._changelog, partition, records))

    async def publish(self, partition: int, row: Coverage, headers: Headers = ()) -> None:
        """Write a row to its region's compacted topic, to the partition with the number of its facts' partition.

        So the positions of that partition follow all rows that they refer to.
        """
        await self._write(row, partition, headers)

    async def write_positions(self, positions: WorkerPositions) -> None:
        """Write the durable positions of a partition to the view's topic, after its rows."""
        await self._write(positions, positions.partition)

    async def _write(self, message: Coverage | WorkerPositions, partition: int, headers: Headers = ()) -> None:
        message = message.model_copy(update={"generation": self._generation}) if self._generation else message
        value, name = message.model_dump_json(exclude_none=True).encode(), self._topic(message.region)
        # It waits for the producer's linger time at each call, so callers run many calls at once.
        key, headers = message.key.encode(), [*headers, *current_headers()]
        await self._producer.send_and_wait(name, value, key=key, partition=partition, headers=headers)

    async def write_dead_letter(self, region: str, dead_letter: DeadLetter) -> None:
        """Write an unreadable record to the region's dead letter topic, with its own key and value."""
        await self._producer.send_and_wait(
            topic(region, "dead-letter"), dead_letter.value, dead_letter.key, headers=dead_letter.headers
        )
