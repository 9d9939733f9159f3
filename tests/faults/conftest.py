"""One real broker per file; an empty attendance topic, or a region of its own, per test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import create_changelog
from shared.kafka import broker as kafka
from tests.faults.send_events import Wire
from tests.faults.worker_site import PARTITIONS, Site
from tests.support.in_memory_source import TOPIC, create, delete

REGIONS = iter(range(32, 99))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as one:
        yield one


@pytest.fixture
async def bootstrap(broker: Kafka) -> str:
    """A broker with an empty topic."""
    if TOPIC in await kafka.topic_sizes(broker.bootstrap):
        await delete(broker.bootstrap)
    await create(broker.bootstrap)
    return broker.bootstrap


@pytest.fixture
async def site(broker: Kafka, tmp_path: Path) -> AsyncIterator[Site]:
    """A region whose topics are empty, and its workers."""
    region = str(next(REGIONS))
    await kafka.create_topics(broker.bootstrap, [region], PARTITIONS, 1)
    await create_changelog(broker.bootstrap, f"d{region}", PARTITIONS, 1)
    async with kafka.producer(broker.bootstrap) as producer:
        site = Site(broker, region, tmp_path, Wire(region, producer))
        yield site
    for worker in site.started:
        worker.kill()
