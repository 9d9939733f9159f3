"""Tests a worker with real Kafka: kill -9, a lost row, a skipped record, unreadable bytes, a log that was recreated."""

import asyncio
import re
import subprocess
from datetime import timedelta

import pytest

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import changelog_topic
from shared.domain.envelope import encode, topic
from shared.kafka.dead_letters import MAX_VALUE_BYTES
from tests.faults.injected_faults import RECORD_SKIPPED
from tests.faults.kafka_readback import all_records, view_rows
from tests.faults.office_days import FRIDAY, THURSDAY
from tests.faults.worker_site import SESSION_TIMEOUT_S, WorkerSite, wait_until_ended, wait_until_logged
from tests.support.waiting import LIMIT_S, read_until

pytestmark = pytest.mark.parts

KILLS = 6
DAY = timedelta(days=1)


def test_without_topics_the_worker_says_which_and_ends_with_status_2(site: WorkerSite) -> None:
    ended = subprocess.run(site.command(regions="31"), capture_output=True, text=True, timeout=scaled(60), check=False)
    assert ended.returncode == 2
    assert "Kafka has no topic piket.31.attendance.v1" in ended.stderr


async def test_a_region_without_topics_is_skipped_loudly_and_the_others_run(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    with site.worker(regions=f"31,{site.region}") as worker:
        assert await site.wait_until_exact()
    assert b"Region 31 is not read" in worker.logged()


async def test_killed_at_random_while_people_come_and_go_the_view_ends_exact(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    flow = asyncio.create_task(site.offices.record_taps_for(seconds=18))
    for number in range(KILLS):
        with site.worker() as worker:
            if number % 2 == 0:  # these are killed at work, the others while they start and recover
                await wait_until_logged(worker, b"Assigned")
            if number == 0:
                await site.wait_until_committing()
            await asyncio.sleep(site.chance.uniform(0.5, 2.5))  # any moment of its work
    await flow
    with site.worker():
        assert await site.wait_until_exact()


async def test_killed_while_days_are_closed_their_rows_stay_and_their_facts_leave_the_changelog(
    site: WorkerSite,
) -> None:
    for number in range(12):
        await site.offices.open(THURSDAY + number * DAY)
        await site.offices.record_taps(40)
        if number % 3 == 2:
            with site.worker() as worker:
                await wait_until_logged(worker, b"Assigned")
                await asyncio.sleep(site.chance.uniform(0.3, 2))  # any moment of its work
    with site.worker():
        assert await site.wait_until_exact()
        # The 12th day less three, less one of grace; rows from the day before, facts from the day before that.
        oldest = THURSDAY + 5 * DAY
        assert min(await read_until(site.dates_in_changelog, lambda dates: min(dates) >= oldest, every=0.1)) == oldest
    with site.worker() as worker:
        await wait_until_logged(worker, b"Assigned")
        assert await site.wait_until_exact()


KILLED_BETWEEN = """
import asyncio, os, signal
from services.reporting.worker.publisher import KafkaPublisher
write_changelog, is_written = KafkaPublisher.write_changelog, asyncio.Event()
async def write(self, *arguments):
    await write_changelog(self, *arguments)
    is_written.set()
async def publish(self, partition, row, headers=()):
    await is_written.wait()
    os.kill(os.getpid(), signal.SIGKILL)
KafkaPublisher.write_changelog, KafkaPublisher.publish = write, publish
"""


async def test_killed_between_fact_and_row_the_next_start_publishes_the_row(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(200)
    with site.worker(KILLED_BETWEEN) as worker:
        await wait_until_ended(worker)
    assert await all_records(site.bootstrap, changelog_topic(site.deployment))
    assert not await view_rows(site.bootstrap, site.region)
    with site.worker():
        assert await site.wait_until_exact()


ROWS_LOST = """
from services.reporting.worker.publisher import KafkaPublisher
async def publish(self, partition, row, headers=()):
    pass
KafkaPublisher.publish = publish
"""


async def test_a_row_lost_after_its_facts_were_acknowledged_is_published_at_the_next_start(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(200)
    with site.worker(ROWS_LOST):
        await site.wait_until_all_committed()
    assert not await view_rows(site.bootstrap, site.region)
    with site.worker():
        assert await site.wait_until_exact()


async def test_a_skipped_record_ends_the_worker_before_anything_is_committed_over_it(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(300)
    with site.worker(RECORD_SKIPPED) as worker:
        await wait_until_ended(worker)
        gap = re.search(rb"attendance.v1/(\d) goes on at offset \d+, not (\d+)", worker.logged())
    assert gap
    partition, skipped = map(int, gap.groups())
    assert (await site.committed_offsets()).get(partition, 0) <= skipped
    with site.worker():
        assert await site.wait_until_exact()


async def test_what_nobody_can_read_goes_to_the_dead_letters_and_nothing_stops(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    first_event = site.sender.sent[0]
    good = encode(first_event)
    bad = {
        b"\xff\x00 no text": "event: Invalid JSON",
        b"": "event: Invalid JSON",
        b"x" * 1_040_000: "event: Invalid JSON",  # nearly all that Kafka takes
        good.replace(b"arrangement-changed", b"canteen-opened"): "unknown event type",
        good.replace(b"LOKET-1", b"loket 1"): "posts.0.post",
        good.replace(b'"region":"%s"' % site.region.encode(), b'"region":"99"'): "/piket/",
    }
    with site.worker():
        for body in bad:
            await site.offices.record_taps(20)
            await site.sender.send_bytes("policy", body, first_event.partitionkey.encode())
        assert await site.wait_until_exact()
        await site.wait_until_all_committed()
    dead_letters = await all_records(site.bootstrap, topic(site.region, "dead-letter"))
    reasons = {letter.value: dict(letter.headers)["reason"].decode() for letter in dead_letters}
    classified = {body for body, reason in bad.items() if reasons.get(body[:MAX_VALUE_BYTES], "").startswith(reason)}
    assert classified == set(bad)


async def test_offsets_committed_beyond_a_new_log_do_not_hide_it(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(300)
    with site.worker() as worker:
        await site.wait_until_all_committed()
        worker.stop(LIMIT_S)  # an absent member's group takes no commit
    offsets = await site.committed_offsets()
    await site.recreate_topic("attendance")
    await site.commit_offsets("attendance", {partition: offset + 1000 for partition, offset in offsets.items()})
    await site.sender.republish("attendance")
    await site.offices.record_taps(50)
    with site.worker():
        assert await site.wait_until_exact()
        await site.wait_until_all_committed()


async def test_a_topic_deleted_under_a_worker_and_republished_gives_the_same_view(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(300)
    with site.worker() as worker:
        await site.wait_until_all_committed()
        await site.recreate_topic("attendance")
        await site.sender.republish("attendance")
        await site.offices.record_taps(50)

        async def is_exact() -> bool:
            return await view_rows(site.bootstrap, site.region) == site.offices.expected()

        # It may see the topic go, or find a gap and end: a supervisor would start it again.
        await read_until(is_exact, lambda exact: exact or not worker.running, seconds=5, every=0.1)
    with site.worker():
        assert await site.wait_until_exact()
        await site.wait_until_all_committed()


async def test_an_absent_broker_is_waited_for(site: WorkerSite, broker: Kafka) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    with site.worker() as worker:
        await site.wait_until_all_committed()
        broker.kill()
        await asyncio.sleep(2 * SESSION_TIMEOUT_S)  # longer than the group's patience with a silent member
        broker.restart()
        await site.offices.record_taps(100)
        assert await site.wait_until_exact()
        assert worker.running
