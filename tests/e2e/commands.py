"""Runs operator commands beside a running office, and sends taps meanwhile."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from deploy.local.deadlines import scaled
from shared.domain.facts.coverage import Coverage
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.story import watermark_of


class CommandRun:
    """A running `piket` command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and the error output in one line."""
        _, output = await asyncio.wait_for(self.process.communicate(), scaled(90))
        return self.process.returncode or 0, " ".join(output.decode().split())

    async def kill(self) -> None:
        """Kill the command (SIGKILL)."""
        self.process.kill()
        assert await self.process.wait() == -signal.SIGKILL


async def start_piket(environment: Mapping[str, str], *arguments: str) -> CommandRun:
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    pipe = asyncio.subprocess.PIPE
    variables = {**os.environ, **environment, "COLUMNS": "200"}
    return CommandRun(await asyncio.create_subprocess_exec(*command, env=variables, stdout=pipe, stderr=pipe))


async def rebuild(deployment: Deployment, first_date: str = str(THURSDAY)) -> tuple[int, str]:
    return await (await start_piket(deployment.stack.environment, "rebuild-view", "--from", first_date)).end()


async def reconcile(deployment: Deployment) -> tuple[int, str]:
    return await (await start_piket(deployment.stack.environment, "reconcile")).end()


async def open_office(deployment: Deployment) -> None:
    """Set up the office on its Thursday, with Dewi at her post."""
    await deployment.office.prepare(THURSDAY)
    deployment.stack.set_clock(at("08:00"))
    await check_in(deployment, "Dewi")


async def check_in(deployment: Deployment, name: str) -> Coverage:
    answer = await deployment.office.tap(name)
    return await deployment.row(THURSDAY, watermark_of(answer.headers["piket-position"]), patience=60)
