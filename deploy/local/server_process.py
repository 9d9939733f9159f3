"""Finds free ports, and runs server processes that never outlive the process that started them."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.deadlines import scaled

PORTS_VARIABLE = "PIKET_PORTS"
_given_ports: set[int] = set()


def port_range() -> range:
    """Return the ports that this process may give to servers: `PIKET_PORTS` of the environment, or 15000 to 31999.

    All are below the range of ephemeral client ports: otherwise a client that keeps reconnecting to a stopped server
    would sooner or later be given the port of that server.
    """
    first, last = map(int, os.environ.get(PORTS_VARIABLE, "15000-31999").split("-"))
    return range(first, last + 1)


def free_ports(count: int) -> list[int]:
    """Return `count` distinct free TCP ports of 127.0.0.1; this process gives none of them again.

    A port is free until its server has started, and while it restarts. So processes that give ports at the same time
    need ranges of their own: with one range, a server that restarted found its port taken by another test process.
    """
    ports: list[int] = []
    allowed = port_range()
    for _ in range(1000):
        # Random, because processes without a range of their own must not begin with the same port.
        port = allowed[secrets.randbelow(len(allowed))]
        with socket.socket() as probe:
            # Without this option, connections that closed recently would make the port appear used.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports += [port] if port not in _given_ports else []
                _given_ports.add(port)
        if len(ports) == count:
            return ports
    raise RuntimeError(
        f"No {count} free ports were found on 127.0.0.1, {allowed[0]} to {allowed[-1]}. Nothing was started."
    )


def start_guard() -> "subprocess.Popen[bytes]":
    """Start a guard that kills its process group when this process ends, for any reason; its pid is the group id.

    The guard is a shell that waits on a pipe, which closes when this process ends. Servers are started *into* its
    group, so at no moment can a started server be left behind. (PR_SET_PDEATHSIG depends on the *thread* that started
    the server, and this thread may end before the program.)
    """
    return subprocess.Popen(
        ["sh", "-c", "read _; kill -KILL 0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def end_guard(guard: "subprocess.Popen[bytes]") -> None:
    """End the guard of a process that has ended."""
    # Before the pipe is closed: at its end the shell would kill its group.
    guard.kill()
    guard.wait()
    if guard.stdin:
        guard.stdin.close()


class Child:
    """A guarded server process, whose output is appended to a log file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._guard = start_guard()
        try:
            with log.open("ab") as out:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=self._guard.pid
                )
        except OSError:
            end_guard(self._guard)
            raise

    @property
    def pid(self) -> int:
        """Return the process id of the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Return whether the server has not ended; a paused server is running."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Return the exit status (negative: signal number), None while the server runs."""
        return self._process.poll()

    def logged(self) -> bytes:
        """Return what the server has logged since this start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`, at most `seconds`, scaled.

        Raise RuntimeError with the end of the log if the server ends or time runs out.
        """
        deadline = time.monotonic() + scaled(seconds)
        while not ready():
            if not self.running:
                raise RuntimeError(
                    f"The server ended by itself. The last lines of its log, {self.log}:\n{self._log_tail()}"
                )
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"Not ready after {scaled(seconds):g} s. The last lines of its log, {self.log}:\n{self._log_tail()}"
                )
            time.sleep(0.03)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        self._process.send_signal(number)

    def pause(self) -> None:
        """Pause the server (SIGSTOP): its connections stay open, but it does not answer."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a paused server (SIGCONT)."""
        self.send(signal.SIGCONT)

    def stop(self, seconds: float, by: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and resume the server if it is paused; kill it if it has not ended after `seconds`, scaled."""
        self.send(by)
        # After the signal: a paused process receives it only when it continues.
        self.send(signal.SIGCONT)
        try:
            self._process.wait(scaled(seconds))
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._release()

    def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        self._process.kill()
        self._release()

    def _release(self) -> None:
        self._process.wait()
        end_guard(self._guard)

    def _log_tail(self) -> str:
        return "\n".join(self.logged().decode(errors="replace").splitlines()[-15:])


class LocalServer(ABC):
    """A server that a `with` block starts and waits for; it is stopped at the end, also if it does not become ready."""

    @abstractmethod
    def start(self) -> None:
        """Start the server without waiting."""

    @abstractmethod
    def wait_ready(self) -> None:
        """Wait until the server serves. Raise RuntimeError if it does not."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server, if it runs."""

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
