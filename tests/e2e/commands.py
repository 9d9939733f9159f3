"""The commands of an operator, run beside an office at work, and what happens there meanwhile."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping

from shared.domain.facts.coverage import Coverage
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.story import position


class Run:
    """One `piket` command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def end(self) -> tuple[int, str]:
        """The exit status, and what it said."""
        _, said = await asyncio.wait_for(self.process.communicate(), 90)
        return self.process.returncode or 0, " ".join(said.decode().split())

    async def kill(self) -> None:
        """Kill -9 in the midst."""
        self.process.kill()
        assert await self.process.wait() == -signal.SIGKILL


async def piket(environment: Mapping[str, str], *arguments: str) -> Run:
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    pipe = asyncio.subprocess.PIPE
    told = {**os.environ, **environment, "COLUMNS": "200"}
    return Run(await asyncio.create_subprocess_exec(*command, env=told, stdout=pipe, stderr=pipe))


async def rebuild(town: Deployment, begins: str = str(THURSDAY)) -> tuple[int, str]:
    return await (await piket(town.stack.environment, "rebuild-view", "--from", begins)).end()


async def reconcile(town: Deployment) -> tuple[int, str]:
    return await (await piket(town.stack.environment, "reconcile")).end()


async def opened(town: Deployment) -> None:
    """The office on its Thursday, with Dewi at her counter."""
    await town.office.prepare(THURSDAY)
    town.stack.set_clock(at("08:00"))
    await came(town, "Dewi")


async def came(town: Deployment, name: str) -> Coverage:
    answer = await town.office.tap(name)
    return await town.row(THURSDAY, position(answer.headers["piket-position"]), patience=60)


async def until(true: Callable[[], object], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - other processes have no event for it
            await asyncio.sleep(0.05)
