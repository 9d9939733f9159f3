"""Whoever falls silent at night: the view says since when it knows nothing, and claims no minute after that."""

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
from services.reporting.view.consumer import follow
from services.reporting.view.rows import View
from tests.support.example_facts import at
from tests.support.office_setup import REGION

pytestmark = pytest.mark.parts

NIGHT = at("02:00")
NOTICED_S, BACK_S = 20, 12


class Watch(NamedTuple):
    """A deployment at night in which nobody taps, and a view of it."""

    stack: Stack
    kafka: Kafka
    view: View

    @property
    def until(self) -> datetime:
        return self.view.current_until(REGION)

    async def current(self, within_s: float) -> float:
        """Wait until the view is current, starting again what ended by itself; the seconds it took."""
        return await lasted(lambda: not self.stack.restart_ended() and self.view.behind(REGION) is None, within_s)

    async def lag(self) -> float:
        """The most seconds by which the view was not complete until now, in three seconds."""
        seen = []
        for _ in range(60):
            await asyncio.sleep(0.05)
            seen.append((self.stack.now() - self.until).total_seconds())
        return max(seen)

    async def silent(self) -> tuple[float, datetime, datetime]:
        """Wait until the view is behind: the seconds it took, since when it says so, and what it claimed then."""
        began = self.stack.now()
        took = await lasted(lambda: self.view.behind(REGION) is not None, NOTICED_S)
        since = self.view.behind(REGION)
        assert since is not None
        await asyncio.sleep(1.5)
        assert (self.view.behind(REGION), self.until) == (since, since)
        return took, began, since

    def send(self, name: str, number: signal.Signals) -> None:
        self.stack._children[name].send(number)


async def lasted(true: Callable[[], bool], within_s: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, f"not so after {within_s} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


@pytest_asyncio.fixture
async def watch(tmp_path: Path, kafka: Kafka) -> AsyncIterator[Watch]:
    with Stack(tmp_path / "piket", kafka.bootstrap, NIGHT) as stack:
        view = View(stack.now, [REGION], 3)
        reading = asyncio.create_task(follow(view, kafka.bootstrap, [REGION], 3))
        yield Watch(stack, kafka, view)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def test_whoever_falls_silent_the_view_says_so_and_is_current_again_soon_after(
    watch: Watch, figures: list[str]
) -> None:
    stack = watch.stack
    restarts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "relay killed": (lambda: stack.kill("relay"), lambda: stack.start("relay")),
        "relay paused": (lambda: watch.send("relay", signal.SIGSTOP), lambda: watch.send("relay", signal.SIGCONT)),
        "worker killed": (lambda: stack.kill("worker"), lambda: stack.start("worker")),
        "worker paused": (lambda: watch.send("worker", signal.SIGSTOP), lambda: watch.send("worker", signal.SIGCONT)),
        "broker killed": (watch.kafka.kill, watch.kafka.restart),
    }
    await watch.current(30)
    figures.append(f"complete until {await watch.lag():.1f} s ago at the most, while nothing happens")
    async with httpx.AsyncClient(base_url=stack.url, timeout=5) as http:
        for what, (stop, start) in restarts.items():
            await lasted(lambda: (stack.now() - watch.until).total_seconds() < 2, BACK_S)
            assert (await http.get("/readyz")).status_code == 204
            await asyncio.to_thread(stop)
            took, began, since = await watch.silent()
            assert abs((began - since).total_seconds()) < 4
            assert (await http.get("/readyz")).status_code == 503
            await asyncio.to_thread(start)
            back = await watch.current(3 * BACK_S)
            figures.append(f"{what}: behind after {took:.1f} s, current {back:.1f} s after it was back")
