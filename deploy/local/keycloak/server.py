"""Runs Keycloak with the realm that Piket ships, and with the example people of the demo."""

import secrets
import shutil
from pathlib import Path

import httpx

from deploy.local.keycloak.distribution import distribution
from deploy.local.server_process import Child, LocalServer, free_ports

IDENTITY = Path(__file__).parents[2] / "identity"
REALM_FILE = IDENTITY / "piket-realm.json"
PEOPLE_FILE = IDENTITY / "example-people" / "piket-users-0.json"
READY_WITHIN_S = 240
STOP_WITHIN_S = 15
ANSWER_WITHIN_S = 5
THREADS = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
# C1 alone: a start takes a third less processor time than with the optimising compiler, which a test never needs.
JAVA = ("java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


class Keycloak(LocalServer):
    """A Keycloak with its data in memory. `public_url` is where Piket's pages are; one region has a scope for services.

    As a context manager, it serves inside the block. Everything that it holds is lost when it stops.
    """

    def __init__(self, folder: Path, public_url: str, region: str = "32") -> None:
        self.folder = folder.resolve()
        self.port = free_ports(1)[0]
        self.admin_password, self.people_password = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.client_secrets = {client: secrets.token_urlsafe(32) for client in ("roster", "reporting")}
        self.public_url, self._region = public_url, region
        self._server: Child | None = None

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        """Return the issuer that its tokens name (PIKET_ISSUER)."""
        return f"{self.url}/realms/piket"

    def start(self) -> None:
        """Start the server without waiting. The first start on a computer fetches and builds it."""
        built = distribution()
        imported = self.folder / "data" / "import"
        imported.mkdir(parents=True, exist_ok=True)
        for file in REALM_FILE, PEOPLE_FILE:
            shutil.copy(file, imported)
        # A folder of its own, so that several servers share one distribution and write nothing into it.
        for part in "lib", "providers":
            (self.folder / part).symlink_to(built / part)
        variables = [f"{name}={value}" for name, value in self._environment().items()]
        self._server = Child(["env", *variables, *self._command(built)], self.folder / "keycloak.log")

    def wait_ready(self) -> None:
        """Wait until the realm serves. Raise RuntimeError with the end of the log if it does not."""
        if self._server:
            self._server.wait_until(self._answers, READY_WITHIN_S)

    def stop(self) -> None:
        """Stop the server, if it runs."""
        server, self._server = self._server, None
        if server:
            server.stop(STOP_WITHIN_S)

    def _environment(self) -> dict[str, str]:
        """Return the variables that the realm file names, and the first administrator."""
        return {
            "PIKET_PUBLIC_URL": self.public_url,
            "PIKET_REGION": self._region,
            "PIKET_EXAMPLE_PASSWORD": self.people_password,
            **{f"PIKET_{name.upper()}_CLIENT_SECRET": secret for name, secret in self.client_secrets.items()},
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": self.admin_password,
        }

    def _command(self, built: Path) -> list[str]:
        address = [f"--http-port={self.port}", "--http-host=127.0.0.1", f"--hostname={self.url}"]
        return [
            *JAVA,
            f"-Dkc.home.dir={self.folder}",
            f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={THREADS}",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            *("-cp", str(built / "lib" / "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint"),
            *("start", "--optimized", "--import-realm", "--cache=local", "--http-enabled=true", *address),
        ]

    def _answers(self) -> bool:
        try:
            return httpx.get(self.issuer, timeout=ANSWER_WITHIN_S).is_success
        except httpx.HTTPError:
            return False
