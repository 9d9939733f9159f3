"""Real parts that several tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from deploy.local.postgresql import Postgresql
from shared.event_store.store import Store
from tests.support.stores import StoreUsers

structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])

settings.register_profile("piket", deadline=None)  # no test asserts how fast a machine is
settings.load_profile("piket")

FIGURES: list[str] = []


@pytest.fixture
def figures() -> list[str]:
    """What a test has measured: shown before pytest's own summary, never asserted."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(FIGURES))


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
