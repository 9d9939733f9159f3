"""Runs the relay and the workers as processes, and restarts those that end by themselves."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from deploy.local.deadlines import scaled
from deploy.local.server_process import Child
from tests.support.waiting import read_until

SESSION_S = scaled(3)
READY_WITHIN_S = 40
STOP_WITHIN_S = 15
PROGRAMS: Mapping[str, str] = {
    "relay": "from deploy.cli.__main__ import cli; cli(['relay'])",
    "worker": "import sys; from services.reporting.worker import __main__ as worker; sys.exit(worker.main())",
}


class ProcessEnd(NamedTuple):
    """A process that ended by itself: when (seconds of the run), its exit status and its last log line."""

    at: float
    name: str
    status: int | None
    log_line: str

    @property
    def cause(self) -> str:
        """Return the cause without numbers, so that equal causes can be counted."""
        return f"{self.name.split('-')[0]}, status {self.status}: {re.sub(r'[0-9]+', 'N', self.log_line)}"


class Processes:
    """Processes by name: `relay`, `worker-1`, `worker-2`, ...; their logs are in `folder`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.ended: list[ProcessEnd] = []
        self.began = monotonic()
        self._folder = folder
        self._settings = settings
        self._children: dict[str, Child] = {}

    def start(self, name: str, *injected: str) -> None:
        """Start a process; `injected` code runs in it first."""
        settings = {**self._settings, "PIKET_MEMBER": name, "PIKET_SESSION_TIMEOUT_S": str(SESSION_S)}
        program = "\n".join([*injected, PROGRAMS[name.split("-", maxsplit=1)[0]]])
        command = ["env", *(f"{key}={value}" for key, value in settings.items()), sys.executable, "-c", program]
        self._children[name] = Child(command, self._folder / f"{name}.log")

    def kill(self, name: str) -> None:
        """Kill a process (SIGKILL). The supervisor does not restart it; the caller does."""
        self._children.pop(name).kill()

    async def stop_gracefully(self, name: str) -> None:
        """Send SIGTERM and wait until the process has ended."""
        await asyncio.to_thread(self._children.pop(name).stop, STOP_WITHIN_S)

    def pause(self, name: str) -> None:
        """Pause a process (SIGSTOP)."""
        self._children[name].pause()

    def resume(self, name: str) -> None:
        """Resume a process (SIGCONT)."""
        self._children[name].resume()

    async def wait_until_assigned(self, name: str) -> bool:
        """Wait until a worker logs that it has partitions and their facts; return False if it does not in time."""

        async def is_assigned() -> bool:
            return name in self._children and b"Assigned" in self._children[name].logged()

        await read_until(is_assigned, lambda assigned: assigned or name not in self._children, READY_WITHIN_S, 0.1)
        return await is_assigned()

    def release(self, name: str) -> Child:
        """Return a process that is no longer supervised or stopped here; the caller manages it."""
        return self._children.pop(name)

    async def supervise(self) -> None:
        """Restart processes that end by themselves, and record the cause, until cancelled."""
        while True:
            for name in [name for name, child in self._children.items() if not child.running]:
                self.ended.append(self.process_end(name, self._children[name]))
                self.kill(name)
                self.start(name)
            await asyncio.sleep(0.3)  # the interval of the supervisor

    def stop(self) -> None:
        """Kill all processes."""
        for name in list(self._children):
            self.kill(name)

    def process_end(self, name: str, child: Child) -> ProcessEnd:
        """Return how a process ended."""
        lines = child.logged().decode(errors="replace").splitlines() or [""]
        last = next((line for line in lines if "The worker ends" in line), lines[-1])
        return ProcessEnd(round(monotonic() - self.began, 2), name, child.status, _log_event(last))


def _log_event(line: str) -> str:
    """Return the event of a JSON log line, or the line itself if it is not JSON."""
    try:
        return str(json.loads(line)["event"])
    except (ValueError, KeyError):
        return line[:1000]
