"""The worker as a member of its consumer group, and the lease that it writes under.

A group gives the partitions of a silent member to others. A member that was only frozen or cut off would write what it
still had in hand behind the new owner's rows, and of two rows with one key compaction keeps the later, not the higher.
So a produce request goes out only while the group cannot have given up on the worker yet, and a worker that the group
has given up on ends.
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

from services.reporting.faust_batches.fetcher import Thread
from services.reporting.process.exits import EX_SOFTWARE, end

EX_REPLACED = 3
"""The exit status of a worker whose place another one took."""
RENEWS = (0, RebalanceInProgressError.errno)
"""Answers to a heartbeat or to joining after which the group waits for the whole session timeout again."""
REFUSED = {
    InvalidSessionTimeoutError.errno: "PIKET_SESSION_TIMEOUT_S lies outside what Kafka allows (6 to 1800 s by default)",
    InvalidGroupIdError.errno: "PIKET_DEPLOYMENT makes no name of a group",
    InconsistentGroupProtocolError.errno: "its group has members of another program",
    GroupAuthorizationFailedError.errno: "Kafka does not let it into its group",
}
"""Answers to joining after which aiokafka gives up, and Faust waits for ever."""
LEASE = 0.75
"""Part of the session timeout in which a worker writes: the rest is left to what is on its way to the broker."""
LOOK_S = 0.02


class Membership:
    """What the group's coordinator answered last; `name` is the static member's, empty for a dynamic one.

    Told in the consumer's thread, asked in the worker's.
    """

    def __init__(self, session_s: float, name: str = "") -> None:
        self._name = name
        self._session_s = session_s
        self._asked = float("-inf")

    def holds(self) -> bool:
        """Whether the group cannot have given the partitions to another worker yet."""
        return monotonic() - self._asked < LEASE * self._session_s

    def follow(self, coordinator: Any) -> None:  # noqa: ANN401 - aiokafka's, without types
        """Hear what this coordinator of a group answers, and end the process when it knows the member no more."""
        send, reset = coordinator._send_req, coordinator.reset_generation  # noqa: SLF001 - pinned

        async def heard(request: Any) -> Any:  # noqa: ANN401
            asked, answer = monotonic(), await send(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest) and answer.error_code in RENEWS:
                self._asked = asked
            if isinstance(request, JoinGroupRequest) and answer.error_code in REFUSED:
                end(f"The worker ends: {REFUSED[answer.error_code]}. Nothing was read or written.", EX_SOFTWARE)
            return answer

        def forgotten() -> None:
            if not (coordinator._closing.done() or coordinator._performed_join_prepare):  # noqa: SLF001 - pinned
                self.lost()
            reset()

        coordinator._send_req, coordinator.reset_generation = heard, forgotten  # noqa: SLF001 - pinned

    def guard(self, client: Any) -> None:  # noqa: ANN401 - aiokafka's, without types
        """Hold back a producer's records, those of a retry too, until the worker is known to be a member still."""
        send = client.send

        async def under_lease(node: int, request: Any, **options: Any) -> Any:  # noqa: ANN401
            if isinstance(request, ProduceRequest):
                await client.ready(node)  # so that nothing is waited for between the last look and the wire
                while not self.holds():  # noqa: ASYNC110 - another thread is told
                    await asyncio.sleep(LOOK_S)
            return await send(node, request, **options)

        client.send = under_lease

    def lost(self) -> None:
        """End the process: the group has given its partitions away."""
        kept = "What was not durable is dropped; whoever has the partitions now reads it again."
        if self._name and monotonic() - self._asked < self._session_s:
            end(
                f"The worker ends: another one joined as {self._name}, and each PIKET_MEMBER is one worker's. {kept}",
                EX_REPLACED,
            )
        end(
            f"The worker ends: it was silent for {self._session_s} s or more, frozen or cut off, and its group has"
            f" given its partitions to others. {kept}",
            EX_SOFTWARE,
        )


class MemberThread(Thread):
    """Faust's thread of the consumer, which keeps the membership known. Its transport has a `membership`."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Start the consumer, which joins later, when it is told its topics."""
        await super().on_start()
        self.transport.membership.follow(self._consumer._coordinator)  # noqa: SLF001 - pinned
