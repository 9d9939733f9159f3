"""Tests that the view reports since when it is incomplete if a process stops at night, when nobody taps."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.rows import CoverageView
from tests.support.example_facts import at
from tests.support.figures import Figures
from tests.support.office_setup import REGION
from tests.support.readiness import view_state
from tests.support.waiting import LIMIT_S, read_until, wait_until

pytestmark = [pytest.mark.parts, pytest.mark.asyncio(loop_scope="module")]

NIGHT = at("02:00")
BEHIND_WITHIN_S = 20
"""The promise, on a quiet machine: on a loaded one the processes get no time to keep it, so it scales."""


class NightDeployment(NamedTuple):
    """A deployment at night without taps, and its view."""

    stack: Stack
    kafka: Kafka
    view: CoverageView

    @property
    def until(self) -> datetime:
        return self.view.current_until(REGION)

    def lag(self) -> float:
        """Return the seconds since the instant until which the view is complete."""
        return (self.stack.now() - self.until).total_seconds()

    async def wait_until_current(self) -> float:
        """Wait until the view is current; restart ended processes meanwhile. Return the seconds it took."""
        return await wait_until(lambda: not self.stack.restart_ended() and self.view.behind_since(REGION) is None)

    async def max_lag(self) -> float:
        """Return the maximum lag of the view during one second, in which every relay sends two heartbeats."""
        lags = []
        for _ in range(20):
            await asyncio.sleep(0.05)  # the interval of the samples
            lags.append(self.lag())
        return max(lags)

    async def wait_until_behind(self) -> tuple[float, datetime, datetime]:
        """Wait until the view is behind; return the seconds, the start of the wait, and since when it is behind."""
        started_at = self.stack.now()
        seconds = await wait_until(lambda: self.view.behind_since(REGION), BEHIND_WITHIN_S)
        since = self.view.behind_since(REGION)
        assert since is not None
        await asyncio.sleep(1.5)  # nothing changes it in this time
        assert (self.view.behind_since(REGION), self.until) == (since, since)
        return seconds, started_at, since

    def pause(self, name: str) -> None:
        self.stack._children[name].pause()

    def resume(self, name: str) -> None:
        self.stack._children[name].resume()


Action = Callable[[NightDeployment], None]
FAULTS: Mapping[str, tuple[Action, Action]] = {
    "relay killed": (lambda watch: watch.stack.kill("relay"), lambda watch: watch.stack.start("relay")),
    "relay paused": (lambda watch: watch.pause("relay"), lambda watch: watch.resume("relay")),
    "worker killed": (lambda watch: watch.stack.kill("worker"), lambda watch: watch.stack.start("worker")),
    "worker paused": (lambda watch: watch.pause("worker"), lambda watch: watch.resume("worker")),
    "broker killed": (lambda watch: watch.kafka.kill(), lambda watch: watch.kafka.restart()),
}
"""How each part falls silent, and how it is brought back."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def watch(tmp_path_factory: pytest.TempPathFactory, module_kafka: Kafka) -> AsyncIterator[NightDeployment]:
    """Provide one deployment to all tests: each ends when the view is current again."""
    with Stack(tmp_path_factory.mktemp("piket"), module_kafka.bootstrap, NIGHT) as stack:
        view = CoverageView(stack.now, [REGION], 3)
        reading = asyncio.create_task(follow_coverage(view, module_kafka.connection, [REGION], 3))
        yield NightDeployment(stack, module_kafka, view)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


@pytest.mark.parametrize("fault", FAULTS)
async def test_when_a_process_stops_reporting_the_view_shows_it_and_is_current_again_soon_after(
    fault: str, watch: NightDeployment, figures: Figures
) -> None:
    stop, start = FAULTS[fault]
    await watch.wait_until_current()
    lag = await watch.max_lag()
    async with httpx.AsyncClient(base_url=watch.stack.url, timeout=scaled(LIMIT_S)) as http:
        state = partial(view_state, http)
        await wait_until(lambda: watch.lag() < 2)
        assert await read_until(state, "is current".__eq__) == "is current"
        await asyncio.to_thread(stop, watch)
        seconds, started_at, since = await watch.wait_until_behind()
        assert abs((started_at - since).total_seconds()) < scaled(4)
        assert await read_until(state, "is behind".__eq__, seconds=5) == "is behind"
        await asyncio.to_thread(start, watch)
        current_after = await watch.wait_until_current()
    figures.append(
        f"complete until {lag:.1f} s ago at the most; {fault}: behind after {seconds:.1f} s,"
        f" current {current_after:.1f} s after its return"
    )
