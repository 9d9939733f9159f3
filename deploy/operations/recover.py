"""Adds to a store that was restored from an older copy the events that only the log still holds."""

from deploy.operations.sources import committed_events
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection, connection_of
from shared.relay import log_tail
from shared.settings import Settings


async def recover(settings: Settings, service: str, region: str) -> int:
    """Append the events of the log after the last stored one, and return their number. Raise `Diverged`."""
    store = committed_events(settings, service)
    await store.open()
    head = await store.head(region)
    bodies = await events_after(connection_of(settings), topic(region, service), head)
    await store.restore(region, [bodies[sequence] for sequence in sorted(bodies)])
    return len(bodies)


async def events_after(connection: KafkaConnection, topic_name: str, sequence: int) -> dict[int, bytes]:
    """Return the events of a topic after a sequence, by sequence. Repeated records are counted once."""
    if topic_name not in await broker.topic_sizes(connection):
        raise broker.absent_topics_error([topic_name])
    bodies = [record.value or b"" async for record in log_tail.read_all_records(connection, [topic_name])]
    return {number: body for body in bodies if (number := log_tail.sequence_of(body)) > sequence}
