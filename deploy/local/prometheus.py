"""Runs a real Prometheus and Alertmanager on 127.0.0.1, with the programs of the system's packages."""

import json
import shutil
import urllib.request
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from ruamel.yaml import YAML

from deploy.local.deadlines import scaled
from deploy.local.server_process import Child, LocalServer, free_ports

OBSERVABILITY = Path(__file__).parents[1] / "observability"
READY_WITHIN_S = 30
STOP_WITHIN_S = 10
ANSWER_WITHIN_S = 10


def program(*names: str) -> str | None:
    """Return the path of the first of these programs that is installed, None without one."""
    return next((path for path in map(shutil.which, names) if path), None)


class MonitoringServer(LocalServer):
    """A server of the Prometheus project, with its data, configuration and log in `folder`.

    As a context manager, it is ready inside the block and stopped after it.
    """

    name: ClassVar[str]
    programs: ClassVar[Sequence[str]]

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)[0]
        self.configuration_file = self.folder / f"{self.name}.json"
        # JSON is YAML, too.
        self.configuration_file.write_text(json.dumps(configuration, indent=1))
        self._server: Child | None = None

    @classmethod
    def is_installed(cls) -> bool:
        """Return whether the program is installed."""
        return program(*cls.programs) is not None

    @property
    def url(self) -> str:
        """Return the address of the server. Restarts keep it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return the log file."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Return the process id, None before the start and after the stop."""
        return self._server.pid if self._server else None

    @property
    def running(self) -> bool:
        """Return whether the server was started and has not ended by itself."""
        return self._server is not None and self._server.running

    def start(self) -> None:
        """Start the server without waiting. Raise RuntimeError if its program is not installed."""
        path = program(*self.programs)
        if path is None:
            raise RuntimeError(f"{self.programs[0]} is not installed, so it was not started. {INSTALL_HINT}")
        command = [path, f"--config.file={self.configuration_file}", f"--web.listen-address=127.0.0.1:{self.port}"]
        self._server = Child([*command, *self.arguments()], self.log)

    def wait_ready(self) -> None:
        """Wait until the server serves. Raise RuntimeError with the end of its log if it does not."""
        if self._server:
            self._server.wait_until(self._is_ready, READY_WITHIN_S)

    def stop(self) -> None:
        """Stop the server. Its data and port are kept for the next start."""
        server, self._server = self._server, None
        if server:
            server.stop(STOP_WITHIN_S)

    def restart(self) -> None:
        """Restart the server with its stored data, and wait until it serves."""
        self.stop()
        self.start()
        self.wait_ready()

    @abstractmethod
    def arguments(self) -> Sequence[str]:
        """Return the arguments beside configuration and address."""

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer to a GET request."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=scaled(ANSWER_WITHIN_S)) as answer:  # noqa: S310
            return json.load(answer)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=scaled(1)):  # noqa: S310 - 127.0.0.1
                return True
        except OSError:  # also the 503 of a server that loads its data
            return False


class Prometheus(MonitoringServer):
    """Scrapes the targets of a file, evaluates rules, and sends alerts to an Alertmanager if one is given."""

    name = "prometheus"
    programs = ("prometheus",)

    def __init__(
        self, folder: Path, targets: Path, rules: Sequence[Path] = (), *, alertmanager: int = 0, interval: str = "2s"
    ) -> None:
        production = read_yaml(OBSERVABILITY / "prometheus.yaml")
        super().__init__(folder, local_configuration(production, targets, rules, alertmanager, interval))

    def arguments(self) -> Sequence[str]:
        """Return where the series are kept, and how soon an alert is sent again."""
        # The first evaluation comes before Prometheus knows its Alertmanager; by default it sends again after a minute.
        return [f"--storage.tsdb.path={self.folder / 'data'}", "--rules.alert.resend-delay=5s"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of a PromQL expression now, each with `metric` and `value`."""
        result: list[dict[str, Any]] = self.get("/api/v1/query", query=expression)["data"]["result"]
        return result


class Alertmanager(MonitoringServer):
    """Groups the alerts of Prometheus, inhibits those that follow from another one, and notifies receivers."""

    name = "alertmanager"
    programs = ("prometheus-alertmanager", "alertmanager")  # Debian gives it a name of its own

    def arguments(self) -> Sequence[str]:
        """Return where silences are kept, and that this one is no member of a cluster, which needs a second port."""
        return [f"--storage.path={self.folder / 'data'}", "--cluster.listen-address="]


INSTALL_HINT = "On Debian or Ubuntu: sudo apt-get install prometheus prometheus-alertmanager"


def read_yaml(file: Path) -> Any:  # noqa: ANN401 - YAML
    """Return the content of a YAML file."""
    return YAML(typ="safe", pure=True).load(file)


def local_configuration(
    production: Mapping[str, Any], targets: Path, rules: Sequence[Path], alertmanager: int, interval: str
) -> dict[str, Any]:
    """Return the configuration of a Prometheus on this computer: that of production with other places and intervals."""
    job = {**production["scrape_configs"][0], "file_sd_configs": [{"files": [str(targets)]}]}
    managers = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}] if alertmanager else []
    return {
        "global": {**production["global"], "scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [str(file) for file in rules],
        "alerting": {"alertmanagers": managers},
        "scrape_configs": [job],
    }
