"""Asks for the ends of partitions. It fails if Kafka is away or refuses; `getmany` then only returns nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition

EVERY_S = 2.0
ANSWER_WITHIN_MS = 5_000
"""The `request_timeout_ms` of a consumer whose end offsets are asked for."""


class EndOffsets:
    """The offset after the last record of each partition, as of the last request."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        self._consumer, self._partitions = consumer, partitions
        self._asked_at = 0.0
        self.by_partition: Mapping[TopicPartition, int] = {}

    async def refresh(self) -> None:
        """Ask again after two seconds. Raise TimeoutError or KafkaError without an answer within five seconds."""
        if self.by_partition and monotonic() - self._asked_at < EVERY_S:
            return
        async with asyncio.timeout(ANSWER_WITHIN_MS / 1000):
            self.by_partition = await self._consumer.end_offsets(self._partitions)
        self._asked_at = monotonic()
