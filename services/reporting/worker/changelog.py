"""Names, creates and writes the changelog: a compacted topic with one record per fact, partitioned like its sources.

Records are written in whole record batches: some 4 µs each, where a write to a Faust table takes 400 µs. They are read
back by `ChangelogTable`.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.view.generations import view_topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection

TABLE_NAME = "facts"
COMPRESSION = "snappy"
"""Its cost is not measurable when facts are written, and a recovery takes 0.6 of the time."""
COMPACTED: Mapping[str, str] = {"cleanup.policy": "compact"}
"""Settings of the changelog and of the view topic. There is no retention: facts leave it by nulls only."""


def app_id(deployment: str, generation: int = 0) -> str:
    """Return the name of the Faust app: also its consumer group, and the start of its changelog's name."""
    return f"piket-coverage-{deployment}" + (f"-g{generation}" if generation else "")


def changelog_topic(deployment: str, generation: int = 0) -> str:
    """Return the name that Faust gives to the changelog of the table of facts."""
    return f"{app_id(deployment, generation)}-{TABLE_NAME}-changelog"


def topic_partitions(deployment: str, partitions: int, generation: int = 0) -> Mapping[str, int]:
    """Return the number of partitions of the changelog of a view's generation, and of the view topic."""
    # The view topic has one partition, so that its last record is the generation in force.
    return {changelog_topic(deployment, generation): partitions, view_topic(deployment): 1}


async def create_changelog(
    connection: KafkaConnection, deployment: str, partitions: int, replication: int, generation: int = 0
) -> None:
    """Create the changelog of a view's generation, and the topic that names the generation in force.

    A topic that already exists is left as it is.
    """
    sizes = topic_partitions(deployment, partitions, generation)
    topics = [NewTopic(name, size, replication, topic_configs=dict(COMPACTED)) for name, size in sizes.items()]
    await broker.ensure_topics(connection, topics)


async def send_records(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[ChangelogRecord]
) -> Sequence[Awaitable[Any]]:
    """Send the records of one partition. Return what the caller must await until the broker has them."""
    return [
        await producer.send_batch(batch, topic, partition=partition) for batch in _record_batches(producer, records)
    ]


def _record_batches(producer: AIOKafkaProducer, records: Sequence[ChangelogRecord]) -> Iterator[Any]:
    batch = producer.create_batch()
    for key, value in records:
        if batch.append(key=key, value=value, timestamp=None) is None:  # the batch is full
            yield batch
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    yield batch
