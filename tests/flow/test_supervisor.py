"""Tests that `piket worker` keeps its workers running. Small shell programs replace the workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.deadlines import scaled
from deploy.operations.supervisor import IDLE_PAUSE_S, WorkerExit, next_pause, worker_environments
from tests.support.waiting import LIMIT_S, block_until

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
SUPERVISE = """
import asyncio, json, logging, sys
from deploy.operations import supervisor
logging.basicConfig(format="%(message)s")
environments, command = map(json.loads, sys.argv[1:])
sys.exit(asyncio.run(supervisor.supervise(environments, command)))
"""


@contextmanager
def running_supervisor(
    folder: Path, program: str, workers: int = 1, port: int = 0
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a supervisor whose workers execute a line of shell."""
    with running_supervisor_of(folder, ["sh", "-c", program], workers, port) as process:
        yield process


@contextmanager
def running_supervisor_of(
    folder: Path, command: Sequence[str], workers: int = 1, port: int = 0
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a supervisor whose workers execute a command."""
    environments = [
        {**variables, "NUMBER": str(number)}
        for number, variables in enumerate(worker_environments(workers, port, "counter"))
    ]
    arguments = [json.dumps(environments), json.dumps(command)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", SUPERVISE, *arguments], cwd=ROOT, stderr=log, env=os.environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_lines(folder: Path, name: str, count: int) -> Sequence[str]:
    """Return the lines of a file as soon as the workers have written enough of them."""

    def lines() -> Sequence[str]:
        return (folder / name).read_text().split("\n")[:-1] if (folder / name).exists() else []

    block_until(lambda: len(lines()) >= count, what=lambda: f"{count} lines in {name}: {(folder / 'log').read_text()}")
    return lines()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_ended(pid: int) -> None:
    block_until(lambda: not is_running(pid), what=f"the end of process {pid}")


@pytest.mark.parametrize(
    ("pause", "worker_exit", "expected"),
    [
        (0.0, WorkerExit(70, 2.0), 0.1),
        (0.1, WorkerExit(70, 2.0), 0.2),
        (4.0, WorkerExit(-9, 2.0), 5.0),
        (5.0, WorkerExit(1, 3600.0), 0.1),
        (0.1, WorkerExit(2, 1.0), IDLE_PAUSE_S),
        (0.1, WorkerExit(3, 1000.0), None),
    ],
)
def test_the_pause_grows_while_a_worker_keeps_ending(
    pause: float, worker_exit: WorkerExit, expected: float | None
) -> None:
    assert next_pause(pause, worker_exit) == expected


def test_every_worker_has_a_place_of_its_own() -> None:
    assert worker_environments(2, 9300, "") == [{"PIKET_METRICS_PORT": "9300"}, {"PIKET_METRICS_PORT": "9301"}]
    assert worker_environments(2, 0, "counter") == [
        {"PIKET_METRICS_PORT": "0", "PIKET_MEMBER": "counter-0"},
        {"PIKET_METRICS_PORT": "0", "PIKET_MEMBER": "counter-1"},
    ]


def test_a_worker_that_keeps_ending_is_started_again_and_named_once(tmp_path: Path) -> None:
    with running_supervisor(tmp_path, f"echo $PIKET_MEMBER >> {tmp_path}/starts; exit 70"):
        assert set(wait_for_lines(tmp_path, "starts", 5)) == {"counter-0"}
    log = (tmp_path / "log").read_text()
    assert log.count("Worker 0 ended with status 70") == 1
    assert "Every fact is kept" in log


def test_the_others_go_on_when_one_is_killed(tmp_path: Path) -> None:
    program = f"echo $$ >> {tmp_path}/worker$NUMBER; exec sleep 60"
    with running_supervisor(tmp_path, program, workers=2):
        (first,), (second,) = wait_for_lines(tmp_path, "worker0", 1), wait_for_lines(tmp_path, "worker1", 1)
        os.kill(int(first), signal.SIGKILL)
        assert len(wait_for_lines(tmp_path, "worker0", 2)) == 2
        assert wait_for_lines(tmp_path, "worker1", 1) == [second]
        assert is_running(int(second))


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_its_workers_first_also_a_frozen_one(tmp_path: Path, by: signal.Signals) -> None:
    with running_supervisor(tmp_path, f"echo $$ >> {tmp_path}/pids; exec sleep 60", workers=2) as supervisor:
        workers = [int(pid) for pid in wait_for_lines(tmp_path, "pids", 2)]
        os.kill(workers[0], signal.SIGSTOP)
        supervisor.send_signal(by)
        assert supervisor.wait(scaled(LIMIT_S)) == 0
        assert not any(map(is_running, workers))


def test_killed_it_leaves_no_worker_behind(tmp_path: Path) -> None:
    with running_supervisor(tmp_path, f"echo $$ >> {tmp_path}/pids; exec sleep 60", workers=2) as supervisor:
        workers = [int(pid) for pid in wait_for_lines(tmp_path, "pids", 2)]
        supervisor.kill()
        for pid in workers:
            wait_until_ended(pid)


@pytest.mark.parametrize("_", range(5))
def test_killed_as_a_worker_starts_it_does_not_leave_it_behind(tmp_path: Path, _: int) -> None:
    with running_supervisor(tmp_path, f"echo $$ >> {tmp_path}/pids; kill -KILL $PPID; exec sleep 60") as supervisor:
        assert supervisor.wait(scaled(LIMIT_S)) == -signal.SIGKILL
        (worker,) = wait_for_lines(tmp_path, "pids", 1)
        wait_until_ended(int(worker))


def test_a_worker_whose_place_was_taken_stays_away_and_the_other_goes_on(tmp_path: Path) -> None:
    program = f"echo $$ >> {tmp_path}/worker$NUMBER; [ $NUMBER = 1 ] && exit 3; exec sleep 60"
    with running_supervisor(tmp_path, program, workers=2) as supervisor:
        wait_for_lines(tmp_path, "worker1", 1)
        block_until(lambda: "It is not started again" in (tmp_path / "log").read_text())
        time.sleep(0.5)  # nothing for five times the pause before a restart
        assert len(wait_for_lines(tmp_path, "worker1", 1)) == 1
        supervisor.terminate()
        assert supervisor.wait(scaled(LIMIT_S)) == 3


def test_a_worker_that_the_machine_cannot_start_is_started_as_soon_as_it_can(tmp_path: Path) -> None:
    program = tmp_path / "program"
    with running_supervisor_of(tmp_path, [str(program)]) as process:
        wait_for_lines(tmp_path, "log", 1)
        written = tmp_path / "written"
        written.write_text(f"#!/bin/sh\necho started >> {tmp_path}/started\nexec sleep 60\n")
        written.chmod(0o755)
        written.rename(program)
        wait_for_lines(tmp_path, "started", 1)
        process.send_signal(signal.SIGTERM)
        process.wait(scaled(LIMIT_S))
    assert "ended with status 71 after 0.0 s; it could not be started" in (tmp_path / "log").read_text()
