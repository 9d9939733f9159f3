"""Work that runs beside a server for as long as it serves."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def alongside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` until the block ends. If it ends by itself the process ends: a deaf server serves nobody."""
    task = asyncio.create_task(work)
    task.add_done_callback(_end_process)
    try:
        yield
    finally:
        task.remove_done_callback(_end_process)
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


def _end_process(task: asyncio.Task[None]) -> None:
    error = "cancelled" if task.cancelled() else repr(task.exception())
    log.critical("Work beside the server ended; the process ends with it", error=error)
    os.kill(os.getpid(), signal.SIGTERM)
