"""A relay's sign of life: until when everything that its source recorded stands in the topic."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from shared.clock import wall
from shared.domain import envelope
from shared.domain.facts.heartbeat import Beat
from shared.relay.checkpoint import Mark
from shared.relay.source import Source

EVERY_S = 0.5
"""Between two words of one process: what readers judge lags by a relay's and a worker's."""
LOOK_S = 0.03


async def beat(producer: AIOKafkaProducer, source: Source, region: str, mark: Callable[[], Mark]) -> None:
    """Say it for ever, each time when all that was settled has been sent. Raises KafkaError, `Unavailable`."""
    place, name = envelope.topic(region, "heartbeat"), envelope.source(region, source.service)
    while True:
        settled = await source.settled(region)
        while mark().sequence < settled.sequence:  # noqa: ASYNC110 - the relay's pump moves the mark
            await asyncio.sleep(LOOK_S)
        sent = mark()
        told = Beat(source=name, sequence=sent.sequence, offsets=sent.offsets, at=settled.at, wall=wall())
        await producer.send_and_wait(place, told.model_dump_json().encode(), key=told.service.encode())
        await asyncio.sleep(EVERY_S)
