"""Chooses where the checkpoints of a service are stored: with its events on PostgreSQL, else in files."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from shared.relay.checkpoints.checkpoint import CheckpointStore
from shared.relay.checkpoints.files import FileCheckpoints
from shared.relay.checkpoints.tables import SessionSource, TableCheckpoints
from shared.settings import Settings

CheckpointsOf = Callable[[str], CheckpointStore]
"""Returns the checkpoint store of a region."""


def checkpoint_file(settings: Settings, service: str, region: str) -> Path:
    """Return the file in which a relay stores its checkpoint, if the store is on SQLite."""
    return settings.folder / "relay" / f"{service}-{region}.json"


@asynccontextmanager
async def open_checkpoints(settings: Settings, service: str) -> AsyncIterator[CheckpointsOf]:
    """Provide the checkpoint store of each region of a service; all share one connection, which the end closes."""
    url = settings.store_url(service)
    if url.startswith("sqlite"):
        yield lambda region: FileCheckpoints(checkpoint_file(settings, service, region))
        return
    sessions = SessionSource(url, service)
    try:
        yield lambda region: TableCheckpoints(sessions, service, region, checkpoint_file(settings, service, region))
    finally:
        await sessions.close()
