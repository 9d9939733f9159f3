"""Tests several workers of a group with real Kafka: rolling restarts, a duplicate name, a frozen and a hanging worker.

The frozen worker is the difficult case. Its partitions go to others, and when it continues it still has an older row to
write. Log compaction keeps the last record of a key, not the newest row.
"""

import asyncio
import re
import signal
from collections.abc import Mapping
from functools import partial
from urllib.request import urlopen

import pytest

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.server_process import Child, free_ports
from services.reporting.worker.changelog import changelog_topic
from tests.faults.kafka_readback import end_offsets, view_rows
from tests.faults.office_days import FRIDAY, THURSDAY
from tests.faults.worker_site import WorkerSite, last_log, wait_until_ended, wait_until_logged
from tests.support.waiting import LIMIT_S, read_until, wait_until

pytestmark = pytest.mark.parts

SESSION_TIMEOUT_S = scaled(30)
HANG_S = scaled(3)
FROZEN_BEFORE_A_ROW = """
import os, pathlib, signal, threading
from services.reporting.worker.publisher import KafkaPublisher
flag, publish, is_written = pathlib.Path({flag!r}), KafkaPublisher.publish, threading.Event()
async def frozen(self, partition, row, headers=()):
    freezes = flag.exists()
    if freezes:
        flag.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)
    await publish(self, partition, row, headers)
    if freezes:
        is_written.set()
KafkaPublisher.publish = frozen
"""
WITHOUT_A_LEASE = """
from services.reporting.faust_batches.membership import Membership
exit_expelled = Membership.exit_expelled
Membership.has_lease = lambda self: True
Membership.exit_expelled = lambda self: (is_written.wait(), exit_expelled(self))
"""
TAKES_NOTHING = """
import asyncio
from services.reporting.worker.processor import Processor
async def process_stream(self, stream):
    async for _ in stream:
        await asyncio.sleep(3600)
Processor.process_stream = process_stream
"""
BLOCKED = """
import time
from services.reporting.worker.processor import Processor
Processor._fold = lambda *_: time.sleep(3600)
"""
WRITES_NOTHING = """
import asyncio
from services.reporting.worker.publisher import KafkaPublisher
KafkaPublisher.write_changelog = lambda *_: asyncio.sleep(3600)
"""
GIVES_UP = """
from faust.tables.recovery import Recovery, ServiceStopped
async def too_long(self, *_):  # as Recovery._wait raises it after broker_request_timeout
    raise ServiceStopped
Recovery._build_highwaters = too_long
"""


def start(site: WorkerSite, name: str, *planted: str, **settings: object) -> Child:
    """Start a worker with a log of its own, and with settings in addition to the site's."""
    variables = [f"PIKET_{key.upper()}={value}" for key, value in settings.items()]
    first, *rest = site.command(*planted)
    at = next(n for n, argument in enumerate(rest) if "=" not in argument)
    site.started.append(Child([first, *rest[:at], *variables, *rest[at:]], site.log.with_name(f"{name}.log")))
    return site.started[-1]


def assignments(worker: Child) -> list[list[int]]:
    """Return the partitions of every assignment since the worker's start."""
    lists = re.findall(rb"Holds partitions \[([\d, ]*)\]", worker.logged())
    return [[int(n) for n in numbers.split(b",") if n.strip()] for numbers in lists]


async def wait_for_partitions(worker: Child, count: int) -> None:
    """Wait until a worker's latest assignment has `count` partitions."""
    await wait_until(
        lambda: assignments(worker) and len(assignments(worker)[-1]) == count,
        what=lambda: f"{count} partitions, not {assignments(worker)}:\n{last_log(worker)}",
    )


async def start_static_members(site: WorkerSite) -> dict[str, Child]:
    """Start three static members; each gets one partition."""
    members = {name: start(site, name, member=name, session_timeout_s=SESSION_TIMEOUT_S) for name in ("a", "b", "c")}
    for worker in members.values():
        await wait_for_partitions(worker, 1)
    return members


async def test_a_rolling_restart_of_static_members_moves_no_partition(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    members = await start_static_members(site)
    before = {name: assignments(worker) for name, worker in members.items()}
    flow = asyncio.create_task(site.offices.record_taps_for(seconds=12))
    for name, worker in list(members.items()):
        await asyncio.to_thread(worker.stop, SESSION_TIMEOUT_S)
        members[name] = start(site, name, member=name, session_timeout_s=SESSION_TIMEOUT_S)
        await wait_for_partitions(members[name], 1)
        assert assignments(members[name]) == [before[name][-1]]
        remaining = {member: assignments(members[member])[-1:] for member in members if member != name}
        assert remaining == {member: before[member][-1:] for member in remaining}
    await flow
    assert [len(assignments(worker)) for worker in members.values()] == [1, 1, 1]
    assert await site.wait_until_exact()


async def test_of_two_workers_with_one_name_the_first_ends(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    first = start(site, "first", member="a", session_timeout_s=SESSION_TIMEOUT_S)
    await wait_for_partitions(first, 3)
    second = start(site, "second", member="a", session_timeout_s=SESSION_TIMEOUT_S)
    await wait_until_ended(first)
    assert first._process.returncode == 3
    assert b"another one joined as a" in first.logged()
    await site.offices.record_taps(100)
    assert await site.wait_until_exact()
    assert second.running


async def freeze_worker(site: WorkerSite, *planted: str) -> tuple[Child, Child]:
    """Freeze a worker before it writes a row. Return it, and a second one that has taken over and published all."""
    flag = site.log.with_name("freeze")
    await site.offices.open(THURSDAY, FRIDAY)
    zombie = start(site, "zombie", FROZEN_BEFORE_A_ROW.format(flag=str(flag)), *planted)
    await wait_for_partitions(zombie, 3)
    assert await site.wait_until_exact()
    flag.touch()
    await site.offices.record_taps(5)
    await wait_until(lambda: not flag.exists())
    successor = start(site, "other")
    await wait_for_partitions(successor, 3)
    await site.offices.record_taps(200)
    assert await site.wait_until_exact()
    return zombie, successor


async def test_a_worker_frozen_past_the_groups_patience_writes_nothing_late_and_ends(site: WorkerSite) -> None:
    zombie, successor = await freeze_worker(site)
    zombie.send(signal.SIGCONT)
    await wait_until_ended(zombie)
    assert (zombie._process.returncode, successor.running) == (70, True)
    assert b"has given its partitions to others" in zombie.logged()
    assert await view_rows(site.bootstrap, site.region) == site.offices.expected()


async def test_without_the_lease_its_older_row_would_stay_the_last_of_its_key(site: WorkerSite) -> None:
    zombie, _ = await freeze_worker(site, WITHOUT_A_LEASE)
    zombie.send(signal.SIGCONT)
    await wait_until_ended(zombie)
    assert await view_rows(site.bootstrap, site.region) != site.offices.expected()


async def test_a_worker_whose_recovery_is_given_up_ends(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    worker = start(site, "hanging", GIVES_UP, hang_s=HANG_S)
    await wait_until_ended(worker)
    assert worker._process.returncode == 70
    assert b"has committed nothing for" in worker.logged()


@pytest.mark.parametrize("planted", [TAKES_NOTHING, BLOCKED, WRITES_NOTHING], ids=["takes", "blocked", "writes"])
async def test_a_worker_that_gets_nowhere_ends_and_the_next_one_catches_up(site: WorkerSite, planted: str) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(100)
    worker = start(site, "hanging", planted, hang_s=HANG_S)
    await wait_until_logged(worker, b"Holds partitions")
    await wait_until_ended(worker)
    assert worker._process.returncode == 70
    assert b"has committed nothing for" in worker.logged()
    start(site, "next")
    assert await site.wait_until_exact()


async def test_waiting_for_a_broker_or_for_news_is_no_hang(site: WorkerSite, broker: Kafka) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    # The group waits longer than the broker is away: a worker that is expelled ends for another reason.
    worker = start(site, "patient", hang_s=scaled(5), session_timeout_s=SESSION_TIMEOUT_S)
    assert await site.wait_until_exact()
    await asyncio.sleep(scaled(6))  # no news for longer than `hang_s`
    broker.kill()
    await asyncio.sleep(scaled(7))  # no broker for longer than `hang_s`
    broker.restart()
    await site.offices.record_taps(100)
    assert await site.wait_until_exact()
    assert worker.running


async def scrape(port: int) -> Mapping[str, float]:
    """Return a worker's metrics, summed over labels."""
    page = (await asyncio.to_thread(urlopen, f"http://127.0.0.1:{port}/metrics", None, scaled(LIMIT_S))).read().decode()
    totals: dict[str, float] = {}
    for line in page.splitlines():
        if line.startswith("piket_"):
            name, value = line.rsplit(" ", 1)
            totals[name.split("{")[0]] = totals.get(name.split("{")[0], 0.0) + float(value)
    assert "OPD-" not in page
    return totals


async def test_a_worker_reports_its_position_and_what_it_recovered(site: WorkerSite) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(300)
    with site.worker():
        assert await site.wait_until_exact()
        await site.wait_until_all_committed()
    rows = sum((await end_offsets(site.bootstrap, changelog_topic(site.deployment))).values())
    port = free_ports(1)[0]
    worker = start(site, "measured", metrics_port=port)
    await wait_for_partitions(worker, 3)
    await site.offices.record_taps(50)
    assert await site.wait_until_exact()
    await site.wait_until_all_committed()
    metrics = await read_until(partial(scrape, port), lambda metrics: metrics.get("piket_worker_lag") == 0, every=0.2)
    assert metrics["piket_worker_recovered_rows_total"] == rows
    assert metrics["piket_worker_batch_records_sum"] >= 50
    assert (metrics["piket_worker_lag"], metrics["piket_worker_lag_seconds"]) == (0, 0)
    assert 0 < metrics["piket_worker_recovery_seconds"] < metrics["piket_worker_rebalance_seconds_sum"] < scaled(30)
    assert metrics["piket_worker_rebalance_seconds_count"] == 1
    assert 0 < metrics["piket_worker_since_commit_seconds"] < scaled(30)
