"""Reads and writes the relay's checkpoint file, and holds the lease that allows one relay at a time to write it."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

LEASE_RETRY_S = 0.2

log = structlog.get_logger()


class Checkpoint(BaseModel):
    """How far a source was sent: all events up to `sequence` are in the topic.

    `offsets` is, per partition, the offset after the last of them.
    """

    model_config = ConfigDict(frozen=True)

    sequence: int = 0
    offsets: Mapping[int, int] = {}


def read(path: Path) -> Checkpoint:
    """Return the checkpoint of a file; the first event if the file is missing or broken, which only causes repeats."""
    try:
        return Checkpoint.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Checkpoint()
    except ValidationError:
        log.warning("The checkpoint is unreadable; all events are sent again", path=str(path))
        return Checkpoint()


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint file atomically. It is not fsynced: after a power cut an older one causes some repeats."""
    replacement = path.with_suffix(".new")
    replacement.write_text(checkpoint.model_dump_json())
    replacement.replace(path)


@asynccontextmanager
async def lease(path: Path) -> AsyncIterator[None]:
    """Hold the exclusive right to move this checkpoint; wait while another process holds it.

    The lease is a file lock, which the kernel releases however the process ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lease").open("w") as file:
        if not try_lock(file):
            log.info("Another relay holds the lease; waiting for it", path=str(path))
        while not try_lock(file):  # noqa: ASYNC110 - the release of a file lock cannot be awaited
            await asyncio.sleep(LEASE_RETRY_S)
        yield


def try_lock(file: IO[str]) -> bool:
    """Take the lock of an open file without waiting. Return True if this process holds it now."""
    with contextlib.suppress(BlockingIOError):
        # Nobody deletes a lock file: two processes could then each lock a file of the same name.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def reset(path: Path) -> bool:
    """Reset the checkpoint, so that all events are sent again at the next start (`piket republish`).

    Return False without a change while a relay runs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lease").open("w") as file:
        if not try_lock(file):
            return False
        write(path, Checkpoint())
        return True
