"""Runs the containers of docker-compose.yml on the engine of these tests."""

import json
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.compose import prepare
from deploy.install.progress import ROOT
from deploy.local.server_process import free_ports
from tests.compose.engine import Engine
from tests.support.documents import commands_of

COMPOSE = str(ROOT / ".venv" / "bin" / "docker-compose")
PROCESSES = ("policy", "roster", "attendance", "reporting", "relay", "worker", "reconcile")
OTHERS = ("kafka", "postgres", "gateway", "keycloak", "prometheus", "alertmanager", "grafana")
CONTAINERS = (*PROCESSES, *OTHERS)
"""The containers that stay."""
DEMO_PARTS = ("gateway", "kafka", "postgres", "keycloak", "prometheus", "alertmanager", "grafana")
DEMO_CONTAINERS = ("demo", *(f"demo-{name}" for name in DEMO_PARTS))
"""The containers of the profile demo."""
UP_WITHIN_S = 600


class Stack:
    """The containers of one project and its secrets; gateway and Keycloak's administrator have a port of 127.0.0.1."""

    def __init__(self, engine: Engine, folder: Path, variables: Mapping[str, str] = {}) -> None:
        self.engine = engine
        self._variables = variables
        self.port, self.admin_port = free_ports(2)
        self.secrets = folder / "secrets"
        self.first_up_s = 0.0
        self._env = folder / ".env"
        # What an operator types: `docker compose` beside the file of settings.
        self._docker = folder / "bin" / "docker"
        self._docker.parent.mkdir()
        self._docker.write_text(f'#!/bin/sh\nshift\nexec {COMPOSE} --env-file={self._env} "$@"\n')
        self._docker.chmod(0o755)
        prepare.main([f"--listen=127.0.0.1:{self.port}", f"--env={self._env}", f"--secrets={self.secrets}"])

    @property
    def url(self) -> str:
        """Return the address of the gateway."""
        return f"https://localhost:{self.port}"

    def secret(self, name: str) -> str:
        """Return a secret of the stack."""
        return (self.secrets / name).read_text()

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts the certificate of the gateway and no other."""
        return ssl.create_default_context(cafile=str(self.secrets / prepare.CERTIFICATE))

    def up(self, *profiles: str) -> float:
        """Start the services of these profiles, wait until all are healthy, and return the seconds it took."""
        started_at = time.monotonic()
        # Without --no-recreate, Compose would replace every running container: podman names networks otherwise.
        options = ("--detach", "--wait", f"--wait-timeout={UP_WITHIN_S}", "--no-build", "--no-recreate")
        self.compose("up", *options, profiles=profiles)
        return time.monotonic() - started_at

    def stop(self) -> None:
        """Stop all containers, each within its own time."""
        self.compose("stop", profiles=["*"])

    def down(self) -> None:
        """Remove all containers, networks and volumes of this project."""
        self.compose("down", "--volumes", "--timeout=20", profiles=["*"])

    def exec(self, service: str, *command: str) -> str:
        """Run a command in the container of a service and return what it printed."""
        return self.engine.run("podman", "exec", self.container(service), *command)

    def container(self, service: str) -> str:
        """Return the name of the container of a service."""
        return f"piket-{service}-1"

    def inspect(self, service: str) -> Mapping[str, Any]:
        """Return what the engine knows of the container of a service."""
        (container,) = json.loads(self.engine.run("podman", "inspect", self.container(service)))
        return dict(container)

    def logs(self, service: str) -> str:
        """Return all lines that the container of a service has logged."""
        return self.log_of(self.container(service))

    def log_of(self, container: str) -> str:
        """Return all lines that a container has logged, from its start."""
        return self.engine.run("sh", "-c", 'podman logs "$0" 2>&1', container)

    def follow(self, document: str, name: str) -> str:
        """Run a block of a document as written, in a terminal of this stack, and return what it printed.

        Raise RuntimeError with its errors.
        """
        path = f"{self._docker.parent}:{os.environ['PATH']}"
        variables = {"PATH": path, "PIKET_ADMIN_PORT": str(self.admin_port)}
        return self.engine.run("bash", "-euc", f"{{ {commands_of(document, name)} }} 2>&1", variables=variables)

    def piket(self, *arguments: str) -> str:
        """Run a command of `piket` in the container of an operator; return all that it printed, whatever its status."""
        command = (str(self._docker), "compose", "run", "--rm", "--no-TTY", "operations", *arguments)
        return self.engine.run("sh", "-c", '"$@" 2>&1 || true', "sh", *command)

    def compose(self, *arguments: str, profiles: Sequence[str]) -> str:
        """Run a command of Compose and return what it printed. Raise RuntimeError with its errors."""
        options = [f"--profile={profile}" for profile in profiles]
        ports = {"PIKET_ADMIN_PORT": str(self.admin_port), "PIKET_DEMO_PORT": str(self.port)}
        variables = {"COMPOSE_PROFILES": "", **ports, **self._variables}
        return self.engine.run(COMPOSE, f"--env-file={self._env}", *options, *arguments, variables=variables)
