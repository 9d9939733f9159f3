"""Checks the parts of a process at the same time, and never waits longer for one that hangs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import TimeoutError as ThreadTimeoutError
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

ANSWER_WITHIN_S = 1.5
"""How long a report waits for a part. With the way of the answer it is below two seconds."""
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
UP = {"status": "up"}
"""The answer of `/healthz`."""


class PartState(NamedTuple):
    """Whether a part works, how an operator would say it, and details for the report."""

    works: bool
    state: str
    details: Mapping[str, str] = {}


NO_ANSWER = PartState(works=False, state="does not answer")


@dataclass
class Part:
    """A part that a process depends on. `check` may raise: the part does not answer then.

    A part that is not required is reported, but does not make the process unready.
    """

    name: str
    check: Callable[[], Awaitable[PartState]]
    required: bool = True
    _running: asyncio.Task[PartState] | None = field(default=None, init=False)

    async def state(self, seconds: float) -> PartState:
        """Return the state of the part, `NO_ANSWER` after this number of seconds."""
        # A check that hangs goes on, and the next report waits for the same one: they would fill the threads.
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check())
        # Another report may start the next check before this one continues.
        running = self._running
        done, _ = await asyncio.wait([running], timeout=seconds)
        return running.result() if done else NO_ANSWER

    async def _check(self) -> PartState:
        try:
            return await self.check()
        except Exception:  # noqa: BLE001 - whatever fails, the part does not answer; its owner logs why
            return NO_ANSWER


class Report(NamedTuple):
    """The answer of `/readyz`."""

    status: HTTPStatus
    body: Mapping[str, Any]


class Readiness:
    """The parts that a process depends on."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts = list(parts)

    async def report(self) -> Report:
        """Return the state of all parts; the status is 503 if a required one does not work."""
        states = await asyncio.gather(*(part.state(ANSWER_WITHIN_S) for part in self.parts))
        pairs = list(zip(self.parts, states, strict=True))
        ready = all(state.works or not part.required for part, state in pairs)
        parts = {
            part.name: {"state": state.state, "works": state.works, "required": part.required, **state.details}
            for part, state in pairs
        }
        return _report(ready=ready, parts=parts)

    def report_from_thread(self, loop: asyncio.AbstractEventLoop) -> Report:
        """Return the report to another thread than that of the event loop, which may hang too."""
        report = self.report()
        try:
            running = asyncio.run_coroutine_threadsafe(report, loop)
        except RuntimeError:  # the loop is closed: the process ends
            report.close()
            return event_loop_silent()
        try:
            return running.result(ANSWER_WITHIN_S + 0.3)
        except ThreadTimeoutError:
            return event_loop_silent()


def event_loop_silent() -> Report:
    """Return the report of a process whose event loop does not answer."""
    return _report(ready=False, parts={"event loop": {"state": NO_ANSWER.state, "works": False, "required": True}})


def joint_readiness(readiness_by_name: Mapping[str, Readiness]) -> Readiness:
    """Return the readiness of a process that serves several applications; equal parts are named by application."""
    return Readiness(
        Part(f"{name}: {part.name}", part.check, part.required)
        for name, readiness in readiness_by_name.items()
        for part in readiness.parts
    )


def _report(*, ready: bool, parts: Mapping[str, Any]) -> Report:
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Report(status, {"ready": ready, "parts": parts})
