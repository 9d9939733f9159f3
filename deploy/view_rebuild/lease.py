"""Ensures that only one rebuild runs per deployment, from any folder or host.

The lease is the membership of a Kafka consumer group that has no other member.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from time import monotonic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from services.reporting.view.generations import view_topic, view_topic_error
from services.reporting.worker.changelog import app_id
from shared.kafka import broker
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection, connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.settings import Settings

SESSION_TIMEOUT_S, HEARTBEAT_S = 6.0, 1.0
"""A rebuild without a heartbeat for this time counts as ended; interval between two heartbeats."""
MAX_POLL_INTERVAL_MS = 2**31 - 1
ALREADY_RUNNING = "Another rebuild of this deployment is running. Nothing was changed; wait until it ends."
LEASE_LOST = (
    f"This rebuild was paused or disconnected from Kafka for {SESSION_TIMEOUT_S:.0f} s, or another one started at the"
    " same time. It stops here; run it again when no other rebuild is running, which also completes what this one left."
)


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Held from the first partition assignment until this is revoked; a lost lease is never held again."""

    def __init__(self) -> None:
        self._held = self._lost = False

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Mark the lease as held if partitions were assigned: otherwise another member has them."""
        self._held = bool(assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Mark the lease as lost: another member joined, or this one sent no heartbeat for too long."""
        self._lost = self._lost or bool(revoked)

    def check(self) -> None:
        """Raise `UnsafeToContinue` if another rebuild may be running."""
        if self._lost:
            raise UnsafeToContinue(LEASE_LOST)
        if not self._held:
            raise UnsafeToContinue(ALREADY_RUNNING)

    async def confirm(self) -> None:
        """Wait for one heartbeat, then `check`: after a pause, its answer shows that the lease is lost."""
        await asyncio.sleep(HEARTBEAT_S)
        self.check()


@asynccontextmanager
async def exclusive_lease(settings: Settings) -> AsyncIterator[Lease]:
    """Hold the lease of a deployment inside the block. Raise `UnsafeToContinue` if it is taken."""
    connection = connection_of(settings)
    if error := view_topic_error(await broker.topic_sizes(connection), settings.deployment):
        raise error
    group, lease = f"{app_id(settings.deployment)}-rebuild", Lease()
    # Before this consumer joins: a second member would revoke the lease of a rebuild that is running.
    await _wait_until_empty(connection, group)
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=int(SESSION_TIMEOUT_S * 1000),
        heartbeat_interval_ms=int(HEARTBEAT_S * 1000),
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,  # this consumer never polls, so it must not be removed for it
    )
    consumer.subscribe([view_topic(settings.deployment)], listener=lease)
    async with started(consumer):
        lease.check()
        yield lease


async def _wait_until_empty(connection: KafkaConnection, group: str) -> None:
    """Wait until a group is empty. Raise `UnsafeToContinue` if its member is still alive after a session timeout."""
    deadline = monotonic() + SESSION_TIMEOUT_S + 2 * HEARTBEAT_S
    async with broker.admin_client(connection) as client:
        while await _members(client, group):
            if monotonic() > deadline:
                raise UnsafeToContinue(ALREADY_RUNNING)
            await asyncio.sleep(HEARTBEAT_S / 4)


async def _members(client: AIOKafkaAdminClient, group: str) -> int:
    try:
        (answer,) = await client.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:  # a new broker is still creating the topic for its first group
        return 0
    (_, _, _, _, _, members, *_), *_ = answer.groups
    return len(members)
