"""Tests that a worker ends, and publishes nothing, if its changelog is deleted before it has recovered."""

import re
from pathlib import Path

import pytest

from services.reporting.view.generations import Generation, activate_generation
from services.reporting.worker.changelog import changelog_topic, create_changelog
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.faults.kafka_readback import view_rows
from tests.faults.office_days import FRIDAY, THURSDAY
from tests.faults.worker_site import PARTITIONS, WorkerSite, wait_until_ended, wait_until_logged
from tests.support.waiting import LIMIT_S

pytestmark = pytest.mark.parts

LATE = """
import asyncio
from pathlib import Path
from services.reporting.faust_batches.changelog_table import ChangelogTable
from services.reporting.worker import __main__ as worker
exit_when_superseded = worker.exit_when_superseded
async def late(*view):
    await asyncio.sleep(10)  # it is busy: it reads that a later generation is in force only after everything else
    await exit_when_superseded(*view)
worker.exit_when_superseded = late
async def held_back():
    print("held back", flush=True)
    while not Path("{go}").exists():
        await asyncio.sleep(0.05)  # the test creates the file; this process can only look for it
"""
BEFORE_ITS_START = """
build_app = worker.build_app
def held_build(*arguments):
    asyncio.run(held_back())
    return build_app(*arguments)
worker.build_app = held_build
"""
WHEN_ASSIGNED = """
on_rebalance = ChangelogTable.on_rebalance
async def held_rebalance(self, *arguments):
    await held_back()
    await on_rebalance(self, *arguments)
ChangelogTable.on_rebalance = held_rebalance
"""
SUPERSEDED = b"generation 1 of the view is in force, this one kept 0"
LOST = rb"-facts-changelog has lost the facts of the partitions \[.+\]\. .* `piket rebuild-view --from DATE`"


async def run_worker(site: WorkerSite) -> None:
    """Let a worker publish and commit a morning, then stop it."""
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.record_taps(200)
    with site.worker() as worker:
        assert await site.wait_until_exact()
        await site.wait_until_all_committed()
        worker.stop(LIMIT_S)


async def test_a_changelog_that_was_made_again_is_not_taken_for_that_of_a_new_deployment(site: WorkerSite) -> None:
    await run_worker(site)
    before = await view_rows(site.bootstrap, site.region)
    await broker.delete_topics(KafkaConnection(site.bootstrap), [changelog_topic(site.deployment)])
    await create_changelog(KafkaConnection(site.bootstrap), site.deployment, PARTITIONS, 1)
    await site.offices.record_taps(20)
    with site.worker() as worker:
        await wait_until_ended(worker)
        assert re.search(LOST, worker.logged())
    assert await view_rows(site.bootstrap, site.region) == before


@pytest.mark.parametrize(
    ("held", "why"),
    [(BEFORE_ITS_START, SUPERSEDED), (WHEN_ASSIGNED, SUPERSEDED), (BEFORE_ITS_START, LOST)],
    ids=["replaced before its start", "replaced when assigned", "lost"],
)
async def test_a_worker_without_its_changelog_ends_and_shows_nothing(
    site: WorkerSite, tmp_path: Path, held: str, why: bytes
) -> None:
    await run_worker(site)
    before, go = await view_rows(site.bootstrap, site.region), tmp_path / "go"
    with site.worker(LATE.format(go=go), held) as worker:
        await wait_until_logged(worker, b"held back")
        if why == SUPERSEDED:
            await activate_generation(KafkaConnection(site.bootstrap), site.deployment, Generation(number=1))
        await broker.delete_topics(KafkaConnection(site.bootstrap), [changelog_topic(site.deployment)])
        await site.offices.record_taps(20)
        go.touch()
        await wait_until_ended(worker)
        assert re.search(why, worker.logged())
    assert await view_rows(site.bootstrap, site.region) == before
