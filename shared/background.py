"""Runs background work beside a server for as long as it serves."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` until the block ends. If it ends earlier, end the process: its answers would be outdated."""
    task = asyncio.create_task(work)
    task.add_done_callback(_end_process)
    try:
        yield
    finally:
        # Before the cancellation, or the callback would end a process that is shutting down already.
        task.remove_done_callback(_end_process)
        task.cancel()
        # An earlier error of the work was logged by `_end_process`.
        with suppress(asyncio.CancelledError, Exception):
            await task


def _end_process(task: asyncio.Task[None]) -> None:
    error = "cancelled" if task.cancelled() else repr(task.exception())
    log.critical("Background work ended; stopping the process", error=error)
    # asyncio would only log an exception of a callback. SIGTERM lets uvicorn answer running requests first.
    os.kill(os.getpid(), signal.SIGTERM)
