"""Reads and changes the generation of the view in force: one record of a compacted topic that all workers follow."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date

from aiokafka import TopicPartition

from services.reporting.process.exits import exit_superseded
from shared.domain.envelope import topic
from shared.domain.facts.base import Value
from shared.kafka import broker
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.relay import log_tail

READ_TIMEOUT_MS = 10_000
POLL_MS = 500


class Generation(Value):
    """A generation of the view, built from the first event on. It has rows from `since`; earlier dates keep theirs."""

    number: int = 0
    since: date | None = None


def view_topic(deployment: str) -> str:
    """Return the name of the topic that holds the generation in force. If it is empty, the first one (0) is."""
    return f"piket-coverage-{deployment}-view"


def staging_topic(region: str, generation: int) -> str:
    """Return the name of the topic for rows of a generation that is being built and that readers do not see yet."""
    return topic(region, f"coverage-g{generation}")


def view_topic_error(sizes: Mapping[str, int], deployment: str) -> broker.MissingTopics | None:
    """Return the error if the view topic does not exist or has several partitions, else None."""
    name = view_topic(deployment)
    if name not in sizes:
        return broker.absent_topics_error([name])
    if sizes[name] != 1:
        return broker.MissingTopics(
            f"Kafka's topic {name} must have one partition. Nothing was started or changed. Delete it, run"
            " `piket topics create`, then `piket rebuild-view`."
        )
    return None


async def follow_generation(connection: KafkaConnection, deployment: str) -> AsyncGenerator[Generation, None]:
    """Yield the generation in force after each poll, until closed.

    The topic must exist, because a broker may create a topic that a client reads.
    """
    topic_partition, current = TopicPartition(view_topic(deployment), 0), Generation()
    async with log_tail.assigned_consumer(connection, [topic_partition], READ_TIMEOUT_MS) as consumer:
        await consumer.seek_to_beginning(topic_partition)
        end = (await consumer.end_offsets([topic_partition]))[topic_partition]
        while True:
            if await consumer.position(topic_partition) >= end:  # not while reading the records of older generations
                yield current
            records = await consumer.getmany(topic_partition, timeout_ms=POLL_MS)
            for record in records.get(topic_partition, ()):
                current = Generation.model_validate_json(record.value or b"{}")


async def current_generation(connection: KafkaConnection, deployment: str) -> Generation:
    """Return the generation in force; the first one (0) if the view topic does not exist."""
    if view_topic(deployment) not in await broker.topic_sizes(connection):
        return Generation()
    async with aclosing(follow_generation(connection, deployment)) as generations:
        return await anext(generations)


async def activate_generation(connection: KafkaConnection, deployment: str, generation: Generation) -> None:
    """Put a generation in force. Workers of earlier ones then end, and are started again for this one."""
    async with started(broker.producer(connection)) as producer:
        value = generation.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(view_topic(deployment), value, key=deployment.encode())


async def exit_when_superseded(connection: KafkaConnection, deployment: str, generation: int) -> None:
    """Watch the view topic; end this process as soon as a later generation is in force than the process's own."""
    async for current in follow_generation(connection, deployment):
        _exit_if_older(generation, current)


async def exit_if_superseded(connection: KafkaConnection, deployment: str, generation: int) -> None:
    """End this process if a later generation is in force now: its changelog may already be deleted."""
    async with aclosing(follow_generation(connection, deployment)) as generations:
        _exit_if_older(generation, await anext(generations))


def _exit_if_older(generation: int, current: Generation) -> None:
    if current.number > generation:
        exit_superseded(generation, current.number)
