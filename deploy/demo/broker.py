"""Provides the broker of a demo: a local one that the demo starts, or a running one whose topics are empty."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aiokafka import TopicPartition

from deploy.local.kafka import Kafka
from deploy.local.kafka_jars import VERSION
from deploy.operations.topics import create_topics
from shared.kafka import broker as kafka
from shared.kafka.connection import KafkaConnection, connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.relay import log_tail
from shared.settings import Settings

REQUEST_TIMEOUT_MS = 10_000


class Broker(Protocol):
    """A Kafka broker as a demo uses it."""

    name: str
    bootstrap: str
    connection: KafkaConnection

    @property
    def pids(self) -> Mapping[str, int]:
        """Return the process ids of the broker by name, if the demo started it."""

    def restart_if_ended(self) -> Path | None:
        """Restart the broker if it has ended by itself; return its log folder in this case, else None."""


class LocalBroker:
    """Apache Kafka that the demo starts on this computer."""

    def __init__(self, server: Kafka) -> None:
        self._server = server
        self.bootstrap, self.connection = server.bootstrap, server.connection
        self.name = f"Apache Kafka {VERSION}, started here"

    @property
    def pids(self) -> Mapping[str, int]:
        """Return the process id of the node."""
        return {f"kafka-{node}": pid for node, pid in self._server.pids.items()}

    def restart_if_ended(self) -> Path | None:
        """Restart the node if it has ended by itself."""
        if self._server.running():
            return None
        self._server.restart()
        return self._server.folder


class ExternalBroker:
    """A broker that runs independently of the demo."""

    pids: Mapping[str, int] = {}

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap, self.connection = bootstrap, connection_of(Settings(kafka=bootstrap))
        self.name = f"Kafka at {bootstrap}"

    def restart_if_ended(self) -> Path | None:
        """Do nothing: the demo does not manage this broker."""
        return None


@contextmanager
def broker(choice: str, folder: Path, regions: Sequence[str]) -> Iterator[Broker]:
    """Provide a broker with empty topics inside the block.

    `choice` is `kafka` (start one), `auto` (use PIKET_KAFKA if it is set, else start one) or `host:port`. Raise
    `UnsafeToContinue` if the topics hold records: a demo starts with an empty log.
    """
    bootstrap = {"auto": os.environ.get("PIKET_KAFKA", ""), "kafka": ""}.get(choice, choice)
    if bootstrap:
        asyncio.run(create_empty_topics(bootstrap, regions))
        yield ExternalBroker(bootstrap)
        return
    with Kafka(folder) as server:
        asyncio.run(create_empty_topics(server.bootstrap, regions))
        yield LocalBroker(server)


async def create_empty_topics(bootstrap: str, regions: Sequence[str]) -> None:
    """Create the missing topics. Raise `UnsafeToContinue` if one holds records."""
    kafka.silence_client_logs()
    settings = Settings(kafka=bootstrap, regions=",".join(regions))
    await create_topics(settings, replication=1)
    names = [name for region in regions for name in kafka.topics_of(region)]
    partitions = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    async with log_tail.assigned_consumer(connection_of(settings), partitions, REQUEST_TIMEOUT_MS) as consumer:
        ends = await consumer.end_offsets(partitions)
    # An end above 0: the topic held records once, also if Kafka has deleted them since.
    non_empty = sorted({partition.topic for partition, end in ends.items() if end})
    if non_empty:
        raise UnsafeToContinue(
            f"{', '.join(non_empty)} at {bootstrap} hold records, but a demo starts with an empty log. "
            "Nothing was started or changed. Delete these topics, or let the demo start a broker with --broker kafka."
        )
