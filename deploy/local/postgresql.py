"""Runs a temporary PostgreSQL on 127.0.0.1, with the server of the system's package."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from deploy.local.deadlines import scaled
from deploy.local.server_process import Child, free_ports

READY_WITHIN_S = 60
STOP_WITHIN_S = 20
USER = "piket"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# The server refuses to run as root, but its own user may not enter a private temporary folder above its data:
# it runs as `postgres` with the capability to pass such folders.
AS_POSTGRES = (
    *("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"),
)


def program_folder() -> Path:
    """Return the program folder of the newest server. Raise RuntimeError if none is installed."""
    installed = [folder.parent for folder in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: int(folder.parent.name))  # as numbers: as text, 9 is above 15
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("No PostgreSQL server is installed, so none was started. Install the package `postgresql`.")
    return Path(on_path).resolve().parent


class Postgresql:
    """A separate cluster in `folder`, created at the first start.

    As a context manager, it is ready inside the block and stopped after it. It syncs all commits to disk, as in
    production. `settings` are server parameters that override the defaults.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.port = free_ports(1)[0]
        self._settings = {**SETTINGS, "port": str(self.port), **(settings or {})}
        self._programs = program_folder()
        self._server: Child | None = None

    @property
    def url(self) -> str:
        """Return the `postgresql://` address of the database `postgres` with its password. Restarts keep it."""
        return self._url("postgres")

    @property
    def pid(self) -> int:
        """Return the process id of the running server. Raise RuntimeError if it does not run."""
        return self._running_server().pid

    def create_database(self, name: str) -> str:
        """Create an empty database and return its `postgresql://` address."""
        # autocommit: PostgreSQL refuses CREATE DATABASE within a transaction.
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def start(self) -> None:
        """Start the server, and create its cluster first if there is none. Wait until it answers."""
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._create(data)
        parameters = [f"--{name.replace('_', '-')}={value}" for name, value in self._settings.items()]
        server = [str(self._programs / "postgres"), "-D", str(data), *parameters]
        self._server = Child(_unprivileged(server), self.folder / "server.log")
        try:
            self._server.wait_until(self._answers, READY_WITHIN_S)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and its open connections. Its data is kept."""
        server, self._server = self._running_server(), None
        # SIGINT is the fast shutdown. After SIGTERM the server would wait until its clients disconnect.
        server.stop(STOP_WITHIN_S, by=signal.SIGINT)

    def kill(self) -> None:
        """Kill the server and its backends (SIGKILL), and wait until they have ended."""
        server, self._server = self._running_server(), None
        server.pause()  # it starts no further backend
        # Read before the server dies: then its backends are no longer its children.
        backends = [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]
        server.kill()
        for backend in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(backend, signal.SIGKILL)
        # A backend that still runs holds the shared memory, and the server would refuse to start again.
        deadline = time.monotonic() + scaled(STOP_WITHIN_S)
        while any(map(_is_running, backends)) and time.monotonic() < deadline:
            time.sleep(0.01)

    def restart(self) -> None:
        """Restart the server with its stored data, and wait until it answers."""
        if self._server:
            self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server:
            self.stop()

    def _running_server(self) -> Child:
        if self._server is None:
            raise RuntimeError("This PostgreSQL server does not run. Start it first.")
        return self._server

    def _url(self, database: str) -> str:
        password = (self.folder / "password").read_text()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def _create(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.touch(mode=0o600)  # before it has content, so that nobody else can ever read it
        password.write_text(secrets.token_hex(16))
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            shutil.chown(password, "postgres")
        options = ["--username", USER, "--pwfile", str(password), "--auth=scram-sha-256", "--encoding=UTF8"]
        # --no-sync concerns the creation only: the server itself syncs every commit.
        initdb = [str(self._programs / "initdb"), "-D", str(data), *options, "--no-locale", "--no-sync"]
        completed = subprocess.run(_unprivileged(initdb), check=False, capture_output=True, text=True)
        if completed.returncode != 0:
            raise RuntimeError(
                f"PostgreSQL could not create a cluster in {data}; nothing was started. {completed.stderr}"
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=int(scaled(5))).close()
        except psycopg.OperationalError:
            return False
        return True


def _is_running(pid: int) -> bool:
    """Return whether a process has not ended; one that has ended and is still listed (a zombie) holds nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _unprivileged(command: list[str]) -> list[str]:
    return [*AS_POSTGRES, *command] if os.geteuid() == 0 else command
