"""Where the worker writes on Kafka: the changelog, the view, the dead letters. Every write awaits its future."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from aiokafka import AIOKafkaProducer

from services.reporting.domain.partitions.partition_state import Row
from services.reporting.view.generations import stage
from services.reporting.worker.changelog import write
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Positions
from shared.kafka.dead_letters import DeadLetter


class Outlet(Protocol):
    """Where a worker writes. What was written is durable when the call returns."""

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        """Write facts to the changelog."""

    async def publish(self, partition: int, row: Coverage) -> None:
        """Write a row of the view, from the facts of a partition."""

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        """Write a record that nobody could read to the region's dead letters."""


class KafkaOutlet:
    """Writes by one producer; what was written is durable when the call returns.

    Its rows and words are of one `generation` of the view. Those of a view that is not in force are `staged`: beside
    the topic that readers follow.

    One `keep` at a time for each partition: among several waiting for room, aiokafka lets one starve until its timeout.
    """

    def __init__(
        self, producer: AIOKafkaProducer, changelog: str, generation: int = 0, *, staged: bool = False
    ) -> None:
        self._producer = producer
        self._changelog = changelog
        self._generation = generation
        self._topic = partial(stage, generation=generation) if staged else partial(topic, service="coverage")

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        """Write facts to the changelog, in whole record batches."""
        await asyncio.gather(*await write(self._producer, self._changelog, partition, facts))

    async def publish(self, partition: int, row: Coverage) -> None:
        """Write a row to its region's compacted topic, to the partition that has the number of its facts'.

        So a word about that partition stands behind every row that it speaks of.
        """
        await self._write(row, partition)

    async def tell(self, word: Positions) -> None:
        """Write how far a partition is durable, behind its rows."""
        await self._write(word, word.partition)

    async def _write(self, told: Coverage | Positions, partition: int) -> None:
        told = told.model_copy(update={"generation": self._generation}) if self._generation else told
        value, place = told.model_dump_json(exclude_none=True).encode(), self._topic(told.region)
        await self._producer.send_and_wait(place, value, key=told.key.encode(), partition=partition)

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        """Write an unreadable record, as it came, to the dead letters of the region."""
        await self._producer.send_and_wait(
            topic(region, "dead-letter"), letter.value, letter.key, headers=letter.headers
        )
