"""Runs a worker's processor without Kafka, with a publisher in memory."""

import asyncio
from collections.abc import Sequence
from datetime import date

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from deploy.local.deadlines import scaled
from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.faust_batches.batch import PartitionBatch
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import Headers
from shared.domain.envelope import encode, source, topic
from shared.domain.facts.coverage import Coverage
from shared.kafka.dead_letters import DeadLetter
from tests.support import example_facts as ex
from tests.support.waiting import LIMIT_S, run_ready_tasks

TOPIC_PARTITION = TP(topic("32", "attendance"), 1)
CHANGELOG_PARTITION = TP("piket-coverage-local-facts-changelog", 1)


class InMemoryPublisher:
    """A publisher in memory, without state records. Nothing becomes durable while `is_open` is not set.

    `is_called` is set as soon as anything is to be written.
    """

    def __init__(self) -> None:
        self.changelog: list[ChangelogRecord] = []
        self.rows: list[Coverage] = []
        self.row_headers: list[dict[str, bytes]] = []
        self.dead_letters: list[tuple[str, DeadLetter]] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.is_called = asyncio.Event()

    async def write_changelog(self, partition: int, records: Sequence[ChangelogRecord]) -> None:
        assert partition == TOPIC_PARTITION.partition
        await self._wait_until_open()
        self.changelog += [record for record in records if not record.key.endswith(b"/-|state")]

    async def publish(self, partition: int, row: Coverage, headers: Headers = ()) -> None:
        assert partition == TOPIC_PARTITION.partition
        await self._wait_until_open()
        self.rows.append(row)
        self.row_headers.append(dict(headers))

    async def write_dead_letter(self, region: str, dead_letter: DeadLetter) -> None:
        await self._wait_until_open()
        self.dead_letters.append((region, dead_letter))

    async def _wait_until_open(self) -> None:
        self.is_called.set()
        await self.is_open.wait()


class WorkerUnderTest:
    """A processor with one assigned partition of attendance, from offset 0; `second_topic` is read too."""

    def __init__(self, second_topic: str = "", since: date | None = None, *, staged: bool = False) -> None:
        sources = {TOPIC_PARTITION.topic: source("32", "attendance")}
        if second_topic:
            sources[second_topic] = source("32", second_topic.split(".")[2])
        self.processor = Processor(sources, since, staged=staged)
        self.publisher, self.acknowledged_batches = InMemoryPublisher(), 0
        self._start_offset: int | None = 0
        self._next_offset = 0

    async def process(
        self,
        *bodies: bytes,
        skip: int = 0,
        key: bytes = b"32/DPMPTSP",
        headers: Sequence[tuple[str, bytes]] = (),
        timestamp: int = 0,
    ) -> None:
        first = self._next_offset + skip
        records = [
            ConsumerRecord(TOPIC_PARTITION.topic, 1, offset, timestamp, 0, key, body, None, 0, 0, headers)
            for offset, body in enumerate(bodies, first)
        ]
        self._next_offset = first + len(records)
        batch, self._start_offset = PartitionBatch(TOPIC_PARTITION, self._start_offset, records), None
        await self.processor.process_batch(batch, self.acknowledge)

    def record_changelog(self) -> list[ChangelogRecord]:
        """Return the list to which all later changelog records are added, including state records."""
        written: list[ChangelogRecord] = []

        async def write_changelog(_: int, records: Sequence[ChangelogRecord]) -> None:
            written.extend(records)

        self.publisher.write_changelog = write_changelog  # type: ignore[method-assign,assignment]
        return written

    def acknowledge(self) -> None:
        self.acknowledged_batches += 1

    async def finish_recovery(self) -> None:
        await self.processor.publish_all(asyncio.sleep(0))

    async def flush(self) -> None:
        async with asyncio.timeout(scaled(LIMIT_S)):
            await self.processor.flush_once(self.publisher)

    async def flush_pending(self) -> bool:
        """Flush if there is anything to write; return whether there was."""
        flush = asyncio.create_task(self.processor.flush_once(self.publisher))
        await run_ready_tasks()
        if flush.done():
            flush.result()
            return True
        flush.cancel()
        return False


def check_ins(count: int) -> list[bytes]:
    ledger = ex.Ledger()
    return [
        encode(ledger.record(ex.tap("in", ex.person(str(n)), ex.at("08:00")), ex.at("08:00"))) for n in range(count)
    ]


def changelog_rows(*bodies: bytes) -> list[tuple[bytes, bytes | None]]:
    return [(b"32/DPMPTSP|%d" % n, body) for n, body in enumerate(bodies)]
