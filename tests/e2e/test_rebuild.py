"""A view is rebuilt beside the old one while the office goes on."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.view_rebuild.lease import alone
from services.reporting.view.generations import in_force
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.kafka import broker as brokers
from shared.kafka.broker import topic_sizes
from shared.settings import Settings
from tests.e2e.clients import UNIT, Crowd
from tests.e2e.commands import came, opened, piket, rebuild, reconcile, until
from tests.e2e.deployment import Deployment, records
from tests.e2e.ground_truth import minutes
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import OPD, REGION

pytestmark = pytest.mark.parts


async def test_a_view_is_rebuilt_while_clerks_come_and_go(town: Deployment, figures: list[str]) -> None:
    crowd, stop = await crowded(town), asyncio.Event()
    pressing = asyncio.create_task(crowd.press(stop))
    await asyncio.sleep(4)
    async with watched(town) as seen:
        status, said = await rebuild(town)
        assert (status, "Generation 1 of the view is in force" in said) == (0, True), said
        await until(lambda: seen[-1].generation == 1)
        await asyncio.sleep(3)
    stop.set()
    await pressing
    assert {frozenset(row.units[UNIT].posts) for row in seen} == {frozenset(seen[0].units[UNIT].posts)}
    marks = [row.watermark["/piket/32/attendance"] for row in seen]
    assert marks == sorted(marks)
    stored = {f"/piket/32/{service}": len(await town.stored(service)) for service in ("attendance", "roster")}
    row = await town.row(THURSDAY, stored)
    assert {post: minutes(steps.restated) for post, steps in row.units[UNIT].posts.items()} == crowd.truth.heads()
    assert (row.generation, await reconcile(town)) == (
        1,
        (0, f"32: {len(await rows(town))} rows, 0 OPD differ from what is stored."),
    )
    figures.append(f"rebuild: {len(seen)} looks, {marks[-1]} taps")


@asynccontextmanager
async def watched(town: Deployment) -> AsyncIterator[list[Coverage]]:
    """Meanwhile somebody looks at the row all the time; every answer must be whole, and never older than the last."""
    seen: list[Coverage] = []

    async def look() -> None:
        while True:
            answer = await town.office.http.get(
                f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(THURSDAY)}
            )
            seen.append(Coverage.model_validate_json(answer.raise_for_status().content))
            await asyncio.sleep(0.03)

    looking = asyncio.create_task(look())
    yield seen
    assert not looking.done() or looking.result()
    looking.cancel()


async def crowded(town: Deployment) -> Crowd:
    """Two dozen clerks, whose day takes two minutes."""
    await town.office.register()
    await town.office.place()
    town.stack.set_clock(at("05:00"))
    crowd = Crowd(town.office, random.Random(5), town.stack.now)  # noqa: S311
    await crowd.gather()
    town.stack.set_clock(at("06:00"), 300)
    return crowd


async def rows(town: Deployment) -> set[bytes]:
    found = await records(town.kafka.bootstrap, topic(REGION, "coverage"), 3)
    return {key for _, key, value in found if b"/~/" not in key}


async def test_a_rebuild_that_was_killed_is_run_again(town: Deployment) -> None:
    await opened(town)
    first = await piket(town.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await until((town.stack.folder / "rebuild-1.log").exists)
    await first.kill()
    assert ((await came(town, "Asep")).generation, await generation(town)) == (0, 0)
    second = await piket(town.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await until(lambda: asyncio.run(generation(town)))
    await second.kill()
    status, said = await rebuild(town)
    assert (status, await generation(town)) == (0, 3), said
    assert (await came(town, "Rina")).generation == 3
    assert (await reconcile(town))[0] == 0
    assert [name for name in await topic_sizes(town.kafka.bootstrap) if "-g" in name] == [
        "piket-coverage-local-g3-facts-changelog"
    ]


async def test_a_rebuild_beside_another_is_refused_and_one_that_was_frozen_gives_way(town: Deployment) -> None:
    await opened(town)
    first = await piket(town.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await until((town.stack.folder / "rebuild-1.log").exists)
    first.process.send_signal(signal.SIGSTOP)
    status, said = await rebuild(town)
    assert (status, await generation(town)) == (0, 2), said
    first.process.send_signal(signal.SIGCONT)
    assert (await first.end())[0] == 1
    async with alone(Settings(kafka=town.kafka.bootstrap)):
        status, why = await rebuild(town)
    assert (status, "Another rebuild is at work" in why) == (1, True), why
    assert ((await came(town, "Asep")).generation, (await reconcile(town))[0]) == (2, 0)


async def test_a_view_whose_changelog_is_lost_is_rebuilt(town: Deployment) -> None:
    await opened(town)
    await brokers.delete(town.kafka.bootstrap, ["piket-coverage-local-facts-changelog"])
    status, said = await rebuild(town)
    assert (status, await generation(town)) == (0, 1), said
    row = await came(town, "Asep")
    assert (row.generation, row.units["FRONT"].posts["LOKET-1"].known[0]) == (1, (480, 2))


async def test_a_region_without_topics_is_not_rebuilt(kafka: Kafka, tmp_path: Path) -> None:
    told = {"PIKET_KAFKA": kafka.bootstrap, "PIKET_REGIONS": "5171", "PIKET_FOLDER": str(tmp_path)}
    status, said = await (await piket(told, "rebuild-view", "--from", str(THURSDAY))).end()
    assert (status, "Create the topics with `piket topics create`" in said) == (1, True), said


async def generation(town: Deployment) -> int:
    return (await in_force(town.kafka.bootstrap, "local")).number
