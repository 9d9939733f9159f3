"""`piket worker`: keeps worker processes running, and never leaves one behind."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from deploy.local.server_process import guard, release
from services.reporting.faust_batches.membership import EX_REPLACED
from services.reporting.worker.__main__ import EX_NOTHING_TO_READ
from shared.kafka.broker import Refused
from shared.settings import PORTS

log = logging.getLogger(__name__)

WORKER = (sys.executable, "-m", "services.reporting.worker")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
IDLE_PAUSE_S = 30.0
"""Until a worker that found nothing to read looks again."""
SOUND_S = 60.0
"""A worker that ran so long had started well: its end is a new one."""
STOP_WITHIN_S = 10.0


class Ended(NamedTuple):
    """How a worker ended: its exit status (negative: by a signal), the seconds that it ran, and where to read why."""

    status: int
    seconds: float
    why: str = "its log says why"


def places(workers: int, metrics_port: int, host: str) -> Sequence[Mapping[str, str]]:
    """What each of several workers is told besides: a metrics port of its own; with a host also its member's name.

    Raises `Refused` when there are not as many ports.
    """
    if metrics_port and metrics_port + workers - 1 > PORTS:
        raise Refused(
            f"{workers} workers need the ports from {metrics_port} on, and the last one is {PORTS}. Nothing was"
            " started; choose a lower PIKET_METRICS_PORT."
        )
    return [
        {"PIKET_METRICS_PORT": str(metrics_port + n if metrics_port else 0)}
        | ({"PIKET_MEMBER": f"{host}-{n}"} if host else {})
        for n in range(workers)
    ]


def following(pause: float, ended: Ended) -> float | None:
    """Seconds until a worker is started again, after the pause before; None for never.

    One whose place another worker took stays away: coming back, it would take that place from the other in turn.
    """
    if ended.status == EX_REPLACED:
        return None
    if ended.status == EX_NOTHING_TO_READ:
        return IDLE_PAUSE_S
    return FIRST_PAUSE_S if ended.seconds > SOUND_S else min(max(2 * pause, FIRST_PAUSE_S), LONGEST_PAUSE_S)


async def keep(told: Sequence[Mapping[str, str]], command: Sequence[str] = WORKER) -> int:
    """Keep one worker for each of these environments until SIGTERM or Ctrl-C; answers the exit status.

    `EX_REPLACED` when another worker took the place of one of them.
    """
    keeping = [asyncio.create_task(_keep(number, each, command)) for number, each in enumerate(told)]
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: [task.cancel() for task in keeping])
    await asyncio.wait(keeping)
    ended = [task for task in keeping if not task.cancelled()]
    for task in ended:
        task.result()
    return EX_REPLACED if ended else 0


async def _keep(number: int, told: Mapping[str, str], command: Sequence[str]) -> None:
    """Start a worker again and again. A status is logged when it is another than the time before."""
    pause: float | None = 0.0
    said = None
    while pause is not None:
        ended = await _once(told, command)
        pause = following(pause, ended)
        if ended.status != said or ended.seconds > SOUND_S:
            log.warning("%s", _sentence(number, ended, pause))
        said = ended.status
        await asyncio.sleep(pause or 0)


def _sentence(number: int, ended: Ended, pause: float | None) -> str:
    again = "It is not started again." if pause is None else "It is started again, also if it keeps ending."
    return (
        f"Worker {number} ended with status {ended.status} after {ended.seconds:.1f} s; {ended.why}. Every fact"
        f" is kept in Kafka, and what was not committed is read again. {again}"
    )


async def _once(told: Mapping[str, str], command: Sequence[str]) -> Ended:
    """Run a worker to its end; when cancelled, end it. One that the machine cannot start now has ended at once."""
    began, guarding = monotonic(), guard()
    try:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **told}, process_group=guarding.pid)
        try:
            return Ended(await process.wait(), monotonic() - began)
        finally:
            await _stopped(process)
    except OSError as refused:
        return Ended(os.EX_OSERR, 0.0, f"it could not be started: {refused}")
    finally:
        release(guarding)


async def _stopped(process: Process) -> None:
    """End a worker that runs: by SIGTERM, also a frozen one, or after a while by force."""
    if process.returncode is not None:
        return
    process.terminate()
    process.send_signal(signal.SIGCONT)
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
