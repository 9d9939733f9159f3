"""How far a source has been sent: a small file that is replaced whole, and the lease to write it."""

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


class Mark(BaseModel):
    """Every event up to `sequence` is in the log; `offsets` is, per partition, the offset after the last of them."""

    model_config = ConfigDict(frozen=True)

    sequence: int = 0
    offsets: Mapping[int, int] = {}


def read(path: Path) -> Mark:
    """The mark in a file. A lost or broken one begins again at the first event: that only repeats."""
    try:
        return Mark.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Mark()
    except ValidationError:
        log.warning("The mark is unreadable: everything is sent once more", path=str(path))
        return Mark()


def write(path: Path, mark: Mark) -> None:
    """Replace the mark whole. Not fsynced: after a power cut an older mark repeats a little."""
    new = path.with_suffix(".new")
    new.write_text(mark.model_dump_json())
    new.replace(path)


@asynccontextmanager
async def lease(path: Path) -> AsyncIterator[None]:
    """Be the only one who moves this mark, waiting for a holder that is there. The kernel frees it at any end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lease").open("w") as file:
        if not taken(file):
            log.info("Another relay holds the lease: waiting to take over", path=str(path))
        while not taken(file):  # noqa: ASYNC110 - nobody is told when a file lock is freed
            await asyncio.sleep(LEASE_RETRY_S)
        yield


def taken(file: IO[str]) -> bool:
    """Whether the lock of a file could be taken, or is held already by this process."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def forget(path: Path) -> bool:
    """Send everything once more at the next start (`piket republish`). False, and nothing done, while a relay runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lease").open("w") as file:
        if not taken(file):
            return False
        write(path, Mark())
        return True
