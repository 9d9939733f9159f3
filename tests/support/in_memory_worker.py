"""A processor without Kafka, and paper that it writes on."""

import asyncio
from collections.abc import Sequence
from datetime import date

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from services.reporting.domain.partitions.partition_state import Row
from services.reporting.faust_batches.batch import Batch
from services.reporting.worker.processor import Processor
from shared.domain.envelope import encode, source, topic
from shared.domain.facts.coverage import Coverage
from shared.kafka.dead_letters import DeadLetter
from tests.support import example_facts as ex

PLACE = TP(topic("32", "attendance"), 1)
OTHER = TP("piket-coverage-local-facts-changelog", 1)


class Paper:
    """An outlet in memory; nothing becomes durable while it is not `open`."""

    def __init__(self) -> None:
        self.facts: list[Row] = []
        self.rows: list[Coverage] = []
        self.letters: list[tuple[str, DeadLetter]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        assert partition == PLACE.partition
        await self.open.wait()
        self.facts += [fact for fact in facts if not fact.key.endswith(b"/-|state")]

    async def publish(self, partition: int, row: Coverage) -> None:
        assert partition == PLACE.partition
        await self.open.wait()
        self.rows.append(row)

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        await self.open.wait()
        self.letters.append((region, letter))


class Desk:
    """A processor that was assigned one partition of attendance from offset 0 on."""

    def __init__(self, also: str = "", since: date | None = None, *, staged: bool = False) -> None:
        others = {also: source("32", also.split(".")[2])} if also else {}
        self.processor = Processor({PLACE.topic: source("32", "attendance")} | others, since, staged=staged)
        self.paper, self.acknowledged = Paper(), 0
        self._begins: int | None = 0
        self._next = 0

    async def take(self, *bodies: bytes, skip: int = 0, key: bytes = b"32/DPMPTSP") -> None:
        first = self._next + skip
        records = [
            ConsumerRecord(PLACE.topic, 1, first + n, 0, 0, key, body, None, 0, 0, ()) for n, body in enumerate(bodies)
        ]
        self._next = first + len(records)
        batch, self._begins = Batch(PLACE, self._begins, records), None
        await self.processor.take(batch, self.acknowledge)

    def keeps(self) -> list[Row]:
        """What is written to the changelog from now on, the state too."""
        kept: list[Row] = []

        async def keep(_: int, facts: Sequence[Row]) -> None:
            kept.extend(facts)

        self.paper.keep = keep  # type: ignore[method-assign,assignment] # paper leaves the state out
        return kept

    def acknowledge(self) -> None:
        self.acknowledged += 1

    async def recovered(self) -> None:
        await self.processor.publish_all(asyncio.sleep(0))

    async def flush(self) -> None:
        async with asyncio.timeout(5):
            await self.processor.flush_once(self.paper)


def taps(count: int) -> list[bytes]:
    ledger = ex.Ledger()
    return [
        encode(ledger.record(ex.tap("in", ex.person(str(n)), ex.at("08:00")), ex.at("08:00"))) for n in range(count)
    ]


def changelog(*bodies: bytes) -> list[tuple[bytes, bytes | None]]:
    return [(b"32/DPMPTSP|%d" % n, body) for n, body in enumerate(bodies)]
