"""A morning in several offices of a region, sent to real Kafka by a driver that keeps its own count."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared import kafka
from shared.events import Event, encode, topic
from shared.facts.fact import Fact
from tests import examples as ex

FRIDAY = ex.THURSDAY + timedelta(days=1)
DAYS = (ex.THURSDAY, FRIDAY)
STAFF = tuple(ex.person(f"staff {n}") for n in range(25))
NOON = 720
PARTITIONS = 3


class Row(NamedTuple):
    """What a reader must see of one OPD on one date: heads at its counter at noon, and distinct facts folded."""

    at_noon: int
    facts: int


class Offices:
    """One counter each, for which everybody is rostered on two days; people come and go at random."""

    def __init__(self, region: str, producer: AIOKafkaProducer, seed: int, opds: int = 8) -> None:
        self.region = region
        self.opds = [f"OPD-{n}" for n in range(opds)]
        self.random = random.Random(seed)  # noqa: S311 - a game of chance
        self.sent: list[Event] = []
        self._producer = producer
        self._ledger = ex.Ledger()
        self._present: dict[tuple[str, date], set[UUID]] = defaultdict(set)
        self._facts: Counter[str] = Counter()
        self._minute = 0

    async def open(self) -> None:
        """Arrange every counter and publish its rosters."""
        for opd in self.opds:
            await self._tell(ex.arrangement(opd=opd), opd)
            for day in DAYS:
                await self._tell(ex.roster(*(ex.shift(one, at_post="LOKET-1") for one in STAFF), day=day), opd)

    async def morning(self, taps: int, repeats: float = 0.15) -> None:
        """Let people come and go; some events are sent twice, as a relay that lost its mark does."""
        for _ in range(taps):
            opd, day, one = self.random.choice(self.opds), self.random.choice(DAYS), self.random.choice(STAFF)
            present = self._present[opd, day]
            await self._tell(ex.tap("out" if one in present else "in", one, self._later(day)), opd)
            present ^= {one}
            if self.random.random() < repeats:
                await self.send(self.random.choice(self.sent[-50:]))

    def _later(self, day: date) -> Any:
        """A few milliseconds after the last tap, from 07:45 on: long before noon."""
        self._minute += 1
        return ex.at("07:45", day) + timedelta(milliseconds=50 * self._minute)

    async def _tell(self, fact: Fact, opd: str) -> None:
        self._facts[opd] += 1
        event = self._ledger.record(fact.model_copy(update={"region": self.region, "opd": opd}), ex.at("06:00"))
        self.sent.append(event)
        await self.send(event)

    async def send(self, event: Event) -> None:
        """Send the bytes of an event to the topic of its source."""
        place = topic(self.region, event.service)
        await self._producer.send(place, encode(event), key=event.partitionkey.encode())

    async def put(self, service: str, body: bytes, key: bytes) -> None:
        """Send bytes as they are."""
        await self._producer.send_and_wait(topic(self.region, service), body, key=key)

    async def come_and_go(self, seconds: float) -> None:
        """Two hundred taps a second."""
        for _ in range(int(seconds / 0.1)):
            await self.morning(20)
            await asyncio.sleep(0.1)

    async def republish(self, service: str) -> None:
        """Send every event of a source again, each once, in the order of its sequence."""
        for event in self.sent:
            if event.service == service:
                await self.send(event)
        await self._producer.flush()

    def expected(self) -> Mapping[str, Row]:
        """Every row that must be in the view, by key: counted here, not by the product."""
        return {
            f"{self.region}/{opd}/{day}": Row(len(self._present[opd, day]), self._facts[opd])
            for opd in self.opds
            for day in DAYS
        }


def seen(value: bytes) -> Row:
    """What a reader of a coverage row sees."""
    row = json.loads(value)
    steps: Sequence[tuple[int, int]] = row["units"]["FRONT"]["posts"]["LOKET-1"]["restated"] if row["units"] else ()
    return Row(([0] + [heads for minute, heads in steps if minute <= NOON])[-1], row["revision"])


async def everything(bootstrap: str, name: str) -> list[Any]:
    """Every record of a topic."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as reader:
        parts = [TopicPartition(name, n) for n in range(PARTITIONS)]
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        records: list[Any] = []
        while any([await reader.position(part) < ends[part] for part in parts]):
            for some in (await reader.getmany(timeout_ms=200)).values():
                records += some
        return records


async def sizes(bootstrap: str, name: str) -> Mapping[int, int]:
    """The end offset of every partition that holds something."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as reader:
        ends = await reader.end_offsets([TopicPartition(name, n) for n in range(PARTITIONS)])
    return {part.partition: end for part, end in ends.items() if end}


async def view(bootstrap: str, region: str) -> Mapping[str, Row]:
    """The last row of every key, as a compacted topic keeps it; the workers' words are none."""
    rows = sorted(await everything(bootstrap, topic(region, "coverage")), key=lambda record: record.offset)
    return {record.key.decode(): seen(record.value) for record in rows if b"/~/" not in record.key}


async def settled(bootstrap: str, region: str, expected: Mapping[str, Row], within_s: float = 30) -> Mapping[str, Row]:
    """The view, as soon as it is the expected one, or after `within_s`."""
    now = await view(bootstrap, region)
    for _ in range(int(within_s / 0.3)):
        if now == expected:
            break
        await asyncio.sleep(0.3)
        now = await view(bootstrap, region)
    return now


async def committed(bootstrap: str, group: str, name: str) -> Mapping[int, int]:
    """Committed offsets of a group by partition; absent where nothing was committed."""
    try:
        async with kafka.admin(bootstrap) as client:
            offsets = await client.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:  # the first group of a new broker is still being made room for
        return {}
    return {tp.partition: at.offset for tp, at in offsets.items() if tp.topic == name and at.offset >= 0}
