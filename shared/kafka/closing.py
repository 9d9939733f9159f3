"""Starts and closes clients of Kafka: no connection stays open when Kafka refuses one, or its task is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from traceback import walk_tb
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

CLOSE_WITHIN_S = 2.0
"""How long a cancelled task waits for a client that it closes: a frozen broker does not answer."""

Client = TypeVar("Client", AIOKafkaConsumer, AIOKafkaProducer, AIOKafkaAdminClient, AIOKafkaClient)


@asynccontextmanager
async def started(client: Client) -> AsyncIterator[Client]:
    """Start a client and stop it after the block, also if Kafka refuses it: its own block leaves connections open.

    After a block that failed or was cancelled, stopping takes four seconds at most: without its broker, a producer
    would never stop trying to send what it still holds.
    """
    try:
        await start_client(client)
        yield client
    except BaseException:
        await stop_client(client, CLOSE_WITHIN_S)
        raise
    await stop_client(client)


async def start_client(client: Client) -> None:
    """Start a client. Raise what it raises; it must be stopped also then."""
    try:
        await (client.bootstrap() if isinstance(client, AIOKafkaClient) else client.start())
    except BaseException as error:
        # Cancelled while it asks for the brokers, aiokafka forgets the connection: only its stopped frame knows it.
        for frame, _ in walk_tb(error.__traceback__):
            if frame.f_code is AIOKafkaClient.bootstrap.__code__ and "bootstrap_conn" in frame.f_locals:
                frame.f_locals["bootstrap_conn"].close()
        raise


async def stop_client(client: Client, within: float | None = None) -> None:
    """Stop a client and close its connections, also if this is cancelled meanwhile.

    After `within` seconds, or two after a cancellation, it is only closed, which takes two seconds more at most.
    """
    # In a task of its own: a cancellation would end `stop` half-way, or get lost in it, and aiokafka cancels its own
    # tasks and lets that CancelledError escape.
    stopping = asyncio.create_task(_stop(client))
    try:
        await asyncio.wait([stopping], timeout=within)
    except asyncio.CancelledError:
        await asyncio.wait([stopping], timeout=CLOSE_WITHIN_S)
        await _give_up(stopping)
        raise
    await _give_up(stopping)
    if stopping.done() and not stopping.cancelled():
        stopping.result()


async def _give_up(stopping: "asyncio.Task[None]") -> None:
    stopping.cancel()
    await asyncio.wait([stopping], timeout=CLOSE_WITHIN_S)


async def _stop(client: Client) -> None:
    try:
        await (client.close() if isinstance(client, AIOKafkaAdminClient | AIOKafkaClient) else client.stop())
    finally:
        await _network(client).close()  # also if an error or a cancellation ended `stop` before


def _network(client: Client) -> AIOKafkaClient:
    """Return the part of a client that holds its connections."""
    if isinstance(client, AIOKafkaClient):
        return client
    return client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001 - aiokafka is pinned


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
