"""A worker whose changelog is deleted before it has recovered shows nothing of what it lacks."""

import re
from pathlib import Path

import pytest

from services.reporting.view.generations import Generation, put_in_force
from services.reporting.worker.changelog import changelog_topic, create_changelog
from shared.kafka import broker
from tests.faults.kafka_readback import view
from tests.faults.office_days import FRIDAY, THURSDAY
from tests.faults.worker_site import PARTITIONS, Site, ended, said

pytestmark = pytest.mark.parts

LATE = """
import asyncio
from pathlib import Path
from services.reporting import worker
from services.reporting.worker.changelog import Changelog
serve = worker.serve
async def late(*view):
    await asyncio.sleep(10)  # it is busy: what a later generation tells it comes after everything else
    await serve(*view)
worker.serve = late
async def held_back():
    print("held back", flush=True)
    while not Path("{go}").exists():
        await asyncio.sleep(0.05)
"""
BEFORE_ITS_START = """
build = worker.build
def held_build(*told):
    asyncio.run(held_back())
    return build(*told)
worker.build = held_build
"""
WHEN_ASSIGNED = """
assigned = Changelog.on_rebalance
async def held_rebalance(self, *told):
    await held_back()
    await assigned(self, *told)
Changelog.on_rebalance = held_rebalance
"""
SUPERSEDED = b"generation 1 of the view is in force, this one kept 0"
LOST = rb"-facts-changelog has lost the facts of the partitions \[.+\]\. .* `piket rebuild-view --from DATE`"


async def at_work(site: Site) -> None:
    await site.offices.open(THURSDAY, FRIDAY)
    await site.offices.morning(200)
    with site.worker() as worker:
        assert await site.settled()
        await site.all_committed()
        worker.stop(5)


async def test_a_changelog_that_was_made_again_is_not_taken_for_that_of_a_new_deployment(site: Site) -> None:
    await at_work(site)
    shown = await view(site.bootstrap, site.region)
    await broker.delete(site.bootstrap, [changelog_topic(site.deployment)])
    await create_changelog(site.bootstrap, site.deployment, PARTITIONS, 1)
    await site.offices.morning(20)
    with site.worker() as worker:
        await ended(worker)
        assert re.search(LOST, worker.written())
    assert await view(site.bootstrap, site.region) == shown


@pytest.mark.parametrize(
    ("held", "why"),
    [(BEFORE_ITS_START, SUPERSEDED), (WHEN_ASSIGNED, SUPERSEDED), (BEFORE_ITS_START, LOST)],
    ids=["replaced before its start", "replaced when assigned", "lost"],
)
async def test_a_worker_without_its_changelog_ends_and_shows_nothing(
    site: Site, tmp_path: Path, held: str, why: bytes
) -> None:
    await at_work(site)
    shown, go = await view(site.bootstrap, site.region), tmp_path / "go"
    with site.worker(LATE.format(go=go), held) as worker:
        await said(worker, b"held back")
        if why == SUPERSEDED:
            await put_in_force(site.bootstrap, site.deployment, Generation(number=1))
        await broker.delete(site.bootstrap, [changelog_topic(site.deployment)])
        await site.offices.morning(20)
        go.touch()
        await ended(worker)
        assert re.search(why, worker.written())
    assert await view(site.bootstrap, site.region) == shown
