"""Provides one real broker per file, and an empty attendance topic or a new region per test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from services.reporting.worker.changelog import create_changelog
from shared.kafka import broker as kafka
from shared.kafka.connection import KafkaConnection
from tests.faults.send_events import EventSender
from tests.faults.worker_site import PARTITIONS, WorkerSite
from tests.support.in_memory_source import TOPIC, create_topics, delete_topic
from tests.support.seeds import choose_seed

REGIONS = iter(range(32, 99))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture
async def bootstrap(broker: Kafka) -> str:
    """Return the address of a broker with an empty topic."""
    if TOPIC in await kafka.topic_sizes(KafkaConnection(broker.bootstrap)):
        await delete_topic(broker.bootstrap)
    await create_topics(broker.bootstrap)
    return broker.bootstrap


@pytest.fixture
async def site(broker: Kafka, tmp_path: Path) -> AsyncIterator[WorkerSite]:
    """Provide a region with empty topics, and kill its workers at the end."""
    region = str(next(REGIONS))
    await kafka.create_topics(KafkaConnection(broker.bootstrap), [region], PARTITIONS, 1)
    await create_changelog(KafkaConnection(broker.bootstrap), f"d{region}", PARTITIONS, 1)
    seed = choose_seed()
    async with kafka.producer(KafkaConnection(broker.bootstrap)) as producer:
        site = WorkerSite(broker, region, tmp_path, EventSender(region, producer, seed), seed)
        yield site
    for worker in site.started:
        worker.kill()
