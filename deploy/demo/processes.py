"""Runs Piket's processes on this computer: applications, relay and worker. Each can be killed separately."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from deploy.local.deadlines import scaled
from deploy.local.server_process import Child, LocalServer, free_ports
from deploy.local.token_issuer import Issuer
from deploy.observability.targets import scrape_targets, write_targets
from shared.clock import Clock, set_clock

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "app": ("deploy.cli", "serve"),
    "relay": ("deploy.cli", "relay"),
    "worker": ("services.reporting.worker",),  # not `piket worker`: the stack restarts ended processes itself
}
READY_WITHIN_S = 60


class Stack(LocalServer):
    """The processes of a small deployment, with their settings, stores and logs in `folder`.

    `store` is a URL with `{service}` in it, or empty for SQLite files in the folder.
    """

    def __init__(
        self,
        folder: Path,
        bootstrap: str,
        start: datetime,
        *,
        store: str = "",
        port: int = 0,
        regions: Sequence[str] = ("32",),
    ) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_ports(1)[0]
        self.issuer = Issuer(self.folder, "demo")
        self.now: Clock = set_clock(self.clock_file, start, 1)
        self.metrics = dict(zip(COMMANDS, free_ports(len(COMMANDS)), strict=True))
        addresses = [(name, f"127.0.0.1:{number}") for name, number in self.metrics.items()]
        write_targets(self.targets_file, scrape_targets(addresses, regions))
        self.environment = self._environment(bootstrap, regions, store)
        self.own_environments: dict[str, dict[str, str]] = {}  # settings of one process, by its name
        for region in regions:
            self._write_token(region)
        self._children: dict[str, Child] = {}

    def _environment(self, bootstrap: str, regions: Sequence[str], store: str) -> dict[str, str]:
        """Return the settings of all processes."""
        return {
            "PIKET_PROFILE": "demo",  # the only profile with a scaled clock and invented tokens
            "PIKET_FOLDER": str(self.folder),
            "PIKET_KAFKA": bootstrap,
            "PIKET_REGIONS": ",".join(regions),
            "PIKET_JWKS": str(self.issuer.jwks_file),
            "PIKET_CLOCK": str(self.clock_file),
            "PIKET_GATEWAY": self.url,
            "PIKET_TOKEN_FILE": str(self.token_file),
            "PIKET_TARGETS": str(self.targets_file),
        } | ({"PIKET_STORE": store} if store else {})

    @property
    def clock_file(self) -> Path:
        """Return the file from which all processes read the time of the demo."""
        return self.folder / "clock"

    @property
    def token_file(self) -> Path:
        """Return the path template of the tokens with which services read feeds, with `{region}`."""
        return self.folder / "token-{region}"

    @property
    def targets_file(self) -> Path:
        """Return the file that names the endpoints of metrics of all processes."""
        return self.folder / "targets.json"

    def _write_token(self, region: str) -> None:
        token = self.issuer.sign("service:roster", roles=["SUBSCRIBER"], region=region)
        Path(str(self.token_file).format(region=region)).write_text(token)

    @property
    def url(self) -> str:
        """Return the address of the applications."""
        return f"http://127.0.0.1:{self.port}"

    def set_clock(self, start: datetime, speed: float = 1) -> None:
        """Set the clock of all processes."""
        self.now = set_clock(self.clock_file, start, speed)

    def time(self) -> datetime:
        """Return the current time of the demo."""
        return self.now()

    def start(self, *names: str) -> None:
        """Start these processes (default: all) without waiting until they are ready."""
        for name in names or tuple(COMMANDS):
            metrics = {"PIKET_METRICS_PORT": str(self.metrics[name])}
            environment = self.environment | metrics | self.own_environments.get(name, {})
            arguments = [*COMMANDS[name], *(["--port", str(self.port)] if name == "app" else [])]
            variables = [f"{key}={value}" for key, value in environment.items()]
            # `env` sets the variables of the child only, without changing those of this process.
            command = ["env", *variables, sys.executable, "-m", *arguments]
            self._children[name] = Child(command, self.folder / f"{name}.log")

    def wait_ready(self) -> None:
        """Wait until the applications answer. Raise RuntimeError with the end of their log if they do not."""
        self._children["app"].wait_until(self._answers, READY_WITHIN_S)

    def kill(self, name: str) -> None:
        """Kill one process (SIGKILL)."""
        self._children.pop(name).kill()

    def stop(self, *names: str) -> None:
        """Stop these processes (default: all)."""
        for name in names or tuple(self._children):
            self._children.pop(name).stop(10)

    def running(self, name: str) -> bool:
        """Return whether a process is running."""
        return name in self._children and self._children[name].running

    def restart_ended(self) -> list[str]:
        """Restart processes that have ended by themselves; return their names."""
        ended_names = [name for name, child in self._children.items() if not child.running]
        for name in ended_names:
            # It has ended; this ends its guard process, too.
            self.kill(name)
            self.start(name)
        return ended_names

    @property
    def pids(self) -> Mapping[str, int]:
        """Return the process id of each process that was started and not stopped."""
        return {name: child.pid for name, child in self._children.items()}

    def log(self, name: str) -> str:
        """Return what a process has logged."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=scaled(5))
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
