"""Provides real databases and the figures that tests measure to all tests."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from deploy.local.deadlines import scaled
from deploy.local.postgresql import Postgresql
from deploy.local.server_process import PORTS_VARIABLE, port_range
from shared.event_store.store import Store
from shared.tracing import spans
from tests.support.figures import MEASURED, Figures
from tests.support.stores import StoreUsers
from tests.support.traces import Traces

structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])

settings.register_profile("piket", deadline=None)  # no test asserts how fast a machine is
settings.load_profile("piket")

TEST_PROCESS, TEST_PROCESSES = (
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")),
    int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
)
# Each test process gives ports of its own range, as do the processes that its tests start.
PORTS = len(port_range()) // TEST_PROCESSES
PORTS_START = port_range().start + TEST_PROCESS * PORTS
os.environ[PORTS_VARIABLE] = f"{PORTS_START}-{PORTS_START + PORTS - 1}"

HUNG_AFTER_S = 300
FIRST_FILES = {("e2e", "test_morning.py"), ("e2e", "test_silence.py"), ("browser", "test_silence.py")}
"""The morning computes for a minute, and the tests of silence wait: together they are the best use of two cores."""


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    return Figures(record_property)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [str(value) for report in reports for name, value in report.user_properties if name == MEASURED]
    if lines:
        terminalreporter.section(MEASURED)
        terminalreporter.write_line("\n".join(lines))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test without a time limit the usual one, and let the files of `FIRST_FILES` run side by side."""
    items.sort(key=lambda item: item.path.parts[-2:] not in FIRST_FILES)
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(scaled(HUNG_AFTER_S)))


def pytest_collection_finish() -> None:
    """Make the garbage collector skip what was imported, and run rarely: it took a seventh of the processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    """Switch tracing on in this process, for one test."""
    recorded = Traces()
    monkeypatch.setattr(spans, "provider", recorded.provider)
    return recorded


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgresql]:
    with Postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.parts)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/store.db"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.create_database(f"test_{uuid4().hex}")


@pytest_asyncio.fixture
async def office(database_url: str) -> AsyncIterator[StoreUsers]:
    async with StoreUsers(database_url) as office:
        yield office


@pytest_asyncio.fixture
async def store(office: StoreUsers) -> Store[int]:
    return await office.store()
