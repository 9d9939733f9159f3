"""The view that readers see is compared with what the stores hold."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from rich.console import Console

from deploy.local.kafka import Kafka
from deploy.local.server_process import free_ports
from deploy.operations import reconcile as reconciling
from deploy.operations import sources
from deploy.operations.reconcile import Behind
from services.reporting.domain.freshness import READ
from shared.domain.envelope import topic
from shared.domain.facts.coverage import Coverage
from shared.kafka import broker as brokers
from shared.kafka.broker import partition_of
from shared.settings import Settings
from tests.e2e.commands import came, opened, piket, rebuild, reconcile, until
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import REGION
from tests.support.story import KEY

pytestmark = pytest.mark.parts


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


async def plant(town: Deployment, row: Coverage) -> None:
    """Write a row that no fact makes, as a broken worker would."""
    async with brokers.producer(town.kafka.bootstrap) as producer:
        place, number = topic(REGION, "coverage"), partition_of(f"{row.region}/{row.opd}", 3)
        value = row.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(place, value, row.key.encode(), partition=number)


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
