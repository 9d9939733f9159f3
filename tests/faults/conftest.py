"""One real broker per file, and an empty attendance topic per test."""

from collections.abc import Iterator

import pytest

from deploy.local.kafka import Kafka
from shared import kafka
from tests.feeds import TOPIC, create, delete


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
