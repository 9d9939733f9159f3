"""Starts the processes of an installation without Kafka: an entry point each, with a store on SQLite."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from deploy.local.server_process import Child, free_ports
from deploy.local.token_issuer import Issuer

MODULES: Mapping[str, str] = {
    "policy": "services.policy",
    "roster": "services.roster",
    "attendance": "services.attendance",
    "reporting": "services.reporting",
    "relay": "deploy.operations.relay",
}
WEB_SERVICES = ("policy", "roster", "attendance", "reporting")
ENDS_WITHIN_S = 10


@dataclass
class ServiceProcess:
    """A running process, its settings, and the addresses of its health and of its metrics."""

    child: Child
    environment: Mapping[str, str]
    health: str
    metrics: str

    def is_alive(self) -> bool:
        """Return whether the process answers `/healthz`."""
        try:
            return httpx.get(f"{self.health}/healthz", verify=False).status_code == HTTPStatus.OK  # noqa: S501
        except httpx.TransportError:
            return False

    def parts(self) -> tuple[int, Mapping[str, Any]]:
        """Return the status of `/readyz` and the parts that it names."""
        answer = httpx.get(f"{self.health}/readyz", verify=False)  # noqa: S501
        return answer.status_code, answer.json()["parts"]

    def check_health(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the health check of a container with the settings of the process."""
        command = [sys.executable, "-m", "shared.health_check", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def terminate(self) -> int | None:
        """Send SIGTERM and return the exit status; -9 if the process did not end within its time."""
        self.child.stop(ENDS_WITHIN_S)
        return self.child.status


def start_process(name: str, folder: Path, **settings: str) -> ServiceProcess:
    """Start a process whose Kafka is away, without waiting until it is ready."""
    port, metrics_port, nobody = map(str, free_ports(3))
    issuer = Issuer(folder, "demo")
    environment = {
        "PATH": os.environ["PATH"],
        "PIKET_PROFILE": "demo",
        "PIKET_FOLDER": str(folder),
        "PIKET_KAFKA": f"127.0.0.1:{nobody}",
        "PIKET_JWKS": str(issuer.jwks_file),
        "PIKET_PORT": port,
        "PIKET_METRICS_PORT": metrics_port,
        **settings,
    }
    command = ["env", *(f"{key}={value}" for key, value in environment.items()), sys.executable, "-m", MODULES[name]]
    scheme = "https" if "PIKET_TLS_KEY" in settings else "http"
    metrics = f"http://127.0.0.1:{metrics_port}"
    health = f"{scheme}://127.0.0.1:{port}" if name in WEB_SERVICES else metrics
    return ServiceProcess(Child(command, folder / f"{name}.log"), environment, health, metrics)


def running_process(name: str, folder: Path, **settings: str) -> ServiceProcess:
    """Start a process and wait until it answers."""
    process = start_process(name, folder, **settings)
    process.child.wait_until(process.is_alive, 60)
    return process
