"""Runs a Docker-compatible engine without Docker or systemd: podman's API on a Unix socket, all under one folder."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from string import Template

from deploy.install.progress import ROOT
from deploy.local.server_process import Child, LocalServer
from tests.compose.health_checks import HealthChecks

CACHE = Path(os.environ.get("PIKET_CACHE") or ROOT / ".cache").resolve() / "compose"
READY_WITHIN_S = 30
STOP_WITHIN_S = 10

CONTAINERS = Template("""\
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=16384:16384"]
log_driver = "k8s-file"
pids_limit = 0
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# In files of its own: the shared memory of the default is one for all engines of this computer.
lock_type = "file"
tmp_dir = "$folder/run/libpod"
num_locks = 512
healthcheck_events = false
volume_path = "$folder/volumes"
[network]
network_backend = "netavark"
network_config_dir = "$folder/networks"
default_subnet_pools = [{"base" = "10.89.0.0/16", "size" = 24}]
""")
STORAGE = Template("""\
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "$folder/run"
""")
REGISTRIES = """\
unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
"""


class Engine(LocalServer):
    """podman as a Docker engine. Its images stay in the cache; nothing outside its folder is changed."""

    def __init__(self, folder: Path = CACHE / "engine") -> None:
        self.folder = folder
        for part in ("storage", "run", "networks", "volumes"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        # A socket of its own in each run: its path must be shorter than 108 characters.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="piket-engine-"))
        self.socket = self._socket_folder / "podman.sock"
        self._write_configuration()
        self._service: Child | None = None
        self._health_checks = HealthChecks(self.socket)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables by which podman, Buildah and Compose use this engine."""
        return {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "BUILDAH_ISOLATION": "chroot",
            # Without systemd, a container with a health check would not start.
            "DISABLE_HC_SYSTEMD": "true",
            "DOCKER_HOST": f"unix://{self.socket}",
        }

    def start(self) -> None:
        """Start the API and the health checks, which podman leaves to systemd."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        command = ["env", *variables, "podman", "system", "service", "--time=0", f"unix://{self.socket}"]
        self._service = Child(command, self.folder / "service.log")
        self._health_checks.start()

    def wait_ready(self) -> None:
        """Wait for the socket of the API."""
        if self._service:
            self._service.wait_until(self.socket.exists, READY_WITHIN_S)

    def stop(self) -> None:
        """Stop the API. Containers would go on running: take the stack down first."""
        self._health_checks.stop()
        service, self._service = self._service, None
        if service:
            service.stop(STOP_WITHIN_S)
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def run(self, *command: str, variables: Mapping[str, str] = {}) -> str:
        """Run a command that uses this engine and return what it printed. Raise RuntimeError with its errors."""
        completed = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment, **variables},
            cwd=ROOT,
        )
        if completed.returncode:
            output = f"{completed.stdout[-3000:]}\n{completed.stderr[-3000:]}"
            raise RuntimeError(f"{' '.join(command)} ended with status {completed.returncode}:\n{output}")
        return completed.stdout

    def _write_configuration(self) -> None:
        # Without CAP_SYS_RESOURCE no container may ask for more than the hard limit of this process.
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        values = {"folder": self.folder, "files": files if files != resource.RLIM_INFINITY else 1_048_576}
        (self.folder / "containers.conf").write_text(CONTAINERS.substitute(values))
        (self.folder / "storage.conf").write_text(STORAGE.substitute(values))
        (self.folder / "registries.conf").write_text(REGISTRIES)
