"""Several workers of one group on real Kafka: rolling restarts, a place taken twice, a frozen worker, one that hangs.

A frozen worker is the hard one. Its partitions go to others; when it comes back it still holds an older row, and of two
rows with one key compaction keeps the later.
"""

import asyncio
import re
import signal
from collections.abc import Mapping
from urllib.request import urlopen

import pytest

from deploy.local.kafka import Kafka
from deploy.local.server_process import Child, free_ports
from services.reporting.worker.changelog import changelog_topic
from tests.faults.kafka_readback import sizes, view
from tests.faults.office_days import FRIDAY, THURSDAY
from tests.faults.worker_site import Site, ended, said

pytestmark = pytest.mark.parts

HELD_S = 30
FROZEN_BEFORE_A_ROW = """
import os, pathlib, signal
from services.reporting import outlet
flag, publish = pathlib.Path({flag!r}), outlet.KafkaOutlet.publish
async def frozen(self, partition, row):
    if flag.exists():
        flag.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)
    await publish(self, partition, row)
outlet.KafkaOutlet.publish = frozen
"""
WITHOUT_A_LEASE = """
import time
from services.reporting.faust_batches.membership import Membership
lost = Membership.lost
Membership.holds = lambda self: True
Membership.lost = lambda self: (time.sleep(1), lost(self))
"""
TAKES_NOTHING = """
import asyncio
from services.reporting import processor
async def process(self, stream):
    async for _ in stream:
        await asyncio.sleep(3600)
processor.Processor.process = process
"""
BLOCKED = """
import time
from services.reporting import processor
processor.Processor._fold = lambda *_: time.sleep(3600)
"""
WRITES_NOTHING = """
import asyncio
from services.reporting import outlet
outlet.KafkaOutlet.keep = lambda *_: asyncio.sleep(3600)
"""
GIVES_UP = """
from faust.tables.recovery import Recovery, ServiceStopped
async def too_long(self, *_):  # as Recovery._wait says it of a step that took broker_request_timeout
    raise ServiceStopped
Recovery._build_highwaters = too_long
"""


def start(site: Site, name: str, *planted: str, **settings: object) -> Child:
    """A worker with a log of its own, and settings besides the site's."""
    told = [f"PIKET_{key.upper()}={value}" for key, value in settings.items()]
    first, *rest = site.command(*planted)
    at = next(n for n, word in enumerate(rest) if "=" not in word)
    site.started.append(Child([first, *rest[:at], *told, *rest[at:]], site.log.with_name(f"{name}.log")))
    return site.started[-1]


def assigned(worker: Child) -> list[list[int]]:
    """The partitions of every assignment since the worker's start."""
    found = re.findall(rb"Holds partitions \[([\d, ]*)\]", worker.written())
    return [[int(n) for n in each.split(b",") if n.strip()] for each in found]


async def holds(worker: Child, count: int, within_s: float = 30) -> None:
    """Wait until a worker's latest assignment is of so many partitions."""
    for _ in range(int(within_s / 0.1)):
        if assigned(worker) and len(assigned(worker)[-1]) == count:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{assigned(worker)}:\n{worker.written().decode()[-2000:]}")


async def three(site: Site) -> dict[str, Child]:
    """Three static members with a partition each."""
    members = {name: start(site, name, member=name, session_timeout_s=HELD_S) for name in ("a", "b", "c")}
    for worker in members.values():
        await holds(worker, 1)
    return members


async def test_a_rolling_restart_of_static_members_moves_no_partition(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    members = await three(site)
    before = {name: assigned(worker) for name, worker in members.items()}
    flow = asyncio.create_task(site.offices.come_and_go(seconds=12))
    for name, worker in list(members.items()):
        await asyncio.to_thread(worker.stop, HELD_S)
        members[name] = start(site, name, member=name, session_timeout_s=HELD_S)
        await holds(members[name], 1)
        assert assigned(members[name]) == [before[name][-1]]
        others = {other: assigned(members[other])[-1:] for other in members if other != name}
        assert others == {other: before[other][-1:] for other in others}
    await flow
    assert [len(assigned(worker)) for worker in members.values()] == [1, 1, 1]
    assert await site.settled()


async def test_of_two_workers_with_one_name_the_first_ends(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    first = start(site, "first", member="a", session_timeout_s=HELD_S)
    await holds(first, 3)
    second = start(site, "second", member="a", session_timeout_s=HELD_S)
    await ended(first)
    assert first._process.returncode == 3
    assert b"another one joined as a" in first.written()
    await site.offices.morning(100)
    assert await site.settled()
    assert second.running


async def frozen(site: Site, *planted: str) -> tuple[Child, Child]:
    """One worker frozen with an older row in hand, and another that owns all its partitions and has told all."""
    flag = site.log.with_name("freeze")
    await site.offices.open(THURSDAY, FRIDAY)
    zombie = start(site, "zombie", FROZEN_BEFORE_A_ROW.format(flag=str(flag)), *planted)
    await holds(zombie, 3)
    assert await site.settled()
    flag.touch()
    await site.offices.morning(5)
    for _ in range(100):
        if not flag.exists():
            break
        await asyncio.sleep(0.05)
    other = start(site, "other")
    await holds(other, 3)
    await site.offices.morning(200)
    assert await site.settled()
    return zombie, other


async def test_a_worker_frozen_past_the_groups_patience_writes_nothing_late_and_ends(site: Site) -> None:
    zombie, other = await frozen(site)
    zombie.send(signal.SIGCONT)
    await ended(zombie)
    assert (zombie._process.returncode, other.running) == (70, True)
    assert b"has given its partitions to others" in zombie.written()
    assert await view(site.bootstrap, site.region) == site.offices.expected()


async def test_without_the_lease_its_older_row_would_stay_the_last_of_its_key(site: Site) -> None:
    zombie, _ = await frozen(site, WITHOUT_A_LEASE)
    zombie.send(signal.SIGCONT)
    await ended(zombie)
    assert await view(site.bootstrap, site.region) != site.offices.expected()


async def test_a_worker_whose_recovery_is_given_up_ends(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    worker = start(site, "hanging", GIVES_UP, hang_s=3)
    await ended(worker)
    assert worker._process.returncode == 70
    assert b"has committed nothing for 3 s" in worker.written()


@pytest.mark.parametrize("planted", [TAKES_NOTHING, BLOCKED, WRITES_NOTHING], ids=["takes", "blocked", "writes"])
async def test_a_worker_that_gets_nowhere_ends_and_the_next_one_catches_up(site: Site, planted: str) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(100)
    worker = start(site, "hanging", planted, hang_s=3)
    await said(worker, b"Holds partitions")
    await ended(worker)
    assert worker._process.returncode == 70
    assert b"has committed nothing for 3 s" in worker.written()
    start(site, "next")
    assert await site.settled()


async def test_waiting_for_a_broker_or_for_news_is_no_hang(site: Site, broker: Kafka) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    worker = start(site, "patient", hang_s=6)
    assert await site.settled()
    await asyncio.sleep(7)
    broker.kill()
    await asyncio.sleep(8)
    broker.restart()
    await site.offices.morning(100)
    assert await site.settled()
    assert worker.running


async def scraped(port: int) -> Mapping[str, float]:
    """What a worker's metrics say, summed over labels."""
    page = (await asyncio.to_thread(urlopen, f"http://127.0.0.1:{port}/metrics")).read().decode()
    figures: dict[str, float] = {}
    for line in page.splitlines():
        if line.startswith("piket_"):
            name, value = line.rsplit(" ", 1)
            figures[name.split("{")[0]] = figures.get(name.split("{")[0], 0.0) + float(value)
    assert "OPD-" not in page
    return figures


async def test_a_worker_tells_how_far_it_is_and_what_it_recovered(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(300)
    with site.worker():
        assert await site.settled()
        await site.all_committed()
    rows = sum((await sizes(site.bootstrap, changelog_topic(site.deployment))).values())
    port = free_ports(1)[0]
    worker = start(site, "measured", metrics_port=port)
    await holds(worker, 3)
    await site.offices.morning(50)
    assert await site.settled()
    await site.all_committed()
    await asyncio.sleep(1.5)
    told = await scraped(port)
    assert told["piket_worker_recovered_rows_total"] == rows
    assert told["piket_worker_batch_records_sum"] >= 50
    assert (told["piket_worker_lag"], told["piket_worker_lag_seconds"]) == (0, 0)
    assert 0 < told["piket_worker_recovery_seconds"] < told["piket_worker_rebalance_seconds_sum"] < 30
    assert told["piket_worker_rebalance_seconds_count"] == 1
    assert 0 < told["piket_worker_since_commit_seconds"] < 30
