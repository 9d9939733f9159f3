"""Closes clients of Kafka, also one whose broker does not answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


@asynccontextmanager
async def started(producer: AIOKafkaProducer) -> AsyncIterator[AIOKafkaProducer]:
    """Start a producer and stop it after the block, also if Kafka refuses it: its own block leaves connections open."""
    try:
        await producer.start()
        yield producer
    finally:
        await stop_client(producer)


async def stop_client(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop a client.

    aiokafka cancels its own tasks and lets that CancelledError escape; it is raised here only for a real cancellation.
    """
    try:
        await client.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


async def discard_producer(discarded: AIOKafkaProducer) -> None:
    """Close a producer without sending what it still holds; wait only for requests on the wire.

    Its own `stop` flushes first: with a missing broker that never ends, and with a returned one it sends late repeats.
    """
    sending = discarded._sender.sender_task  # noqa: SLF001 - aiokafka is pinned and has no public way
    if sending is not None:
        sending.cancel()
        await asyncio.wait([sending])
    discarded._closed = True  # noqa: SLF001 - the same
    await discarded.client.close()
