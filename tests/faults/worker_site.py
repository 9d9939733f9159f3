"""One region on a broker, and the workers that are started for it."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from deploy.local.kafka import Kafka
from deploy.local.server_process import Child
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import decode, topic
from shared.kafka import broker
from tests.faults.kafka_readback import committed, everything, sizes, viewed
from tests.faults.office_days import Offices
from tests.faults.send_events import Wire

PARTITIONS = 3
READ = ("policy", "roster", "attendance")


class Site:
    """One region on the broker, and the workers that are started for it."""

    def __init__(self, broker: Kafka, region: str, folder: Path, wire: Wire) -> None:
        self.bootstrap, self.region, self.wire = broker.bootstrap, region, wire
        self.offices = Offices(region, wire.tell, seed=int(region))
        self.deployment = f"d{region}"
        self.log = folder / "worker.log"
        self.started: list[Child] = []

    def command(self, *planted: str, regions: str = "") -> list[str]:
        """How to start a worker; with `planted` code run in its process before."""
        start = "import sys; from services.reporting.worker import __main__ as worker; sys.exit(worker.main())"
        settings = {
            "PIKET_KAFKA": self.bootstrap,
            "PIKET_REGIONS": regions or self.region,
            "PIKET_DEPLOYMENT": self.deployment,
            "PIKET_PARTITIONS": str(PARTITIONS),
            "PIKET_SESSION_TIMEOUT_S": "2",
        }
        return ["env", *(f"{k}={v}" for k, v in settings.items()), sys.executable, "-c", "\n".join([*planted, start])]

    def start(self, *planted: str, regions: str = "") -> Child:
        """One more worker; the test's end kills it."""
        self.started.append(Child(self.command(*planted, regions=regions), self.log))
        return self.started[-1]

    @contextmanager
    def worker(self, *planted: str, regions: str = "") -> Iterator[Child]:
        """A running worker, killed -9 at the end."""
        child = self.start(*planted, regions=regions)
        yield child
        child.kill()

    async def settled(self) -> bool:
        expected = self.offices.expected()
        async with viewed(self.bootstrap, self.region) as rows:
            assert await rows.settled(expected) == expected
        return True

    async def committed(self, service: str = "attendance") -> dict[int, int]:
        return dict(await committed(self.bootstrap, app_id(self.deployment), topic(self.region, service)))

    async def underway(self) -> None:
        """Wait until a worker has committed something, so that the next one begins in the midst."""
        for _ in range(200):
            if sum((await self.committed()).values()) > 100:
                return
            await asyncio.sleep(0.1)
        pytest.fail("Nothing was committed in 20 s")

    async def dates_kept(self) -> set[date]:
        """The dates of the facts that the changelog keeps once it is compacted."""
        rows = sorted(await everything(self.bootstrap, changelog_topic(self.deployment)), key=lambda row: row.offset)
        last = {row.key: row.value for row in rows if not row.key.endswith(b"|state")}
        facts = [decode(body).data for body in last.values() if body]
        return {day for fact in facts if (day := getattr(fact, "work_date", getattr(fact, "tap_date", None)))}

    async def all_committed(self) -> None:
        """Wait until the worker has committed to the end of every topic."""
        for service in READ:
            behind = {0: 1}
            for _ in range(100):
                ends = await sizes(self.bootstrap, topic(self.region, service))
                behind = dict(ends.items() - (await self.committed(service)).items())
                if not behind:
                    break
                await asyncio.sleep(0.1)
            assert not behind

    async def renew(self, service: str) -> None:
        """Delete a topic and create it again, empty."""
        async with broker.admin(self.bootstrap) as client:
            await client.delete_topics([topic(self.region, service)])
        for _ in range(100):
            if topic(self.region, service) not in await broker.topic_sizes(self.bootstrap):
                break
            await asyncio.sleep(0.1)
        await broker.create_topics(self.bootstrap, [self.region], PARTITIONS, 1)

    async def commit(self, service: str, offsets: Mapping[int, int]) -> None:
        """Commit as the worker's group, as offsets do that outlive their log."""
        places = {TopicPartition(topic(self.region, service), part): at for part, at in offsets.items()}
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=app_id(self.deployment), enable_auto_commit=False
        ) as group:
            group.assign(set(places))
            await group.commit({place: OffsetAndMetadata(at, "") for place, at in places.items()})


async def until(true: Callable[[], bool], worker: Child, within_s: float = 20) -> None:
    for _ in range(int(within_s / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"Not so after {within_s} s:\n{worker.written().decode()[-2000:]}")


async def ended(worker: Child) -> None:
    await until(lambda: not worker.running, worker)


async def said(worker: Child, words: bytes) -> None:
    await until(lambda: words in worker.written(), worker)
