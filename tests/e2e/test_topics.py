"""Tests topics on a real broker: creation, the check at start, and the format of records."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord

from deploy.local.kafka import Kafka
from shared.kafka import broker, dead_letters
from shared.kafka.connection import KafkaConnection
from tests.support.in_memory_source import InMemorySource, running_relay, wait_until_sent


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@asynccontextmanager
async def reading(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def first_record(bootstrap: str, topic: str) -> ConsumerRecord[bytes, bytes]:
    async with reading(bootstrap, topic) as consumer:
        return await consumer.getone()


async def test_a_region_is_deployed_once_and_again_without_harm(bootstrap: str) -> None:
    await broker.create_topics(KafkaConnection(bootstrap), ["32"], partitions=3, replication=1)
    await broker.create_topics(KafkaConnection(bootstrap), ["32", "3271"], partitions=3, replication=1)
    await broker.check_topics(KafkaConnection(bootstrap), ["32", "3271"], partitions=3)
    assert set(await broker.topic_sizes(KafkaConnection(bootstrap))) >= {
        *broker.topics_of("32"),
        *broker.topics_of("3271"),
    }


async def test_the_broker_keeps_events_without_limit_and_the_view_compacted(bootstrap: str) -> None:
    await broker.create_topics(KafkaConnection(bootstrap), ["32"], partitions=3, replication=1)
    for topic, settings in broker.topics_of("32").items():
        async with broker.admin_client(KafkaConnection(bootstrap)) as client:
            (answer,) = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        actual = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        assert actual.items() >= settings.items()


async def test_a_start_without_topics_is_refused_in_one_sentence_and_creates_none(bootstrap: str) -> None:
    with pytest.raises(broker.MissingTopics, match=r"no topic piket\.5171\.attendance\.v1, .* Create the topics with"):
        await broker.check_topics(KafkaConnection(bootstrap), ["5171"], partitions=3)
    assert not set(await broker.topic_sizes(KafkaConnection(bootstrap))) & set(broker.topics_of("5171"))


async def test_a_topic_of_another_size_is_refused_and_left_as_it_is(bootstrap: str) -> None:
    async with broker.admin_client(KafkaConnection(bootstrap)) as client:
        await client.create_topics([NewTopic("piket.3273.roster.v1", 4, 1)])
    with pytest.raises(broker.MissingTopics, match=r"topic piket\.3273\.roster\.v1 has 4 partitions, not 3"):
        await broker.create_topics(KafkaConnection(bootstrap), ["3273"], partitions=3, replication=1)
    assert (await broker.topic_sizes(KafkaConnection(bootstrap)))["piket.3273.roster.v1"] == 4


async def test_a_check_in_is_on_its_topic_as_it_is_in_the_store(bootstrap: str, tmp_path: Path) -> None:
    await broker.create_topics(KafkaConnection(bootstrap), ["32"], partitions=3, replication=1)
    feed = InMemorySource(1)
    async with running_relay(feed.relay(bootstrap, tmp_path / "mark")):
        await wait_until_sent(tmp_path / "mark", 1)
    record = await first_record(bootstrap, "piket.32.attendance.v1")
    (stored,) = feed.stored
    assert (record.key, record.value) == (b"32/OPD-0", stored.body)
    assert record.partition == broker.partition_of("32/OPD-0", 3)
    assert dict(record.headers) == {
        "content-type": b"application/cloudevents+json",
        "ce_type": b"id.piket.attendance.checked-in.v1",
        "ce_id": str(stored.id).encode(),
    }


async def test_a_dead_letter_is_read_back_byte_for_byte(bootstrap: str) -> None:
    await broker.create_topics(KafkaConnection(bootstrap), ["32"], partitions=3, replication=1)
    broken = ConsumerRecord("piket.32.roster.v1", 2, 77, 0, 0, None, b"\xff\x00{", None, -1, 3, ())
    letter = dead_letters.dead_letter(("piket.32.roster.v1", 2), broken, "event: Invalid JSON")
    producer = broker.producer(KafkaConnection(bootstrap))
    await producer.start()
    await producer.send_and_wait("piket.32.dead-letter.v1", letter.value, letter.key, headers=letter.headers)
    await producer.stop()
    record = await first_record(bootstrap, "piket.32.dead-letter.v1")
    assert (record.value, dict(record.headers)["offset"]) == (b"\xff\x00{", b"77")
