"""Declares the checkpoint of a relay, and what a relay needs of the place that stores it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from shared.outage_log import OutageLog


def outage_log(**fields: object) -> OutageLog:
    """Return the log of the outages of one place of checkpoints."""
    waiting = "Without its database no relay sends: its lease is there. It is tried again; the events remain stored"
    return OutageLog(waiting, "The database of the relays answers again", **fields)


class Checkpoint(BaseModel):
    """How far a source was sent: all events up to `sequence` are in the topic.

    `offsets` is, per partition, the offset after the last of them.
    """

    model_config = ConfigDict(frozen=True)

    sequence: int = 0
    offsets: Mapping[int, int] = {}


class LeaseLost(Exception):
    """Another relay may send the source now. What was sent already is only sent again."""


class LeaseState(Enum):
    """Whether a process holds a lease; ABSENT: no relay has ever taken it."""

    HELD = auto()
    FREE = auto()
    ABSENT = auto()


class RelayLease(Protocol):
    """The exclusive right to send a source and to move its checkpoint."""

    async def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint. Raise `LeaseLost`."""

    async def wait_until_lost(self) -> None:
        """Return when another process may take the lease."""


class CheckpointStore(Protocol):
    """The place of the checkpoint of one source. `lease_name` names its lease in messages.

    `outage` logs that the place does not answer; the sources of one database share it.
    """

    lease_name: str
    outage: OutageLog

    def lease(self) -> AbstractAsyncContextManager[RelayLease]:
        """Hold the lease in a block; wait while another process holds it. Raises `Unavailable`."""

    async def read(self) -> Checkpoint:
        """Return the checkpoint, or that before the first event, which only causes repeats. Raises `Unavailable`."""

    async def reset(self) -> bool:
        """Reset the checkpoint, so that all events are sent again at the next start (`piket republish`).

        Return False without a change while a relay runs. Raises `Unavailable`.
        """

    async def lease_state(self) -> LeaseState:
        """Return whether a relay holds the lease. Raises `Unavailable`."""
