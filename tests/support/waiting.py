"""Waits until conditions are met. Limits hold for a quiet machine and scale with `PIKET_DEADLINE_FACTOR`."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deploy.local.deadlines import scaled

T = TypeVar("T")

LIMIT_S = 30.0
"""Guards against hanging. It is long, because a condition that is met early costs nothing."""
POLL_S = 0.02

Condition = Callable[[], object]
"""Returns a true value when the condition is met, or an awaitable of it."""
Description = str | Callable[[], str]
"""Names the condition in the error; a function is called when the wait has failed, e.g. to read a log."""


async def wait_until(
    condition: Condition, seconds: float = LIMIT_S, what: Description = "the condition", every: float = POLL_S
) -> float:
    """Wait until the condition is met and return the seconds it took. Fail after `seconds`, scaled."""
    started_at = time.monotonic()

    async def evaluate() -> object:
        result = condition()
        return await result if inspect.isawaitable(result) else result

    if not await read_until(evaluate, bool, seconds, every):
        raise _not_met(what, seconds)
    return time.monotonic() - started_at


async def read_until(
    read: Callable[[], Awaitable[T]], accept: Callable[[T], bool], seconds: float = LIMIT_S, every: float = POLL_S
) -> T:
    """Read until a value is accepted, at most `seconds`, scaled. Return the last value, accepted or not."""
    deadline = time.monotonic() + scaled(seconds)
    value = await read()
    while not accept(value) and time.monotonic() < deadline:
        await asyncio.sleep(every)
        value = await read()
    return value


def block_until(condition: Callable[[], object], seconds: float = LIMIT_S, what: Description = "the condition") -> None:
    """Wait until the condition is met, without an event loop. Fail after `seconds`, scaled."""
    deadline = time.monotonic() + scaled(seconds)
    while not condition():
        if time.monotonic() > deadline:
            raise _not_met(what, seconds)
        time.sleep(POLL_S)


async def run_ready_tasks(turns: int = 100) -> None:
    """Let all tasks run that wait for nothing from outside this event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)


def _not_met(what: Description, seconds: float) -> AssertionError:
    text = what if isinstance(what, str) else what()
    return AssertionError(f"not met after {scaled(seconds):g} s: {text}")
