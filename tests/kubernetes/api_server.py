"""Runs the API server of Kubernetes, with an etcd, on 127.0.0.1: what it takes, a cluster takes. No pod is started."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.server_process import Child, LocalServer, free_ports

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "server"
TOKEN = "of-the-test"  # noqa: S105 - the server lives as long as the test, on the loopback interface
READY_WITHIN_S = 120


def built_server() -> Path:
    """Return the API server, built by Go the first time: nine minutes of processor time, less than a minute later."""
    program = Path(os.environ.get("PIKET_CACHE") or ROOT / ".cache").resolve() / "kubernetes" / "api-server"
    program.parent.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-mod=readonly", "-o", str(program), "."]
    subprocess.run(command, check=True, cwd=SOURCE, stdin=subprocess.DEVNULL)
    return program


class ApiServer(LocalServer):
    """An API server and its etcd, with keys, data and logs in `folder`."""

    def __init__(self, folder: Path, program: Path) -> None:
        self._folder, self._program = folder, program
        self._port, self._client_port, self._peer_port = free_ports(3)
        self._servers: list[Child] = []
        self._configuration = folder / "kubeconfig"

    def start(self) -> None:
        """Start etcd and the API server without waiting."""
        address = f"https://127.0.0.1:{self._port}"
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": {"server": address, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "it", "user": {"token": TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        self._configuration.write_text(json.dumps(configuration))
        self._servers = [
            Child(self._etcd_command(), self._folder / "etcd.log"),
            Child(self._api_command(), self._folder / "api.log"),
        ]

    def wait_ready(self) -> None:
        """Wait until the API server serves. Raise RuntimeError with the end of its log if it does not."""
        self._servers[-1].wait_until(lambda: self.kubectl("get", "--raw", "/readyz").returncode == 0, READY_WITHIN_S)

    def stop(self) -> None:
        """Stop the API server, then its etcd."""
        while self._servers:
            self._servers.pop().stop(10)

    def kubectl(self, *arguments: str, objects: Sequence[Mapping[str, Any]] = ()) -> "subprocess.CompletedProcess[str]":
        """Run kubectl, with these objects as its input, and return what it printed and its status."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        command = [str(Path(sys.executable).parent / "kubectl"), f"--kubeconfig={self._configuration}", *arguments]
        return subprocess.run(command, check=False, input=document, capture_output=True, text=True)

    def _etcd_command(self) -> Sequence[str]:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self._client_port, self._peer_port))
        etcd = shutil.which("etcd")
        assert etcd, "etcd is not on the PATH (Debian: etcd-server)"
        return [
            etcd,
            f"--data-dir={self._folder / 'etcd'}",
            *(f"--{of}-client-urls={client}" for of in ("listen", "advertise")),
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]

    def _api_command(self) -> Sequence[str]:
        key, tokens = self._folder / "key.pem", self._folder / "tokens.csv"
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.write_bytes(rsa.generate_private_key(65537, 2048).private_bytes(*form))
        tokens.write_text(f"{TOKEN},test,test,system:masters\n")
        options = {
            "etcd-servers": f"http://127.0.0.1:{self._client_port}",
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": self._port,
            "cert-dir": self._folder / "certificates",
            "service-cluster-ip-range": "10.0.0.0/24",
            "token-auth-file": tokens,
            "service-account-issuer": "https://127.0.0.1",
            "service-account-key-file": key,
            "service-account-signing-key-file": key,
            # Accounts of namespaces are made by a controller, which does not run here.
            "disable-admission-plugins": "ServiceAccount",
            "endpoint-reconciler-type": "none",
        }
        return [str(self._program), *(f"--{name}={value}" for name, value in options.items())]
