"""Runs workers for one region on a broker."""

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.server_process import Child
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import decode, topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.faults.kafka_readback import all_records, committed_offsets, end_offsets, open_view
from tests.faults.office_days import Offices
from tests.faults.send_events import EventSender
from tests.support.waiting import read_until, wait_until

PARTITIONS = 3
SESSION_TIMEOUT_S = scaled(2)
"""Scaled, because a worker that gets no processor time sends no heartbeat."""
SOURCE_SERVICES = ("policy", "roster", "attendance")


class WorkerSite:
    """One region on the broker, its offices, and the workers started for it."""

    def __init__(self, broker: Kafka, region: str, folder: Path, sender: EventSender, seed: int) -> None:
        self.bootstrap, self.region, self.sender = broker.bootstrap, region, sender
        self.offices = Offices(region, sender.record_and_send, seed)
        self.chance = random.Random(seed)  # noqa: S311 - a game of chance, apart from that of concurrent taps
        self.deployment = f"d{region}"
        self.log = folder / "worker.log"
        self.started: list[Child] = []

    def command(self, *injected: str, regions: str = "") -> list[str]:
        """Return the command of a worker; `injected` code runs in its process first."""
        start = "import sys; from services.reporting.worker import __main__ as worker; sys.exit(worker.main())"
        settings = {
            "PIKET_KAFKA": self.bootstrap,
            "PIKET_REGIONS": regions or self.region,
            "PIKET_DEPLOYMENT": self.deployment,
            "PIKET_PARTITIONS": str(PARTITIONS),
            "PIKET_SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
        }
        return ["env", *(f"{k}={v}" for k, v in settings.items()), sys.executable, "-c", "\n".join([*injected, start])]

    def start(self, *injected: str, regions: str = "") -> Child:
        """Start a worker; it is killed at the end of the test."""
        self.started.append(Child(self.command(*injected, regions=regions), self.log))
        return self.started[-1]

    @contextmanager
    def worker(self, *injected: str, regions: str = "") -> Iterator[Child]:
        """Run a worker inside the block, and kill it at the end (SIGKILL)."""
        child = self.start(*injected, regions=regions)
        yield child
        child.kill()

    async def wait_until_exact(self) -> bool:
        expected = self.offices.expected()
        async with open_view(self.bootstrap, self.region) as rows:
            assert await rows.wait_for(expected) == expected
        return True

    async def committed_offsets(self, service: str = "attendance") -> dict[int, int]:
        return dict(await committed_offsets(self.bootstrap, app_id(self.deployment), topic(self.region, service)))

    async def wait_until_committing(self) -> None:
        """Wait until a worker has committed offsets, so that the next one does not start from the beginning."""

        async def is_committing() -> bool:
            return sum((await self.committed_offsets()).values()) > 100

        await wait_until(is_committing, what="100 records are committed", every=0.1)

    async def dates_in_changelog(self) -> set[date]:
        """Return the dates of the facts that remain in the changelog after compaction."""
        rows = sorted(await all_records(self.bootstrap, changelog_topic(self.deployment)), key=lambda row: row.offset)
        last = {row.key: row.value for row in rows if not row.key.endswith(b"|state")}
        facts = [decode(body).data for body in last.values() if body]
        return {day for fact in facts if (day := getattr(fact, "work_date", getattr(fact, "tap_date", None)))}

    async def wait_until_all_committed(self) -> None:
        """Wait until the worker has committed to the end of every topic."""

        async def is_committed(service: str) -> bool:
            ends = await end_offsets(self.bootstrap, topic(self.region, service))
            return ends.items() <= (await self.committed_offsets(service)).items()

        for service in SOURCE_SERVICES:
            await wait_until(partial(is_committed, service), what=f"all of {service} is committed", every=0.1)

    async def recreate_topic(self, service: str) -> None:
        """Delete a topic and create it again, empty."""
        async with broker.admin_client(KafkaConnection(self.bootstrap)) as client:
            await client.delete_topics([topic(self.region, service)])
        name = topic(self.region, service)
        await read_until(lambda: broker.topic_sizes(KafkaConnection(self.bootstrap)), lambda sizes: name not in sizes)
        await broker.create_topics(KafkaConnection(self.bootstrap), [self.region], PARTITIONS, 1)

    async def commit_offsets(self, service: str, offsets: Mapping[int, int]) -> None:
        """Commit offsets as the worker's group, like offsets that remain after their topic was deleted."""
        partitions = {TopicPartition(topic(self.region, service), part): at for part, at in offsets.items()}
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=app_id(self.deployment), enable_auto_commit=False
        ) as group:
            group.assign(set(partitions))
            await group.commit({partition: OffsetAndMetadata(at, "") for partition, at in partitions.items()})


async def wait_until_ended(worker: Child) -> None:
    await wait_until(lambda: not worker.running, what=lambda: f"the worker has ended:\n{last_log(worker)}")


async def wait_until_logged(worker: Child, text: bytes) -> None:
    await wait_until(lambda: text in worker.logged(), what=lambda: f"{text!r} is logged:\n{last_log(worker)}")


def last_log(worker: Child) -> str:
    """Return the end of a worker's log."""
    return worker.logged().decode(errors="replace")[-2000:]
