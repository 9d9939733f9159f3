"""Tests that the view reports since when it is incomplete if a process stops at night, when nobody taps."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.kafka import Kafka
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.rows import CoverageView
from tests.support.example_facts import at
from tests.support.office_setup import REGION

pytestmark = pytest.mark.parts

NIGHT = at("02:00")
NOTICE_WITHIN_S, CURRENT_WITHIN_S = 20, 12


class NightDeployment(NamedTuple):
    """A deployment at night without taps, and its view."""

    stack: Stack
    kafka: Kafka
    view: CoverageView

    @property
    def until(self) -> datetime:
        return self.view.current_until(REGION)

    async def wait_until_current(self, within_s: float) -> float:
        """Wait until the view is current; restart ended processes meanwhile. Return the seconds it took."""
        return await seconds_until(
            lambda: not self.stack.restart_ended() and self.view.behind_since(REGION) is None, within_s
        )

    async def max_lag(self) -> float:
        """Return the maximum lag of the view during three seconds, in seconds."""
        lags = []
        for _ in range(60):
            await asyncio.sleep(0.05)
            lags.append((self.stack.now() - self.until).total_seconds())
        return max(lags)

    async def wait_until_behind(self) -> tuple[float, datetime, datetime]:
        """Wait until the view is behind; return the seconds, the start of the wait, and since when it is behind."""
        started_at = self.stack.now()
        seconds = await seconds_until(lambda: self.view.behind_since(REGION) is not None, NOTICE_WITHIN_S)
        since = self.view.behind_since(REGION)
        assert since is not None
        await asyncio.sleep(1.5)
        assert (self.view.behind_since(REGION), self.until) == (since, since)
        return seconds, started_at, since

    def send(self, name: str, number: signal.Signals) -> None:
        self.stack._children[name].send(number)


async def seconds_until(condition: Callable[[], bool], within_s: float) -> float:
    started_at = time.monotonic()
    while not condition():
        assert time.monotonic() - started_at < within_s, f"the condition is not met after {within_s} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - started_at


@pytest_asyncio.fixture
async def watch(tmp_path: Path, kafka: Kafka) -> AsyncIterator[NightDeployment]:
    with Stack(tmp_path / "piket", kafka.bootstrap, NIGHT) as stack:
        view = CoverageView(stack.now, [REGION], 3)
        reading = asyncio.create_task(follow_coverage(view, kafka.bootstrap, [REGION], 3))
        yield NightDeployment(stack, kafka, view)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def test_whoever_falls_silent_the_view_says_so_and_is_current_again_soon_after(
    watch: NightDeployment, figures: list[str]
) -> None:
    stack = watch.stack
    restarts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "relay killed": (lambda: stack.kill("relay"), lambda: stack.start("relay")),
        "relay paused": (lambda: watch.send("relay", signal.SIGSTOP), lambda: watch.send("relay", signal.SIGCONT)),
        "worker killed": (lambda: stack.kill("worker"), lambda: stack.start("worker")),
        "worker paused": (lambda: watch.send("worker", signal.SIGSTOP), lambda: watch.send("worker", signal.SIGCONT)),
        "broker killed": (watch.kafka.kill, watch.kafka.restart),
    }
    await watch.wait_until_current(30)
    figures.append(f"complete until {await watch.max_lag():.1f} s ago at the most, while nothing happens")
    async with httpx.AsyncClient(base_url=stack.url, timeout=5) as http:
        for what, (stop, start) in restarts.items():
            await seconds_until(lambda: (stack.now() - watch.until).total_seconds() < 2, CURRENT_WITHIN_S)
            assert (await http.get("/readyz")).status_code == 204
            await asyncio.to_thread(stop)
            seconds, started_at, since = await watch.wait_until_behind()
            assert abs((started_at - since).total_seconds()) < 4
            assert (await http.get("/readyz")).status_code == 503
            await asyncio.to_thread(start)
            current_after = await watch.wait_until_current(3 * CURRENT_WITHIN_S)
            figures.append(f"{what}: behind after {seconds:.1f} s, current {current_after:.1f} s after the restart")
