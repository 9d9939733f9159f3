"""The broker of a demo: one that is started here, or a running one whose topics are still empty."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aiokafka import TopicPartition

from deploy.local.kafka import Kafka
from deploy.local.kafka_jars import VERSION
from deploy.operations import sources
from shared.kafka import broker as kafka
from shared.relay import log_tail as logtail
from shared.settings import Settings

PATIENCE_MS = 10_000


class Broker(Protocol):
    """What a demo needs of its broker."""

    name: str
    bootstrap: str

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes that were started for it here."""

    def revived(self) -> Path | None:
        """Start it again if it ended by itself; answers where it logs if it did."""


class Started:
    """Apache Kafka, started here."""

    def __init__(self, server: Kafka) -> None:
        self._server = server
        self.bootstrap = server.bootstrap
        self.name = f"Apache Kafka {VERSION}, started here"

    @property
    def pids(self) -> Mapping[str, int]:
        """One node."""
        return {f"kafka-{node}": pid for node, pid in self._server.pids.items()}

    def revived(self) -> Path | None:
        """Restart a node that ended by itself."""
        if self._server.running():
            return None
        self._server.restart()
        return self._server.folder


class Running:
    """A broker that others run."""

    pids: Mapping[str, int] = {}

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.name = f"Kafka at {bootstrap}"

    def revived(self) -> Path | None:
        """Others look after it."""
        return None


@contextmanager
def broker(asked: str, folder: Path, regions: Sequence[str]) -> Iterator[Broker]:
    """`kafka` starts one, `auto` takes PIKET_KAFKA where that is set; else `host:port`. Its topics are there and empty.

    Raises `Refused` for topics that hold records: every demo begins with an empty log.
    """
    named = {"auto": os.environ.get("PIKET_KAFKA", ""), "kafka": ""}.get(asked, asked)
    if named:
        asyncio.run(prepare(named, regions))
        yield Running(named)
        return
    with Kafka(folder) as server:
        asyncio.run(prepare(server.bootstrap, regions))
        yield Started(server)


async def prepare(bootstrap: str, regions: Sequence[str]) -> None:
    """Create the topics, or find them empty."""
    kafka.quiet_client()
    settings = Settings(kafka=bootstrap, regions=",".join(regions))
    await sources.create_topics(settings, replication=1)
    names = [name for region in regions for name in kafka.topics_of(region)]
    places = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    async with logtail.reading(bootstrap, places, PATIENCE_MS) as consumer:
        ends = await consumer.end_offsets(places)
    full = sorted({place.topic for place, end in ends.items() if end})
    if full:
        raise kafka.Refused(
            f"{', '.join(full)} at {bootstrap} hold records, and a demo begins with an empty log. "
            "Nothing was started or changed. Delete these topics, or let the demo start a broker with --broker kafka."
        )
