"""Watches the worker's consumer group membership, and lets it write only under a lease that the group renews.

A consumer group gives the partitions of a silent member to others. A member that was only frozen or cut off would then
write its pending rows after the rows of the new owner, and log compaction keeps the last record of a key, not the
newest row. So a produce request is sent only while the group cannot have expelled the worker yet, and a worker that
was expelled ends.
"""

import asyncio
from time import monotonic
from typing import Any

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InconsistentGroupProtocolError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    RebalanceInProgressError,
)
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from services.reporting.faust_batches.fetcher import LeanConsumerThread
from services.reporting.process.exits import EX_REPLACED, EX_SOFTWARE, exit_now

LEASE_RENEWING_CODES = (0, RebalanceInProgressError.errno)
"""Error codes of a heartbeat or sync answer after which the group waits for a full session timeout again."""
JOIN_REFUSALS = {
    InvalidSessionTimeoutError.errno: (
        "PIKET_SESSION_TIMEOUT_S is outside the range that Kafka allows (6 to 1800 s by default)"
    ),
    InvalidGroupIdError.errno: "PIKET_DEPLOYMENT does not give a valid group name",
    InconsistentGroupProtocolError.errno: "its group has members of another program",
    GroupAuthorizationFailedError.errno: "Kafka does not let it join its group",
}
"""By error code of a join answer: why the worker ends. aiokafka gives up after them, and Faust would wait endlessly."""
LEASE_FRACTION = 0.75
"""Part of the session timeout in which a worker writes. The rest is for requests that are still on the network."""
LEASE_CHECK_S = 0.02


class Membership:
    """The lease of a member of a consumer group. `name` is the static member's name, or empty for a dynamic member.

    The consumer's thread renews the lease, and the worker's thread reads it.
    """

    def __init__(self, session_s: float, name: str = "") -> None:
        self._name = name
        self._session_s = session_s
        self._renewed_at = float("-inf")

    def has_lease(self) -> bool:
        """Return whether it is certain that the group has not given the partitions to another worker yet."""
        return monotonic() - self._renewed_at < LEASE_FRACTION * self._session_s

    def watch(self, coordinator: Any) -> None:  # noqa: ANN401 - aiokafka's, without types
        """Renew the lease by the coordinator's answers; end the process when the group refuses or expels the member."""
        send, reset = coordinator._send_req, coordinator.reset_generation  # noqa: SLF001 - pinned

        async def send_and_renew(request: Any) -> Any:  # noqa: ANN401
            # The time before the request, not after the answer: the group counts from a moment in between.
            sent_at, answer = monotonic(), await send(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest) and answer.error_code in LEASE_RENEWING_CODES:
                self._renewed_at = sent_at
            if isinstance(request, JoinGroupRequest) and answer.error_code in JOIN_REFUSALS:
                refusal = JOIN_REFUSALS[answer.error_code]
                exit_now(f"The worker ends: {refusal}. Nothing was read or written.", EX_SOFTWARE)
            return answer

        def reset_or_exit() -> None:
            # aiokafka also resets when it leaves, and when it joins without partitions: then nothing can be lost.
            if not (coordinator._closing.done() or coordinator._performed_join_prepare):  # noqa: SLF001 - pinned
                self.exit_expelled()
            reset()

        coordinator._send_req, coordinator.reset_generation = send_and_renew, reset_or_exit  # noqa: SLF001 - pinned

    def enforce_lease(self, client: Any) -> None:  # noqa: ANN401 - aiokafka's, without types
        """Make a producer's client delay each produce request, also a retry, until the worker has the lease."""
        send = client.send

        async def send_under_lease(node: int, request: Any, **options: Any) -> Any:  # noqa: ANN401
            if isinstance(request, ProduceRequest):
                await client.ready(node)  # so that nothing is awaited between the last check and the network
                while not self.has_lease():  # noqa: ASYNC110 - another thread renews it
                    await asyncio.sleep(LEASE_CHECK_S)
            return await send(node, request, **options)

        client.send = send_under_lease

    def exit_expelled(self) -> None:
        """End the process: the group has given its partitions to others, or its static name to another worker."""
        consequence = "What was not durable is dropped; the worker that has the partitions now reads it again."
        if self._name and monotonic() - self._renewed_at < self._session_s:
            exit_now(
                f"The worker ends: another one joined as {self._name}, and a PIKET_MEMBER may be used by one worker"
                f" only. {consequence}",
                EX_REPLACED,
            )
        exit_now(
            f"The worker ends: it was silent for {self._session_s} s or more, frozen or cut off, and its group has"
            f" given its partitions to others. {consequence}",
            EX_SOFTWARE,
        )


class MembershipThread(LeanConsumerThread):
    """The consumer's thread, which connects the transport's `membership` to the group's coordinator."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Start the consumer. It joins the group later, when Faust subscribes to its topics."""
        await super().on_start()
        self.transport.membership.watch(self._consumer._coordinator)  # noqa: SLF001 - pinned
