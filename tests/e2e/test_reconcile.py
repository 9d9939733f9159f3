"""Tests that reconcile compares the view with the stores, and that a rebuild repairs it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from rich.console import Console

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.server_process import free_ports
from deploy.operations import reconcile as reconciling
from deploy.operations import sources
from deploy.operations.reconcile import ViewBehind
from services.reporting.domain.freshness import SOURCE_SERVICES
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.kafka import broker as brokers
from shared.kafka.broker import partition_of
from shared.settings import Settings
from tests.e2e.commands import check_in, open_office, rebuild, reconcile, start_piket
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import REGION
from tests.support.story import OPD_KEY
from tests.support.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.parts


async def test_a_wrong_row_and_a_phantom_are_found_and_healed(sqlite_deployment: Deployment) -> None:
    await open_office(sqlite_deployment)
    right = await check_in(sqlite_deployment, "Asep")
    assert (await reconcile(sqlite_deployment))[0] == 0
    counter = right.units["FRONT"].posts["LOKET-1"].model_copy(update={"known": ((480, 9),)})
    unit = right.units["FRONT"].model_copy(update={"posts": {**right.units["FRONT"].posts, "LOKET-1": counter}})
    wrong = {"units": {**right.units, "FRONT": unit}, "revision": 10**6, "watermark": {"/piket/32/attendance": 10**6}}
    await write_row(sqlite_deployment, right.model_copy(update=wrong))
    await write_row(sqlite_deployment, right.model_copy(update={"opd": "HANTU"}))
    status, output = await reconcile(sqlite_deployment)
    assert (
        status,
        f"{OPD_KEY} 2025-11-06 FRONT/LOKET-1 known from 08.00 on: the view says 9, the facts 2" in output,
    ) == (
        1,
        True,
    ), output
    assert "32/HANTU 2025-11-06 row: the view says yes, the facts no" in output
    sqlite_deployment.stack.set_clock(
        at("08:00", THURSDAY + timedelta(days=10))
    )  # the day is closed: the command moves its row
    assert (await rebuild(sqlite_deployment))[0] == 0
    async with running_reconcile(sqlite_deployment) as exported:
        await wait_until(lambda: exported("piket_view_divergent_opds") == 0, seconds=60, every=0.1)
    healed = await sqlite_deployment.row(THURSDAY, {})
    assert (healed.units["FRONT"].posts["LOKET-1"].known[0], healed.generation) == ((480, 2), 1)
    removed = await sqlite_deployment.office.http.get(
        f"/reporting/v1/{REGION}/coverage/HANTU", params={"date": str(THURSDAY)}
    )
    assert removed.status_code == httpx.codes.NOT_FOUND


async def write_row(sqlite_deployment: Deployment, row: Coverage) -> None:
    """Write a row that no fact supports, as a broken worker would do."""
    async with brokers.producer(sqlite_deployment.kafka.connection) as producer:
        topic_name, partition = topic(REGION, "coverage"), partition_of(f"{row.region}/{row.opd}", 3)
        value = row.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(topic_name, value, row.key.encode(), partition=partition)


async def test_a_view_without_heartbeats_is_not_compared(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "CATCH_UP_S", 1.0)
    settings = Settings(kafka=kafka.bootstrap, folder=tmp_path)
    for service in SOURCE_SERVICES:
        await sources.committed_events(settings, service).open()
    with pytest.raises(ViewBehind, match="Nothing was compared; check that relay and worker run"):
        await reconciling.reconcile(settings, None, Console(stderr=True))


async def test_a_region_that_was_never_compared_is_exported_at_zero(sqlite_deployment: Deployment) -> None:
    sqlite_deployment.stack.stop("relay")
    async with running_reconcile(sqlite_deployment) as exported:
        await wait_until(lambda: exported("piket_view_compared_timestamp_seconds") == 0, seconds=60, every=0.1)


@asynccontextmanager
async def running_reconcile(sqlite_deployment: Deployment) -> AsyncIterator[Callable[[str], float | None]]:
    """Run reconcile continuously inside the block; yield a function that reads a metric of the region by its name."""
    port = free_ports(1)[0]
    environment = {**sqlite_deployment.stack.environment, "PIKET_METRICS_PORT": str(port)}
    run = await start_piket(environment, "reconcile", "--every", "1")

    def exported(name: str) -> float | None:
        try:
            lines = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=scaled(LIMIT_S)).read().decode().splitlines()
        except OSError:
            return None
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{")), None)

    try:
        yield exported
    finally:
        await run.kill()
