"""Provides deployments of real processes on real Kafka, with stores on SQLite or PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.postgresql import Postgresql
from deploy.operations.sources import SERVICES_WITH_STORE
from deploy.operations.topics import create_topics
from shared.settings import Settings
from tests.e2e.deployment import Deployment
from tests.support.example_facts import at
from tests.support.office_setup import Office
from tests.support.story import MONDAY
from tests.support.waiting import LIMIT_S


@contextmanager
def broker_with_topics(folder: Path) -> Iterator[Kafka]:
    """Run a broker with the topics of region 32."""
    with Kafka(folder / "kafka") as server:
        asyncio.run(create_topics(Settings(kafka=server.bootstrap), replication=1))
        yield server


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    with broker_with_topics(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def module_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Provide one broker to all tests of a file, which must leave it as they found it."""
    with broker_with_topics(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def store_url(postgresql: Postgresql) -> str:
    """Create a PostgreSQL database per service, and return the address with `{service}`."""
    name = f"e2e_{uuid4().hex[:8]}"
    urls = {postgresql.create_database(f"{name}_{service}") for service in SERVICES_WITH_STORE}
    return urls.pop().rsplit("_", 1)[0] + "_{service}"


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, kafka: Kafka, store_url: str) -> AsyncIterator[Deployment]:
    with Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY), store=store_url) as stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            yield Deployment(stack, kafka, Office(http, stack.issuer))


@pytest_asyncio.fixture
async def sqlite_deployment(tmp_path: Path, kafka: Kafka) -> AsyncIterator[Deployment]:
    """Run a deployment on SQLite whose ended processes are restarted."""
    with Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            deployment = Deployment(stack, kafka, Office(http, stack.issuer))
            async with deployment.supervision():
                yield deployment
