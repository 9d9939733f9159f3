"""Upgrades a running deployment from the release before, one process after another, while clerks tap."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.kafka.broker import topic_sizes, topics_of
from shared.kafka.connection import KafkaConnection
from tests.e2e.clients import Clerks
from tests.e2e.commands import reconcile
from tests.e2e.deployment import Deployment
from tests.e2e.releases import (
    LoadBalancer,
    Release,
    RunningProcess,
    answers_ready,
    previous_release,
    run_piket,
    start,
    this_release,
)
from tests.e2e.test_kills import compare_all, open_crowded_office
from tests.support.example_facts import at
from tests.support.figures import Figures
from tests.support.office_setup import REGION, Office
from tests.support.seeds import choose_seed
from tests.support.story import MONDAY
from tests.support.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.parts

TAPS_BETWEEN = 60
CREATE_TOPICS = ("topics", "create", "--replication=1")
"""The broker of this test is alone."""
BOARD = "/"


@pytest.fixture(scope="module")
def previous() -> Release:
    return previous_release()


@pytest.fixture
def kafka(tmp_path: Path, previous: Release) -> Iterator[Kafka]:
    """Run a broker with the topics that the release before has created."""
    with Kafka(tmp_path / "kafka") as server:
        run_piket(previous, {"PIKET_KAFKA": server.bootstrap}, *CREATE_TOPICS)
        yield server


@pytest.mark.parametrize("side_by_side", [True, False])
async def test_an_upgrade_under_traffic_loses_nothing(
    tmp_path: Path, kafka: Kafka, store_url: str, previous: Release, figures: Figures, *, side_by_side: bool
) -> None:
    # Two processes at the same stores are for PostgreSQL; on SQLite the new process starts when the old one has ended.
    stack = Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY), store=store_url if side_by_side else "")
    balancer = LoadBalancer()
    running = {name: start(previous, name, stack) for name in ("app", "relay", "worker")}
    try:
        await serve(running["app"], balancer)
        async with httpx.AsyncClient(transport=balancer, base_url="http://127.0.0.1", timeout=scaled(LIMIT_S)) as http:
            deployment = Deployment(stack, kafka, Office(http, stack.issuer))
            clerks = await open_crowded_office(deployment, choose_seed(), speed=300)
            balancer.answers.clear()
            async with traffic(clerks, http):
                await create_topics(stack, kafka)
                for name in ("app", "relay", "worker"):
                    await wait_for_taps(clerks)
                    replace = replace_beside if side_by_side and name == "app" else replace_after
                    running[name] = await replace(running[name], name, stack, balancer)
                await wait_for_taps(clerks)
            assert {status for _, status in balancer.answers} <= {200, 201, 503}
            assert {path for path, status in balancer.answers if status in {200, 201}} >= {BOARD}
            await compare_all(deployment, clerks, figures)
            stack.port = running["app"].port
            assert (await reconcile(deployment))[0] == 0
    finally:
        for process in running.values():
            process.child.stop(10)


async def create_topics(stack: Stack, kafka: Kafka) -> None:
    """Let the new release create its topics: it adds those that are new and changes no other."""
    connection = KafkaConnection(kafka.bootstrap)
    before = await topic_sizes(connection)
    await asyncio.to_thread(run_piket, this_release(), stack.environment, *CREATE_TOPICS)
    after = await topic_sizes(connection)
    assert after.keys() >= topics_of(REGION).keys()
    assert before.items() <= after.items()


async def serve(app: RunningProcess, balancer: LoadBalancer) -> None:
    """Send requests to applications as soon as they answer."""
    await asyncio.to_thread(app.child.wait_until, lambda: answers_ready(app.port), 60)
    balancer.ports.append(app.port)


async def replace_beside(old: RunningProcess, name: str, stack: Stack, balancer: LoadBalancer) -> RunningProcess:
    """Start the new process, and stop the old one when the new one serves."""
    new = start(this_release(), name, stack)
    await serve(new, balancer)
    await end(old)
    balancer.ports.remove(old.port)
    return new


async def replace_after(old: RunningProcess, name: str, stack: Stack, balancer: LoadBalancer) -> RunningProcess:
    """Stop the old process, then start the new one."""
    await end(old)
    new = start(this_release(), name, stack)
    if name == "app":
        balancer.ports.remove(old.port)
        await serve(new, balancer)
    return new


async def end(process: RunningProcess) -> None:
    """Stop a process, which must end by itself."""
    await asyncio.to_thread(process.child.stop, 10)
    assert process.child.status in {0, -signal.SIGTERM}, process.child.logged().decode()[-2000:]


@asynccontextmanager
async def traffic(clerks: Clerks, http: httpx.AsyncClient) -> AsyncIterator[None]:
    """Let clerks tap and citizens read the board while the block runs; then wait until every tap is answered."""
    stop = asyncio.Event()
    tapping, reading = asyncio.create_task(clerks.tap_until_stopped(stop)), asyncio.create_task(read_board(http))
    yield
    stop.set()
    await tapping
    reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled()


async def read_board(http: httpx.AsyncClient) -> None:
    while True:
        with suppress(httpx.TransportError):
            await http.get(BOARD)
        await asyncio.sleep(0.2)


async def wait_for_taps(clerks: Clerks) -> None:
    taps = len(clerks.acknowledged)
    await wait_until(lambda: len(clerks.acknowledged) >= taps + TAPS_BETWEEN, 60, "taps after a process was replaced")
