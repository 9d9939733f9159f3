"""Runs the processes of two releases of Piket side by side: this checkout, and the release before it."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.demo.processes import COMMANDS, Stack
from deploy.install.__main__ import install_uv, uv
from deploy.install.progress import ROOT
from deploy.local.deadlines import scaled
from deploy.local.kafka_jars import cache
from deploy.local.server_process import Child, free_ports

PREVIOUS_COMMIT = "857656052f2f38e2d5067a48b4e82e6ac20ae2c1"
"""The release from which an upgrade is tested. Its successor takes its place when a release is made."""


@dataclass(frozen=True)
class Release:
    """A tree of Piket and the Python that has the packages of its lock file."""

    folder: Path
    python: Path


@dataclass
class RunningProcess:
    """One process of a release, and the port on which it serves HTTP (0: none)."""

    child: Child
    port: int


def this_release() -> Release:
    """Return this checkout."""
    return Release(ROOT, Path(sys.executable))


def previous_release() -> Release:
    """Return the release before this one, taken from the history of the repository; it is built only once."""
    folder = cache().parent / "releases" / PREVIOUS_COMMIT
    complete = folder / ".venv" / "complete"
    if not complete.exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", PREVIOUS_COMMIT], check=True, stdout=subprocess.PIPE
        ).stdout
        subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive)
        command = uv() or install_uv()
        subprocess.run([*command, "sync", "--locked", "--no-dev", "--quiet", "--project", str(folder)], check=True)
        complete.touch()
    return Release(folder, folder / ".venv" / "bin" / "python")


def start(release: Release, name: str, stack: Stack) -> RunningProcess:
    """Start a process of a release with the settings of a stack, beside those that run, on ports of its own."""
    metrics_port, port = free_ports(2)
    variables = [f"{key}={value}" for key, value in stack.environment.items()]
    options = ["--port", str(port)] if name == "app" else []
    command = ["env", "-C", str(release.folder), *variables, f"PIKET_METRICS_PORT={metrics_port}", str(release.python)]
    log = stack.folder / f"{name}-{metrics_port}.log"
    return RunningProcess(Child([*command, "-m", *COMMANDS[name], *options], log), port if name == "app" else 0)


def run_piket(release: Release, settings: Mapping[str, str], *arguments: str) -> str:
    """Run a command of a release to its end and return what it printed. Raise `CalledProcessError` if it fails."""
    variables = [f"{key}={value}" for key, value in settings.items()]
    command = ["env", "-C", str(release.folder), *variables, str(release.python), "-m", "deploy.cli", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=scaled(60)).stdout


class LoadBalancer(httpx.AsyncBaseTransport):
    """Sends each request to the first server that takes it, as a gateway over several replicas does.

    Remembers the path and status of each answer.
    """

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.answers: list[tuple[str, int]] = []
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, again to the next server if a connection fails. Raise `ConnectError` if none takes it."""
        for port in tuple(self.ports):
            request.url = request.url.copy_with(port=port)
            try:
                answer = await self._http.handle_async_request(request)
            except httpx.TransportError:
                continue
            self.answers.append((request.url.path, answer.status_code))
            return answer
        raise httpx.ConnectError("no server took the request")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def answers_ready(port: int) -> bool:
    """Return whether the applications on a port serve their stores."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=scaled(5)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
