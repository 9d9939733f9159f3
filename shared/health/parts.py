"""Defines the parts that several processes depend on: a store, and the brokers of Kafka."""

import asyncio
from contextlib import suppress
from typing import Any, Protocol

from shared.health.readiness import NO_ANSWER, Part, PartState

CONNECT_WITHIN_S = 0.5
"""Of every broker, all at the same time: one whose computer is away does not even refuse."""
ANSWERS = PartState(works=True, state="answers")


class ReadableTables(Protocol):
    """A database as its health is checked."""

    async def read(self, sql: str, **values: object) -> Any:  # noqa: ANN401 - the rows are not looked at
        """Return the rows of a statement, or raise an error."""


def store_part(database: ReadableTables, name: str = "store") -> Part:
    """Return the store of a process, which works if it answers a query."""

    async def check() -> PartState:
        await database.read("SELECT 1")
        return ANSWERS

    return Part(name, check)


async def _accepts_connection(server: str) -> bool:
    host, _, port = server.rpartition(":")
    with suppress(OSError):  # also TimeoutError
        async with asyncio.timeout(CONNECT_WITHIN_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.close()
        return True
    return False


def kafka_part(servers: str) -> Part:
    """Return Kafka, which works if a broker accepts a connection. Not required: the API works without it."""

    async def check() -> PartState:
        attempts = [asyncio.create_task(_accepts_connection(server)) for server in servers.split(",")]
        try:
            for attempt in asyncio.as_completed(attempts):
                if await attempt:
                    return ANSWERS
        finally:
            for attempt in attempts:
                attempt.cancel()
        return NO_ANSWER

    return Part("kafka", check, required=False)
