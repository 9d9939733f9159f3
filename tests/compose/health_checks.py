"""Runs the health checks of podman's containers, which otherwise need the timers of systemd."""

import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

POLL_S = 0.3
STARTING_EVERY_S = 1
HEALTHY_EVERY_S = 15
"""Not the intervals of the containers: these tests wait for containers that start, on two cores."""
ANSWER_WITHIN_S = 60

log = logging.getLogger(__name__)


class HealthChecks:
    """Checks each running container that has a health check, in a thread of this process."""

    def __init__(self, engine_socket: Path) -> None:
        self._socket = engine_socket
        self._ended = threading.Event()
        self._has_check: dict[str, bool] = {}
        self._due: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="health-checks", daemon=True)

    def start(self) -> None:
        """Start checking; the socket of the engine may appear later."""
        self._thread.start()

    def stop(self) -> None:
        """Stop checking, and wait for the checks that are being made."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(ANSWER_WITHIN_S)

    def _run(self) -> None:
        with ThreadPoolExecutor(2, "health-check") as pool:
            while not self._ended.wait(POLL_S):
                try:
                    for container in self._ask("containers/json") or []:
                        self._check_if_due(pool, container["Id"])
                except (OSError, HTTPException, ValueError) as error:
                    log.debug("the engine does not answer: %s", error)

    def _check_if_due(self, pool: ThreadPoolExecutor, container: str) -> None:
        if container not in self._has_check:
            self._has_check[container] = self._read_check(container)
        if self._has_check[container] and self._due.get(container, 0) <= time.monotonic():
            self._due[container] = float("inf")
            pool.submit(self._check, container)

    def _read_check(self, container: str) -> bool:
        config = (self._ask(f"containers/{container}/json") or {}).get("Config", {}).get("Healthcheck") or {}
        return bool(config.get("Test", ["NONE"])[0] != "NONE")

    def _check(self, container: str) -> None:
        healthy = False
        try:
            answer = self._ask(f"containers/{container}/healthcheck") or {}
            healthy = answer.get("Status") == "healthy"
        except (OSError, HTTPException, ValueError) as error:
            log.debug("a health check was not made: %s", error)
        finally:
            self._due[container] = time.monotonic() + (HEALTHY_EVERY_S if healthy else STARTING_EVERY_S)

    def _ask(self, target: str) -> Any:
        connection = UnixConnection(self._socket)
        try:
            connection.request("GET", f"/v4.0.0/libpod/{target}")
            answer = connection.getresponse()
            body = answer.read()
            return json.loads(body) if answer.status < 300 else None
        finally:
            connection.close()


class UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=ANSWER_WITHIN_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
