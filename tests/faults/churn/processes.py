"""The relay and the workers of a run as processes of their own, and the supervisor that starts again what ended."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from deploy.local.server_process import Child

SESSION_S = 3
READY_WITHIN_S = 40
STOP_WITHIN_S = 15
PROGRAM: Mapping[str, str] = {
    "relay": "from deploy.cli.__main__ import cli; cli(['relay'])",
    "worker": "import sys; from services.reporting.worker import __main__ as worker; sys.exit(worker.main())",
}


class Ended(NamedTuple):
    """A process that ended by itself: when, and the last thing that it said."""

    at: float
    name: str
    status: int | None
    said: str

    @property
    def cause(self) -> str:
        """Equal for equal ends: without numbers."""
        return f"{self.name.split('-')[0]}, status {self.status}: {re.sub(r'[0-9]+', 'N', self.said)}"


class Processes:
    """Children by name: `relay`, `worker-1`, `worker-2`, ...; a log of each in `folder`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.ended: list[Ended] = []
        self.began = monotonic()
        self._folder = folder
        self._settings = settings
        self._children: dict[str, Child] = {}

    def start(self, name: str, *planted: str) -> None:
        """Start a process; with `planted` code run in it before."""
        settings = {**self._settings, "PIKET_MEMBER": name, "PIKET_SESSION_TIMEOUT_S": str(SESSION_S)}
        program = "\n".join([*planted, PROGRAM[name.split("-", maxsplit=1)[0]]])
        command = ["env", *(f"{key}={value}" for key, value in settings.items()), sys.executable, "-c", program]
        self._children[name] = Child(command, self._folder / f"{name}.log")

    def kill(self, name: str) -> None:
        """Kill -9; the supervisor does not start it again, whoever kills it does."""
        self._children.pop(name).kill()

    async def leave(self, name: str) -> None:
        """SIGTERM, and wait until it has ended."""
        await asyncio.to_thread(self._children.pop(name).stop, STOP_WITHIN_S)

    def pause(self, name: str) -> None:
        """Freeze it (SIGSTOP)."""
        self._children[name].pause()

    def resume(self, name: str) -> None:
        """Let it go on (SIGCONT)."""
        self._children[name].resume()

    async def assigned(self, name: str) -> bool:
        """Whether a worker says, in time, that it has partitions and their facts."""
        deadline = monotonic() + READY_WITHIN_S
        while monotonic() < deadline and name in self._children:
            if b"Assigned" in self._children[name].written():
                return True
            await asyncio.sleep(0.1)
        return False

    def hand_over(self, name: str) -> Child:
        """Give a process into the hands of whoever strikes: it is neither supervised nor ended here any more."""
        return self._children.pop(name)

    async def supervise(self) -> None:
        """Start again what ended by itself, for ever, and note why it ended."""
        while True:
            for name in [name for name, child in self._children.items() if not child.running]:
                self.ended.append(self.last(name, self._children[name]))
                self.kill(name)
                self.start(name)
            await asyncio.sleep(0.3)

    def stop(self) -> None:
        """End all."""
        for name in list(self._children):
            self.kill(name)

    def last(self, name: str, child: Child) -> Ended:
        """How a process ended."""
        lines = child.written().decode(errors="replace").splitlines() or [""]
        last = next((line for line in lines if "The worker ends" in line), lines[-1])
        return Ended(round(monotonic() - self.began, 2), name, child.status, _event(last))


def _event(line: str) -> str:
    """What a line of a log tells, without its trimmings."""
    try:
        return str(json.loads(line)["event"])
    except (ValueError, KeyError):
        return line[:1000]
