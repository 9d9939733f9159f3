"""Runs background work beside a server for as long as it serves, and ends processes when they are asked to end."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()

_failures: list[str] = []


def has_failed() -> bool:
    """Return whether background work of this process ended by itself."""
    return bool(_failures)


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
    _failures.append(error)
    log.critical("Background work ended; stopping the process", error=error)
    # asyncio would only log an exception of a callback. SIGTERM lets uvicorn answer running requests first.
    os.kill(os.getpid(), signal.SIGTERM)


END_WITHIN_S = 9.0
"""A supervisor kills a process that has not ended ten seconds after SIGTERM."""


def end_within(seconds: float = END_WITHIN_S, status: int = os.EX_SOFTWARE) -> None:
    """End the process after this number of seconds, whatever hangs: a database that does not answer keeps threads."""

    def end() -> None:
        log.critical("The process did not end by itself; what was acknowledged is stored", seconds=seconds)
        os._exit(status)

    deadline = threading.Timer(seconds, end)
    deadline.daemon = True
    deadline.start()


async def until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of `work`; None if SIGTERM or SIGINT ended it."""
    task, signals = asyncio.ensure_future(work), list[int]()

    def stop(number: int) -> None:
        signals.append(number)
        end_within()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not signals:
            raise
        return None
