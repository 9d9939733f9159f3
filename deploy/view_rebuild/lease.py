"""The lease of a rebuild: membership of a consumer group that has no other member, from whatever folder or host."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from time import monotonic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from services.reporting.view.generations import trouble, view_topic
from services.reporting.worker.changelog import app_id
from shared.kafka import broker
from shared.settings import Settings

SESSION_S, BEAT_S = 6.0, 1.0
"""So long after its last sign of life a rebuild counts as ended, and between two signs."""
NEVER_MS = 2**31 - 1
OTHER = "Another rebuild is at work on this deployment. Nothing was changed; wait until it ends."
CUT_OFF = (
    f"This rebuild was frozen or cut off from Kafka for {SESSION_S:.0f} s, or another one came at the same moment. It"
    " changes nothing more; run it again when no other is at work, which also ends what this one left."
)


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Held from the first assignment on until it is revoked, and never again."""

    def __init__(self) -> None:
        self._given = self._lost = False

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Nobody else was in the group, or somebody was faster."""
        self._given = bool(assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Somebody else joined, or this one was silent for too long."""
        self._lost = self._lost or bool(revoked)

    def check(self) -> None:
        """Raise `Refused` when another rebuild may be at work."""
        if self._lost:
            raise broker.Refused(CUT_OFF)
        if not self._given:
            raise broker.Refused(OTHER)

    async def sure(self) -> None:
        """`check`, also after a freeze: the sign of life that is overdue then is answered meanwhile."""
        await asyncio.sleep(BEAT_S)
        self.check()


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[Lease]:
    """Be the only rebuild of a deployment. Raises `Refused`; one that was killed is waited for."""
    if wrong := trouble(await broker.topic_sizes(settings.kafka), settings.deployment):
        raise wrong
    group, lease = f"{app_id(settings.deployment)}-rebuild", Lease()
    await _ended(settings.kafka, group)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=int(SESSION_S * 1000),
        heartbeat_interval_ms=int(BEAT_S * 1000),
        max_poll_interval_ms=NEVER_MS,
    )
    consumer.subscribe([view_topic(settings.deployment)], listener=lease)
    try:
        await consumer.start()
        lease.check()
        yield lease
    finally:
        await broker.stop(consumer)


async def _ended(bootstrap: str, group: str) -> None:
    """Return when nobody is in a group. Raises `Refused` after so long that whoever is there gives signs of life."""
    deadline = monotonic() + SESSION_S + 2 * BEAT_S
    async with broker.admin(bootstrap) as client:
        while await _members(client, group):
            if monotonic() > deadline:
                raise broker.Refused(OTHER)
            await asyncio.sleep(BEAT_S / 4)


async def _members(client: AIOKafkaAdminClient, group: str) -> int:
    try:
        (answer,) = await client.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:  # the first group of a new broker is still being made room for
        return 0
    (_, _, _, _, _, members, *_), *_ = answer.groups
    return len(members)
