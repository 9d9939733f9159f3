"""Stores a checkpoint in a file, for a store on SQLite, whose file is on the same computer."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import structlog
from pydantic import ValidationError

from shared.relay.checkpoints.checkpoint import Checkpoint, LeaseState, outage_log

LEASE_RETRY_S = 0.2

log = structlog.get_logger()


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


class FileLease:
    """The lease of a checkpoint file: a file lock, which the kernel releases however the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint file."""
        write(self._path, checkpoint)

    async def wait_until_lost(self) -> None:
        """Wait without end: a process never loses a file lock."""
        await asyncio.Event().wait()


class FileCheckpoints:
    """A checkpoint in a file; the lock file of its lease is beside it."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock_file = path, path.with_suffix(".lease")
        self.lease_name = str(self._lock_file)
        self.outage = outage_log(lease=self.lease_name)

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[FileLease]:
        """Hold the lease; wait while another process holds it."""
        with self._open_lock_file() as file:
            if not try_lock(file):
                log.info("Another relay holds the lease; waiting for it", path=str(self._path))
            while not try_lock(file):  # noqa: ASYNC110 - the release of a file lock cannot be awaited
                await asyncio.sleep(LEASE_RETRY_S)
            yield FileLease(self._path)

    async def read(self) -> Checkpoint:
        """Return the checkpoint of the file."""
        return read(self._path)

    async def reset(self) -> bool:
        """Reset the checkpoint. Return False without a change while a relay runs."""
        with self._open_lock_file() as file:
            if not try_lock(file):
                return False
            write(self._path, Checkpoint())
            return True

    async def lease_state(self) -> LeaseState:
        """Return the state of the lease. Taking a free one for an instant makes a starting relay wait 0.2 s."""
        try:
            with self._lock_file.open() as file:
                return LeaseState.FREE if try_lock(file) else LeaseState.HELD
        except FileNotFoundError:
            return LeaseState.ABSENT

    def _open_lock_file(self) -> IO[str]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._lock_file.open("w")


def try_lock(file: IO[str]) -> bool:
    """Take the lock of an open file without waiting. Return True if this process holds it now."""
    with contextlib.suppress(BlockingIOError):
        # Nobody deletes a lock file: two processes could then each lock a file of the same name.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
