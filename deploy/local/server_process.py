"""A server that Piket starts by itself: free ports for it, and a process that never outlives its starter."""

import contextlib
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def free_ports(count: int) -> list[int]:
    """Distinct free TCP ports of 127.0.0.1 between 15000 and 31999.

    All below the range from which clients are given their own ports: a client that keeps reconnecting to a stopped
    server would else take that server's port sooner or later.
    """
    found: set[int] = set()
    for _ in range(1000):
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.add(port)
        if len(found) == count:
            return list(found)
    raise RuntimeError(f"No {count} free ports were found on 127.0.0.1 between 15000 and 31999. Nothing was started.")


def guard() -> "subprocess.Popen[bytes]":
    """Kill everything in its process group when we end, however we do; its process id is that of the group.

    A shell waits on a pipe that only we hold until it closes. What it guards is started *into* its group, so that there
    is no moment in which one that we start and do not outlive would be left behind. (PR_SET_PDEATHSIG would follow the
    *thread* that started the server, which may well end before the program.)
    """
    return subprocess.Popen(
        ["sh", "-c", "read _; kill -KILL 0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def release(guarding: "subprocess.Popen[bytes]") -> None:
    """End a guard whose process has ended."""
    guarding.kill()
    guarding.wait()
    if guarding.stdin:
        guarding.stdin.close()


class Child:
    """One server process, its output appended to a log file; it is guarded."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._guard = guard()
        try:
            with log.open("ab") as out:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=self._guard.pid
                )
        except OSError:
            release(self._guard)
            raise

    @property
    def pid(self) -> int:
        """Process id of the server itself."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server has not ended yet; a paused one is running."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def written(self) -> bytes:
        """What the server has logged since this start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; RuntimeError with the end of the log when the server ends or `seconds` pass first."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise RuntimeError(f"The server ended by itself. Its log, {self.log}, ends so:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Not ready after {seconds} s. Its log, {self.log}, ends so:\n{self._last_words()}")
            time.sleep(0.03)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        self._process.send_signal(number)

    def pause(self) -> None:
        """Freeze it (SIGSTOP): its connections stay open and nothing answers."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on (SIGCONT)."""
        self.send(signal.SIGCONT)

    def stop(self, seconds: float, by: signal.Signals = signal.SIGTERM) -> None:
        """Ask the server to end, also a paused one; kill it when it has not ended after `seconds`."""
        self.send(by)
        self.send(signal.SIGCONT)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._release()

    def kill(self) -> None:
        """Kill -9, at once."""
        self._process.kill()
        self._release()

    def _release(self) -> None:
        self._process.wait()
        release(self._guard)

    def _last_words(self) -> str:
        return "\n".join(self.written().decode(errors="replace").splitlines()[-15:])
