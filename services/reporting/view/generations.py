"""Which generation of the view is in force: one record of a compacted topic, which every worker follows."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date

from aiokafka import TopicPartition

from services.reporting.process.exits import superseded
from shared.domain.envelope import topic
from shared.domain.facts.base import Value
from shared.kafka import broker
from shared.relay import log_tail

PATIENCE_MS = 10_000
LOOK_MS = 500


class Generation(Value):
    """A view that was built from the first event on; dates before `since` it leaves to the one before it."""

    number: int = 0
    since: date | None = None


def view_topic(deployment: str) -> str:
    """The topic that says which generation is in force; an empty one says the first."""
    return f"piket-coverage-{deployment}-view"


def stage(region: str, generation: int) -> str:
    """The topic of the rows of a generation that is being built, beside the one that readers follow."""
    return topic(region, f"coverage-g{generation}")


def trouble(sizes: Mapping[str, int], deployment: str) -> broker.MissingTopics | None:
    """What to say when the topic that says which generation is in force is absent or has several partitions."""
    name = view_topic(deployment)
    if name not in sizes:
        return broker.absent_topics([name])
    if sizes[name] != 1:
        return broker.MissingTopics(
            f"Kafka's topic {name} must have one partition. Nothing was started or changed. Delete it, run"
            " `piket topics create`, then `piket rebuild-view`."
        )
    return None


async def follow(bootstrap: str, deployment: str) -> AsyncGenerator[Generation, None]:
    """The generation in force, again at every look, for ever. The topic must be there: to ask for it may create it."""
    place, now = TopicPartition(view_topic(deployment), 0), Generation()
    async with log_tail.reading(bootstrap, [place], PATIENCE_MS) as consumer:
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while True:
            if await consumer.position(place) >= end:
                yield now
            for record in (await consumer.getmany(place, timeout_ms=LOOK_MS)).get(place, ()):
                now = Generation.model_validate_json(record.value or b"{}")


async def in_force(bootstrap: str, deployment: str) -> Generation:
    """The generation in force; the first one also where no topic tells."""
    if view_topic(deployment) not in await broker.topic_sizes(bootstrap):
        return Generation()
    async with aclosing(follow(bootstrap, deployment)) as looks:
        return await anext(looks)


async def put_in_force(bootstrap: str, deployment: str, generation: Generation) -> None:
    """The switch: workers of an earlier generation end when they read it, and start again as this one's."""
    async with broker.producer(bootstrap) as producer:
        value = generation.model_dump_json(exclude_none=True).encode()
        await producer.send_and_wait(view_topic(deployment), value, key=deployment.encode())


async def serve(bootstrap: str, deployment: str, own: int) -> None:
    """End this process when a later generation is in force: the one that is started after it is of that one."""
    async for now in follow(bootstrap, deployment):
        _check(own, now)


async def check(bootstrap: str, deployment: str, own: int) -> None:
    """End this process when a later generation is in force at this moment: then the changelog may be gone already."""
    async with aclosing(follow(bootstrap, deployment)) as looks:
        _check(own, await anext(looks))


def _check(own: int, now: Generation) -> None:
    if now.number > own:
        superseded(own, now.number)
