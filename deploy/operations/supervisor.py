"""Runs and restarts worker processes (`piket worker`), and leaves none of them behind when it ends."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from deploy.local.server_process import end_guard, start_guard
from services.reporting.process.exits import EX_NOTHING_TO_READ, EX_REPLACED
from shared.kafka.errors import UnsafeToContinue
from shared.settings import MAX_PORT

log = logging.getLogger(__name__)

WORKER = (sys.executable, "-m", "services.reporting.worker")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
IDLE_PAUSE_S = 30.0
"""Pause before a worker that had nothing to read is started again."""
HEALTHY_RUN_S = 60.0
"""A worker that ran at least this long had started successfully: the pause begins at the shortest again."""
STOP_WITHIN_S = 10.0


class WorkerExit(NamedTuple):
    """Exit status of a worker (negative: signal number), its running time in seconds, and the cause."""

    status: int
    seconds: float
    reason: str = "its log says why"


def worker_environments(workers: int, metrics_port: int, host: str) -> Sequence[Mapping[str, str]]:
    """Return one set of environment variables per worker: its metrics port, and its member name if `host` is given.

    Raise `UnsafeToContinue` if there are not enough ports.
    """
    if metrics_port and metrics_port + workers - 1 > MAX_PORT:
        raise UnsafeToContinue(
            f"{workers} workers need the ports from {metrics_port} on, and the last port is {MAX_PORT}. Nothing was"
            " started; choose a lower PIKET_METRICS_PORT."
        )
    return [
        {"PIKET_METRICS_PORT": str(metrics_port + n if metrics_port else 0)}
        | ({"PIKET_MEMBER": f"{host}-{n}"} if host else {})
        for n in range(workers)
    ]


def next_pause(pause: float, worker_exit: WorkerExit) -> float | None:
    """Return the seconds until a worker is started again, given the last pause; None if it is not started again.

    A worker that was replaced by another one of the same name is not started again: it would replace that one in turn.
    """
    if worker_exit.status == EX_REPLACED:
        return None
    if worker_exit.status == EX_NOTHING_TO_READ:
        return IDLE_PAUSE_S
    return FIRST_PAUSE_S if worker_exit.seconds > HEALTHY_RUN_S else min(max(2 * pause, FIRST_PAUSE_S), LONGEST_PAUSE_S)


async def supervise(environments: Sequence[Mapping[str, str]], command: Sequence[str] = WORKER) -> int:
    """Run one worker per environment until SIGTERM or Ctrl-C, and return the exit status.

    It is `EX_REPLACED` if a worker was replaced by another one of the same name.
    """
    tasks = [
        asyncio.create_task(_supervise_worker(number, environment, command))
        for number, environment in enumerate(environments)
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        # Cancelled workers are stopped in the `finally` of `_run_once`, so that no process is left behind.
        asyncio.get_running_loop().add_signal_handler(number, lambda: [task.cancel() for task in tasks])
    # Not `gather`, which would raise the first error while other workers still run.
    await asyncio.wait(tasks)
    finished = [task for task in tasks if not task.cancelled()]
    for task in finished:
        task.result()  # raises the error of a task that failed
    return EX_REPLACED if finished else 0


async def _supervise_worker(number: int, environment: Mapping[str, str], command: Sequence[str]) -> None:
    """Run a worker again each time it ends. Log its exit status if it differs from the last one."""
    pause: float | None = 0.0
    logged_status = None
    while pause is not None:
        worker_exit = await _run_once(environment, command)
        pause = next_pause(pause, worker_exit)
        if worker_exit.status != logged_status or worker_exit.seconds > HEALTHY_RUN_S:
            log.warning("%s", _exit_message(number, worker_exit, pause))
        logged_status = worker_exit.status
        await asyncio.sleep(pause or 0)


def _exit_message(number: int, worker_exit: WorkerExit, pause: float | None) -> str:
    restart = "It is not started again." if pause is None else "It is started again each time it ends."
    return (
        f"Worker {number} ended with status {worker_exit.status} after {worker_exit.seconds:.1f} s;"
        f" {worker_exit.reason}. Every fact is kept in Kafka, and uncommitted facts are read again. {restart}"
    )


async def _run_once(environment: Mapping[str, str], command: Sequence[str]) -> WorkerExit:
    """Run a worker until it ends; when cancelled, stop it. A worker that cannot be started counts as ended."""
    started_at, guard_process = monotonic(), start_guard()
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **environment}, process_group=guard_process.pid
        )
        try:
            return WorkerExit(await process.wait(), monotonic() - started_at)
        finally:
            await _stop(process)
    except OSError as error:
        return WorkerExit(os.EX_OSERR, 0.0, f"it could not be started: {error}")
    finally:
        end_guard(guard_process)


async def _stop(process: Process) -> None:
    """Stop a worker by SIGTERM, then SIGKILL after `STOP_WITHIN_S`. SIGCONT lets a paused worker handle SIGTERM."""
    if process.returncode is not None:
        return
    process.terminate()
    process.send_signal(signal.SIGCONT)
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
