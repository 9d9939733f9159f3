"""Tests that a view is rebuilt beside the old one while the office continues."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.view_rebuild.lease import exclusive_lease
from services.reporting.view.generations import current_generation
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.kafka import broker as brokers
from shared.kafka.broker import topic_sizes
from shared.settings import Settings
from tests.e2e.clients import UNIT, Clerks
from tests.e2e.commands import check_in, open_office, rebuild, reconcile, start_piket
from tests.e2e.deployment import Deployment, all_records
from tests.e2e.ground_truth import counts_by_minute
from tests.support.example_facts import THURSDAY, at
from tests.support.figures import Figures
from tests.support.office_setup import OPD, REGION
from tests.support.seeds import seeded_random
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parts

TAPS_BEFORE, TAPS_AFTER = 40, 30


async def test_a_view_is_rebuilt_while_clerks_come_and_go(sqlite_deployment: Deployment, figures: Figures) -> None:
    clerks, stop = await crowded_office(sqlite_deployment), asyncio.Event()
    tapping = asyncio.create_task(clerks.tap_until_stopped(stop))
    await wait_until(lambda: len(clerks.acknowledged) >= TAPS_BEFORE)
    async with observed_rows(sqlite_deployment) as observed:
        status, output = await rebuild(sqlite_deployment)
        assert (status, "Generation 1 of the view is in force" in output) == (0, True), output
        await wait_until(lambda: observed[-1].generation == 1)
        taps = len(clerks.acknowledged)
        await wait_until(lambda: len(clerks.acknowledged) >= taps + TAPS_AFTER)
    stop.set()
    await tapping
    assert {frozenset(row.units[UNIT].posts) for row in observed} == {frozenset(observed[0].units[UNIT].posts)}
    positions = [row.watermark["/piket/32/attendance"] for row in observed]
    assert positions == sorted(positions)
    stored = {
        f"/piket/32/{service}": len(await sqlite_deployment.stored_events(service))
        for service in ("attendance", "roster")
    }
    row = await sqlite_deployment.row(THURSDAY, stored)
    assert {
        post: counts_by_minute(steps.restated) for post, steps in row.units[UNIT].posts.items()
    } == clerks.truth.head_counts()
    assert (row.generation, await reconcile(sqlite_deployment)) == (
        1,
        (0, f"32: {len(await row_keys(sqlite_deployment))} rows, 0 OPD differ from what is stored."),
    )
    figures.append(f"rebuild: {len(observed)} looks, {positions[-1]} taps")


@asynccontextmanager
async def observed_rows(sqlite_deployment: Deployment) -> AsyncIterator[list[Coverage]]:
    """Read the row continuously while the block runs; yield the list of rows read."""
    rows_seen: list[Coverage] = []

    async def read_row() -> None:
        while True:
            answer = await sqlite_deployment.office.http.get(
                f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(THURSDAY)}
            )
            rows_seen.append(Coverage.model_validate_json(answer.raise_for_status().content))
            await asyncio.sleep(0.03)  # the interval of the reader

    reader = asyncio.create_task(read_row())
    yield rows_seen
    assert not reader.done() or reader.result()
    reader.cancel()


async def crowded_office(sqlite_deployment: Deployment) -> Clerks:
    """Set up two dozen clerks, whose day takes two minutes."""
    await sqlite_deployment.office.register()
    await sqlite_deployment.office.enrol_people()
    sqlite_deployment.stack.set_clock(at("05:00"))
    clerks = Clerks(sqlite_deployment.office, seeded_random(), sqlite_deployment.stack.now)
    await clerks.set_up()
    sqlite_deployment.stack.set_clock(at("06:00"), 300)
    return clerks


async def row_keys(sqlite_deployment: Deployment) -> set[bytes]:
    records = await all_records(sqlite_deployment.kafka.bootstrap, topic(REGION, "coverage"), 3)
    return {key for _, key, value in records if b"/~/" not in key}


async def test_a_rebuild_that_was_killed_is_run_again(sqlite_deployment: Deployment) -> None:
    await open_office(sqlite_deployment)
    first = await start_piket(sqlite_deployment.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await wait_until((sqlite_deployment.stack.folder / "rebuild-1.log").exists)
    await first.kill()
    assert ((await check_in(sqlite_deployment, "Asep")).generation, await generation(sqlite_deployment)) == (0, 0)
    second = await start_piket(sqlite_deployment.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await wait_until(lambda: generation(sqlite_deployment))
    await second.kill()
    status, output = await rebuild(sqlite_deployment)
    assert (status, await generation(sqlite_deployment)) == (0, 3), output
    assert (await check_in(sqlite_deployment, "Rina")).generation == 3
    assert (await reconcile(sqlite_deployment))[0] == 0
    assert [name for name in await topic_sizes(sqlite_deployment.kafka.connection) if "-g" in name] == [
        "piket-coverage-local-g3-facts-changelog"
    ]


async def test_a_rebuild_beside_another_is_refused(kafka: Kafka, tmp_path: Path) -> None:
    variables = {"PIKET_KAFKA": kafka.bootstrap, "PIKET_FOLDER": str(tmp_path)}
    async with exclusive_lease(Settings(kafka=kafka.bootstrap)):
        status, output = await (await start_piket(variables, "rebuild-view", "--from", str(THURSDAY))).end()
    assert (status, "Another rebuild of this deployment is running" in output) == (1, True), output


async def test_a_rebuild_that_was_frozen_gives_way_to_another(sqlite_deployment: Deployment) -> None:
    await open_office(sqlite_deployment)
    first = await start_piket(sqlite_deployment.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await wait_until((sqlite_deployment.stack.folder / "rebuild-1.log").exists)
    first.process.send_signal(signal.SIGSTOP)
    status, output = await rebuild(sqlite_deployment)
    assert (status, await generation(sqlite_deployment)) == (0, 2), output
    first.process.send_signal(signal.SIGCONT)
    assert (await first.end())[0] == 1
    assert ((await check_in(sqlite_deployment, "Asep")).generation, (await reconcile(sqlite_deployment))[0]) == (2, 0)


async def test_a_view_whose_changelog_is_lost_is_rebuilt(sqlite_deployment: Deployment) -> None:
    await open_office(sqlite_deployment)
    await brokers.delete_topics(sqlite_deployment.kafka.connection, ["piket-coverage-local-facts-changelog"])
    status, output = await rebuild(sqlite_deployment)
    assert (status, await generation(sqlite_deployment)) == (0, 1), output
    row = await check_in(sqlite_deployment, "Asep")
    assert (row.generation, row.units["FRONT"].posts["LOKET-1"].known[0]) == (1, (480, 2))


async def test_a_region_without_topics_is_not_rebuilt(kafka: Kafka, tmp_path: Path) -> None:
    variables = {"PIKET_KAFKA": kafka.bootstrap, "PIKET_REGIONS": "5171", "PIKET_FOLDER": str(tmp_path)}
    status, output = await (await start_piket(variables, "rebuild-view", "--from", str(THURSDAY))).end()
    assert (status, "Create the topics with `piket topics create`" in output) == (1, True), output


async def generation(sqlite_deployment: Deployment) -> int:
    return (await current_generation(sqlite_deployment.kafka.connection, "local")).number
