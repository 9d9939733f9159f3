"""Runs services whose tokens come from a real Keycloak, and changes its realm as an administrator does."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from deploy.local.keycloak.distribution import distribution
from deploy.local.keycloak.server import Keycloak
from deploy.local.server_process import Child, free_ports

READY_WITHIN_S = 60


class Administrator:
    """An administrator of the realm, over Keycloak's admin API."""

    def __init__(self, keycloak: Keycloak) -> None:
        self._keycloak = keycloak
        self._http = httpx.Client(base_url=keycloak.url, timeout=20)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request about the realm and return the JSON answer, None without one."""
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
        answer = self._http.post(
            "/realms/master/protocol/openid-connect/token", data=form | {"password": self._keycloak.admin_password}
        )
        headers = {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}
        answer = self._http.request(method, f"/admin/realms/piket{path}", json=body, headers=headers)
        return answer.raise_for_status().json() if answer.content else None

    def change_client(self, client_id: str, attributes: Mapping[str, str] = {}, **members: Any) -> None:
        """Change attributes and members of a client."""
        (client,) = self.send("GET", f"/clients?clientId={client_id}")
        changed = client | members | {"attributes": client["attributes"] | attributes}
        self.send("PUT", f"/clients/{client['id']}", changed)

    def change_user(self, username: str, **members: Any) -> None:
        """Change members of a user."""
        (user,) = self.send("GET", f"/users?username={username}&exact=true")
        self.send("PUT", f"/users/{user['id']}", user | members)

    def let_sign_in(self, username: str) -> None:
        """Give an account the password of the example people, which stays."""
        (user,) = self.send("GET", f"/users?username={username}&exact=true")
        password = {"type": "password", "value": self._keycloak.people_password, "temporary": False}
        self.send("PUT", f"/users/{user['id']}/reset-password", password)
        self.change_user(username, requiredActions=[])

    def run_kcadm(self, folder: Path, commands: Iterable[str]) -> str:
        """Run commands of a page in a terminal where `kcadm` is signed in; return what it printed. All must succeed."""
        program = f"sh {distribution()}/bin/kcadm.sh"
        lines = [
            "set -e",
            f'kcadm() {{ {program} "$@" --config {folder}/kcadm.config; }}',
            f"kcadm config credentials --server {self._keycloak.url} --realm master --user admin",
            *commands,
        ]
        # Short programs: the optimising compiler would cost more than it gains.
        variables = {"KC_CLI_PASSWORD": self._keycloak.admin_password, "KC_OPTS": "-XX:TieredStopAtLevel=1"}
        shell = ["bash", "-c", "\n".join(lines)]
        done = subprocess.run(
            shell, check=False, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return f"{done.stdout}{done.stderr}"

    @contextmanager
    def rotated_key(self, name: str) -> Iterator[None]:
        """Add a key pair that signs inside the block, and remove it after the block."""
        kind = "org.keycloak.keys.KeyProvider"
        config = {"priority": ["500"], "enabled": ["true"], "active": ["true"], "ecdsaEllipticCurveKey": ["P-256"]}
        component = {"name": name, "providerId": "ecdsa-generated", "providerType": kind, "config": config}
        self.send("POST", "/components", component)
        yield
        (added,) = self.send("GET", f"/components?name={name}&type={kind}")
        self.send("DELETE", f"/components/{added['id']}")

    @contextmanager
    def audience(self, name: str) -> Iterator[None]:
        """Let tokens name another audience inside the block."""
        (scope,) = (scope for scope in self.send("GET", "/client-scopes") if scope["name"] == "piket")
        path = f"/client-scopes/{scope['id']}/protocol-mappers/models"
        (mapper,) = (mapper for mapper in self.send("GET", path) if mapper["name"] == "audience")
        changed = mapper | {"config": mapper["config"] | {"included.custom.audience": name}}
        self.send("PUT", f"{path}/{mapper['id']}", changed)
        try:
            yield
        finally:
            self.send("PUT", f"{path}/{mapper['id']}", mapper)

    def token(self, user: str, client_id: str = "piket-cli") -> str:
        """Return a token of an example person by the password grant, which no client of the realm file permits."""
        self.change_client(client_id, directAccessGrantsEnabled=True)
        answer = self.password_grant(user, client_id)
        return str(answer.raise_for_status().json()["access_token"])

    def password_grant(self, user: str, client_id: str = "piket-cli") -> httpx.Response:
        """Ask for a token with the password of an example person."""
        form = {"grant_type": "password", "client_id": client_id, "username": user}
        form |= {"password": self._keycloak.people_password}
        return self._http.post("/realms/piket/protocol/openid-connect/token", data=form)


class KeySetAddress:
    """An address between a service and the key set of Keycloak; it counts, and answers what a test sets instead."""

    def __init__(self, keycloak: Keycloak) -> None:
        self.requests, self.instead = 0, (0, b"")
        address = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address.requests += 1
                upstream = httpx.get(f"{keycloak.issuer}/protocol/openid-connect/certs", timeout=20)
                status, content = address.instead if address.instead[0] else (200, upstream.content)
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", free_ports(1)[0]), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"

    @contextmanager
    def served(self) -> Iterator["KeySetAddress"]:
        """Serve inside the block."""
        thread = Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()
        thread.join()


@contextmanager
def running_services(folder: Path, keycloak: Keycloak, *services: str, port: int = 0, **settings: str) -> Iterator[str]:
    """Run services in one production process without Kafka inside the block; return their address."""
    port = port or free_ports(1)[0]
    folder.mkdir(parents=True, exist_ok=True)
    kafka = f"127.0.0.1:{free_ports(1)[0]}"
    variables = {"PIKET_FOLDER": str(folder), "PIKET_ISSUER": keycloak.issuer, "PIKET_KAFKA": kafka} | settings
    command = [sys.executable, "-m", "deploy.cli", "serve", *services, "--port", str(port)]
    server = Child(["env", *(f"{name}={value}" for name, value in variables.items()), *command], folder / "log")
    url = f"http://127.0.0.1:{port}"
    try:
        server.wait_until(lambda: _answers(url), READY_WITHIN_S)
        yield url
    finally:
        server.stop(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.HTTPError:
        return False
