"""What the streaming worker survives on real Kafka: kill -9, a lost row, a skipped record, bad bytes, a new log."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from deploy.local.child import Child
from deploy.local.kafka import Kafka
from services.reporting.changelog import app_id, changelog_topic, create_changelog
from shared import kafka
from shared.events import decode, encode, topic
from tests.faults.offices import FRIDAY, THURSDAY, Offices
from tests.faults.planted import RECORD_SKIPPED
from tests.faults.reading import committed, everything, sizes, view, viewed
from tests.faults.wire import Wire

pytestmark = pytest.mark.parts

PARTITIONS = 3
KILLS = 6
DAY = timedelta(days=1)
READ = ("policy", "roster", "attendance")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as one:
        yield one


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
        start = "import sys; from services.reporting import worker; sys.exit(worker.main())"
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
        async with kafka.admin(self.bootstrap) as client:
            await client.delete_topics([topic(self.region, service)])
        for _ in range(100):
            if topic(self.region, service) not in await kafka.topic_sizes(self.bootstrap):
                break
            await asyncio.sleep(0.1)
        await kafka.create_topics(self.bootstrap, [self.region], PARTITIONS, 1)

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


_regions = iter(range(32, 99))


@pytest_asyncio.fixture
async def site(broker: Kafka, tmp_path: Path) -> AsyncIterator[Site]:
    region = str(next(_regions))
    await kafka.create_topics(broker.bootstrap, [region], PARTITIONS, 1)
    await create_changelog(broker.bootstrap, f"d{region}", PARTITIONS, 1)
    async with kafka.producer(broker.bootstrap) as producer:
        site = Site(broker, region, tmp_path, Wire(region, producer))
        yield site
    for worker in site.started:
        worker.kill()


def test_without_topics_the_worker_says_which_and_ends_with_status_2(site: Site) -> None:
    ended = subprocess.run(site.command(regions="31"), capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "Kafka has no topic piket.31.attendance.v1" in ended.stderr


async def test_a_region_without_topics_is_skipped_loudly_and_the_others_run(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    with site.worker(regions=f"31,{site.region}") as worker:
        assert await site.settled()
    assert b"Region 31 is not read" in worker.written()


async def test_killed_at_random_while_people_come_and_go_the_view_ends_exact(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    flow = asyncio.create_task(site.offices.come_and_go(seconds=18))
    for number in range(KILLS):
        with site.worker() as worker:
            if number % 2 == 0:  # these are killed at work, the others while they start and recover
                await said(worker, b"Assigned")
            if number == 0:
                await site.underway()
            await asyncio.sleep(site.offices.random.uniform(0.5, 2.5))
    await flow
    with site.worker():
        assert await site.settled()


async def test_killed_while_days_are_closed_their_rows_stay_and_their_facts_leave_the_changelog(site: Site) -> None:
    for number in range(12):
        await site.offices.open(THURSDAY + number * DAY)
        await site.offices.morning(40)
        if number % 3 == 2:
            with site.worker() as worker:
                await said(worker, b"Assigned")
                await asyncio.sleep(site.offices.random.uniform(0.3, 2))
    with site.worker():
        assert await site.settled()
        oldest = THURSDAY + 5 * DAY  # the 12th day less three, less one of grace; rows from its eve, facts from its eve
        for _ in range(100):
            if min(await site.dates_kept()) >= oldest:
                break
            await asyncio.sleep(0.1)
        assert min(await site.dates_kept()) == oldest
    with site.worker() as worker:
        await said(worker, b"Assigned")
        assert await site.settled()


KILLED_BETWEEN = """
import asyncio, os, signal
from services.reporting.outlet import KafkaOutlet
async def publish(self, partition, row):
    await asyncio.sleep(0.5)  # by now the facts are in the changelog
    os.kill(os.getpid(), signal.SIGKILL)
KafkaOutlet.publish = publish
"""


async def test_killed_between_fact_and_row_the_next_start_publishes_the_row(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(200)
    with site.worker(KILLED_BETWEEN) as worker:
        await ended(worker)
    assert await everything(site.bootstrap, changelog_topic(site.deployment))
    assert not await view(site.bootstrap, site.region)
    with site.worker():
        assert await site.settled()


ROWS_LOST = """
from services.reporting.outlet import KafkaOutlet
async def publish(self, partition, row):
    pass
KafkaOutlet.publish = publish
"""


async def test_a_row_lost_after_its_facts_were_acknowledged_is_published_at_the_next_start(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(200)
    with site.worker(ROWS_LOST):
        await site.all_committed()
    assert not await view(site.bootstrap, site.region)
    with site.worker():
        assert await site.settled()


async def test_a_skipped_record_ends_the_worker_before_anything_is_committed_over_it(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(300)
    with site.worker(RECORD_SKIPPED) as worker:
        await ended(worker)
        said = re.search(rb"attendance.v1/(\d) goes on at offset \d+, not (\d+)", worker.written())
    assert said
    partition, skipped = map(int, said.groups())
    assert (await site.committed()).get(partition, 0) <= skipped
    with site.worker():
        assert await site.settled()


async def test_what_nobody_can_read_goes_to_the_dead_letters_and_nothing_stops(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    first = site.wire.sent[0]
    good = encode(first)
    bad = {
        b"\xff\x00 no text": "event: Invalid JSON",
        b"": "event: Invalid JSON",
        good.replace(b"arrangement-changed", b"canteen-opened"): "unknown event type",
        good.replace(b"LOKET-1", b"loket 1"): "posts.0.post",
        good.replace(b'"region":"%s"' % site.region.encode(), b'"region":"99"'): "/piket/",
    }
    with site.worker():
        for body in bad:
            await site.offices.morning(20)
            await site.wire.put("policy", body, first.partitionkey.encode())
        assert await site.settled()
        await site.all_committed()
    letters = await everything(site.bootstrap, topic(site.region, "dead-letter"))
    reasons = {letter.value: dict(letter.headers)["reason"].decode() for letter in letters}
    assert {body for body, reason in bad.items() if reasons.get(body, "").startswith(reason)} == set(bad)


async def test_offsets_committed_beyond_a_new_log_do_not_hide_it(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(300)
    with site.worker() as worker:
        await site.all_committed()
        worker.stop(5)  # an absent member's group takes no commit
    outlived = await site.committed()
    await site.renew("attendance")
    await site.commit("attendance", {partition: at + 1000 for partition, at in outlived.items()})
    await site.wire.republish("attendance")
    await site.offices.morning(50)
    with site.worker():
        assert await site.settled()
        await site.all_committed()


async def test_a_topic_deleted_under_a_worker_and_republished_gives_the_same_view(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(300)
    with site.worker() as worker:
        await site.all_committed()
        await site.renew("attendance")
        await site.wire.republish("attendance")
        await site.offices.morning(50)
        for _ in range(50):  # it may see the topic go, or find a gap and end: a supervisor would start it again
            if not worker.running or await view(site.bootstrap, site.region) == site.offices.expected():
                break
            await asyncio.sleep(0.1)
    with site.worker():
        assert await site.settled()
        await site.all_committed()


async def test_an_absent_broker_is_waited_for(site: Site, broker: Kafka) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    with site.worker() as worker:
        await site.all_committed()
        broker.kill()
        await asyncio.sleep(4)  # longer than the group's patience with a silent member
        broker.restart()
        await site.offices.morning(100)
        assert await site.settled()
        assert worker.running
