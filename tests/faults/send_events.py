"""Sends facts to real Kafka as a relay does, without a store; also arbitrary bytes, and repeated events."""

import random
from collections.abc import Sequence
from datetime import datetime

from aiokafka import AIOKafkaProducer

from shared.domain.envelope import Event, encode, topic
from shared.domain.facts.base import Fact
from tests.support import example_facts as ex


class EventSender:
    """Sends facts; some events are sent twice, like by a relay that lost its checkpoint."""

    def __init__(self, region: str, producer: AIOKafkaProducer, seed: int, repeats: float = 0.15) -> None:
        self.region = region
        self.sent: list[Event] = []
        self._producer, self._repeats = producer, repeats
        self._random = random.Random(seed)  # noqa: S311 - a game of chance
        self._ledger = ex.Ledger()

    async def record_and_send(self, facts: Sequence[Fact], when: datetime) -> None:
        """Record facts as their services do, and send them."""
        for fact in facts:
            self.sent.append(self._ledger.record(fact, when))
            await self.send(self.sent[-1])
            if self._random.random() < self._repeats:
                await self.send(self._random.choice(self.sent[-50:]))

    async def send(self, event: Event) -> None:
        """Send an event to the topic of its source."""
        topic_name = topic(self.region, event.service)
        await self._producer.send(topic_name, encode(event), key=event.partitionkey.encode())

    async def send_bytes(self, service: str, body: bytes, key: bytes) -> None:
        """Send bytes unchanged."""
        await self._producer.send_and_wait(topic(self.region, service), body, key=key)

    async def republish(self, service: str) -> None:
        """Send all events of a source again, once, in the order of their sequence."""
        for event in self.sent:
            if event.service == service:
                await self.send(event)
        await self._producer.flush()
