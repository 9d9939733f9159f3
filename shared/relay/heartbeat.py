"""Sends the relay's heartbeats: the instant up to which every event that its source recorded is in the topic."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from shared.clock import wall_time
from shared.domain import envelope
from shared.domain.facts.heartbeat import Heartbeat
from shared.relay.checkpoints.checkpoint import Checkpoint
from shared.relay.source import EventSource

INTERVAL_S = 0.5
"""Between two heartbeats. A reader's view of freshness lags by one interval of the relay and one of the worker."""
POLL_S = 0.03


async def send_heartbeats(
    producer: AIOKafkaProducer, source: EventSource, region: str, checkpoint: Callable[[], Checkpoint], limit: float
) -> None:
    """Send a heartbeat at every interval until cancelled, each after all events committed by then were sent.

    Raises KafkaError, `Unavailable`, and TimeoutError if Kafka does not confirm one within `limit` seconds.
    """
    topic, source_uri = envelope.topic(region, "heartbeat"), envelope.source(region, source.service)
    while True:
        committed = await source.committed_until(region)
        while checkpoint().sequence < committed.sequence:  # noqa: ASYNC110 - the relay's pump moves the checkpoint
            await asyncio.sleep(POLL_S)
        sent = checkpoint()
        heartbeat = Heartbeat(
            source=source_uri, sequence=sent.sequence, offsets=sent.offsets, at=committed.at, wall=wall_time()
        )
        # An idempotent producer repeats without limit, and the relay of a quiet night sends nothing else.
        async with asyncio.timeout(limit):
            await producer.send_and_wait(topic, heartbeat.model_dump_json().encode(), key=heartbeat.service.encode())
        await asyncio.sleep(INTERVAL_S)


@asynccontextmanager
async def cancelled_after(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run `work` beside the block, which must look at its result, and cancel it after the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
