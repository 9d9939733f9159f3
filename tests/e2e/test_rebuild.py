"""A view is rebuilt beside the old one while the office goes on, and compared with what the stores hold."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
import pytest_asyncio
from rich.console import Console

from deploy.local.child import free_ports
from deploy.local.kafka import Kafka
from deploy.operate import reconcile as reconciling
from deploy.operate import sources
from deploy.operate.reconcile import Behind
from deploy.operate.stack import Stack
from services.reporting.generation import in_force
from services.reporting.pulse import READ
from shared import kafka as brokers
from shared.events import topic
from shared.facts.coverage import Coverage
from shared.kafka import partition_of, topic_sizes
from shared.settings import Settings
from tests.dpmptsp import OPD, REGION, Office
from tests.e2e.crowd import UNIT, Crowd
from tests.e2e.truth import minutes
from tests.e2e.world import Deployment, records
from tests.examples import THURSDAY, at
from tests.story import KEY, MONDAY, position

pytestmark = pytest.mark.parts


@pytest_asyncio.fixture
async def town(tmp_path: Path, kafka: Kafka) -> AsyncIterator[Deployment]:
    """The office on SQLite, ready for its Thursday."""
    with Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=15) as http:
            deployment = Deployment(stack, kafka, Office(http, stack.issuer))
            async with deployment.supervised():
                yield deployment


class Run:
    """One `piket` command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def end(self) -> tuple[int, str]:
        """The exit status, and what it said."""
        _, said = await asyncio.wait_for(self.process.communicate(), 90)
        return self.process.returncode or 0, " ".join(said.decode().split())

    async def kill(self) -> None:
        """Kill -9 in the midst."""
        self.process.kill()
        assert await self.process.wait() == -signal.SIGKILL


async def piket(environment: Mapping[str, str], *arguments: str) -> Run:
    command = [sys.executable, "-m", "deploy.operate", *arguments]
    pipe = asyncio.subprocess.PIPE
    told = {**os.environ, **environment, "COLUMNS": "200"}
    return Run(await asyncio.create_subprocess_exec(*command, env=told, stdout=pipe, stderr=pipe))


async def rebuild(town: Deployment, begins: str = str(THURSDAY)) -> tuple[int, str]:
    return await (await piket(town.stack.environment, "rebuild-view", "--from", begins)).end()


async def reconcile(town: Deployment) -> tuple[int, str]:
    return await (await piket(town.stack.environment, "reconcile")).end()


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


async def opened(town: Deployment) -> None:
    """The office on its Thursday, with Dewi at her counter."""
    await town.office.prepare(THURSDAY)
    town.stack.set_clock(at("08:00"))
    await came(town, "Dewi")


async def came(town: Deployment, name: str) -> Coverage:
    answer = await town.office.tap(name)
    return await town.row(THURSDAY, position(answer.headers["piket-position"]), patience=60)


async def until(true: Callable[[], object], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - other processes have no event for it
            await asyncio.sleep(0.05)


async def plant(town: Deployment, row: Coverage) -> None:
    """Write a row that no fact makes, as a broken worker would."""
    async with brokers.producer(town.kafka.bootstrap) as producer:
        place, number = topic(REGION, "coverage"), partition_of(f"{row.region}/{row.opd}", 3)
        value = row.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(place, value, row.key.encode(), partition=number)


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


async def rows(town: Deployment) -> set[bytes]:
    found = await records(town.kafka.bootstrap, topic(REGION, "coverage"), 3)
    return {key for _, key, value in found if b"/~/" not in key}


async def test_a_rebuild_that_was_killed_is_run_again(town: Deployment) -> None:
    await opened(town)
    first = await piket(town.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await until((town.stack.folder / "rebuild-1.log").exists)
    first.process.send_signal(signal.SIGSTOP)
    second, why = await rebuild(town)
    assert (second, "Another rebuild is at work" in why) == (1, True), why
    await first.kill()
    assert ((await came(town, "Asep")).generation, await generation(town)) == (0, 0)
    third = await piket(town.stack.environment, "rebuild-view", "--from", str(THURSDAY))
    await until(lambda: asyncio.run(generation(town)))
    await third.kill()
    status, said = await rebuild(town)
    assert (status, await generation(town)) == (0, 3), said
    assert (await came(town, "Rina")).generation == 3
    assert (await reconcile(town))[0] == 0
    assert [name for name in await topic_sizes(town.kafka.bootstrap) if "-g" in name] == [
        "piket-coverage-local-g3-facts-changelog"
    ]


async def generation(town: Deployment) -> int:
    return (await in_force(town.kafka.bootstrap, "local")).number


async def test_a_wrong_row_and_a_phantom_are_found_and_healed(town: Deployment) -> None:
    await opened(town)
    right = await came(town, "Asep")
    assert (await reconcile(town))[0] == 0
    counter = right.units["FRONT"].posts["LOKET-1"].model_copy(update={"known": ((480, 9),)})
    unit = right.units["FRONT"].model_copy(update={"posts": {**right.units["FRONT"].posts, "LOKET-1": counter}})
    wrong = {"units": {**right.units, "FRONT": unit}, "revision": 10**6, "watermark": {"/piket/32/attendance": 10**6}}
    await plant(town, right.model_copy(update=wrong))
    await plant(town, right.model_copy(update={"opd": "HANTU"}))
    status, said = await reconcile(town)
    assert (status, f"{KEY} 2025-11-06 FRONT/LOKET-1 known from 08.00 on: the view says 9, the facts 2" in said) == (
        1,
        True,
    ), said
    assert "32/HANTU 2025-11-06 row: the view says yes, the facts no" in said
    town.stack.set_clock(at("08:00", THURSDAY + timedelta(days=10)))  # the day is closed: the command moves its row
    assert (await rebuild(town))[0] == 0
    async with metrics(town) as divergent:
        await until(lambda: divergent() == 0)
    healed = await town.row(THURSDAY, {})
    assert (healed.units["FRONT"].posts["LOKET-1"].known[0], healed.generation) == ((480, 2), 1)
    gone = await town.office.http.get(f"/reporting/v1/{REGION}/coverage/HANTU", params={"date": str(THURSDAY)})
    assert gone.status_code == httpx.codes.NOT_FOUND


async def test_a_region_without_topics_is_not_rebuilt(kafka: Kafka, tmp_path: Path) -> None:
    told = {"PIKET_KAFKA": kafka.bootstrap, "PIKET_REGIONS": "5171", "PIKET_FOLDER": str(tmp_path)}
    status, said = await (await piket(told, "rebuild-view", "--from", str(THURSDAY))).end()
    assert (status, "Create the topics with `piket topics create`" in said) == (1, True), said


async def test_a_view_of_which_nobody_speaks_is_not_compared(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "WITHIN_S", 1.0)
    settings = Settings(kafka=kafka.bootstrap, folder=tmp_path)
    for service in READ:
        await sources.store_of(settings, service).open()
    with pytest.raises(Behind, match="Nothing was compared; see that relay and worker run"):
        await reconciling.reconcile(settings, None, Console(stderr=True))


@asynccontextmanager
async def metrics(town: Deployment) -> AsyncIterator[Callable[[], float | None]]:
    """A reconcile that runs on, and how many OPD differ by its metrics."""
    port = free_ports(1)[0]
    environment = {**town.stack.environment, "PIKET_METRICS_PORT": str(port)}
    run = await piket(environment, "reconcile", "--every", "1")

    def divergent() -> float | None:
        try:
            lines = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode().splitlines()
        except OSError:
            return None
        return next((float(line.split()[-1]) for line in lines if line.startswith("piket_view_divergent_opds{")), None)

    try:
        yield divergent
    finally:
        await run.kill()
