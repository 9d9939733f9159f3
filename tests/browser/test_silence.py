"""Relay, worker, broker or server stopped, each in turn, on real parts: the board knows nothing within twenty seconds.

The counters open while no record arrives. Their clerks have come in time, were answered, and are seen by nobody: no
counter may turn KRITIS for that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.operations.topics import create_topics
from shared.settings import Settings
from tests.browser.board_server import headline, open_live_page, open_page, states
from tests.support.example_facts import THURSDAY, at
from tests.support.figures import Figures
from tests.support.office_setup import Office
from tests.support.waiting import LIMIT_S, wait_until

BEFORE_OPENING = at("07:59:40")
UNKNOWN_WITHIN_S = scaled(20)
"""The promise is 20 s on a quiet machine; on a loaded one, the parts get no time to keep it."""
CLERKS = ("Dewi", "Rina")

pytestmark = [pytest.mark.parts, pytest.mark.asyncio(loop_scope="module")]


class Deployment(NamedTuple):
    """The office with all its parts."""

    stack: Stack
    kafka: Kafka
    office: Office


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    with Kafka(tmp_path / "kafka") as server:
        asyncio.run(create_topics(Settings(kafka=server.bootstrap), replication=1))
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def deployment(tmp_path: Path, kafka: Kafka) -> AsyncIterator[Deployment]:
    """Thursday before eight: nobody has come, both counters are closed."""
    with Stack(tmp_path / "piket", kafka.bootstrap, at("09:00") - timedelta(days=3)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            office = Office(http, stack.issuer)
            await office.prepare(THURSDAY)
            stack.set_clock(BEFORE_OPENING)
            yield Deployment(stack, kafka, office)


async def _kill_broker(parts: Deployment) -> None:
    await asyncio.to_thread(parts.kafka.kill)


async def _start_broker(parts: Deployment) -> None:
    await asyncio.to_thread(parts.kafka.restart)


def _kill(name: str) -> Callable[[Deployment], Awaitable[None]]:
    return lambda parts: asyncio.to_thread(parts.stack.kill, name)


def _start(name: str) -> Callable[[Deployment], Awaitable[None]]:
    return lambda parts: asyncio.to_thread(parts.stack.start, name)


Act = Callable[[Deployment], Awaitable[None]]
PARTS: Mapping[str, tuple[Act, Act]] = {
    "relay": (_kill("relay"), _start("relay")),
    "worker": (_kill("worker"), _start("worker")),
    "broker": (_kill_broker, _start_broker),
    "server": (_kill("app"), _start("app")),
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_without_signal_makes_the_board_unknown_and_no_counter_critical(
    part: str, deployment: Deployment, browser: Browser, figures: Figures
) -> None:
    stop, start = PARTS[part]
    async with open_page(browser) as page:
        await open_live_page(page, deployment.stack.url)
        await expect(page.locator("#ubin-32")).to_have_attribute("data-state", "tutup")
        if part == "server":
            await come(deployment)
        await stop(deployment)
        stopped = monotonic()
        if part != "server":
            await come(deployment)
        await wait_until_unknown(page)
        seconds = monotonic() - stopped
        assert seconds < UNKNOWN_WITHIN_S
        figures.append(f"{part} stopped: the board is unknown after {seconds:.1f} s")
        await headline(page).to_contain_text("tidak diketahui sejak 0")
        deployment.stack.set_clock(at("08:01"))
        await start(deployment)
        await headline(page).to_have_text("Semua titik layanan cukup petugas: 2 dari 2", timeout=scaled(60_000))


async def come(parts: Deployment) -> None:
    """Both clerks check in, and are answered."""
    for clerk in CLERKS:
        assert (await parts.office.tap(clerk)).status_code == 201


async def wait_until_unknown(page: Page) -> None:
    """Wait until everything is unknown; meanwhile nothing may be critical."""

    async def is_unknown() -> bool:
        shown = {*await states(page, "main .tile:not([data-state=belum])"), *await states(page, "main .now li")}
        assert "kritis" not in shown
        return shown == {"basi"}

    await wait_until(is_unknown, what="everything is unknown", every=0.1)
