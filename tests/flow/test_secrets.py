"""Tests that a password in the settings appears nowhere: logs, errors, pages, metrics, list of processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import pytest

from deploy.local.deadlines import scaled
from deploy.local.postgresql import Postgresql
from deploy.local.server_process import free_ports
from shared.settings import Settings
from tests.support.service_process import ServiceProcess, running_process, start_process

pytestmark = pytest.mark.processes

SECRET = "hush-7f3c"  # noqa: S105 - planted
PATHS = (
    "/",
    "/operasi",
    "/readyz",
    "/healthz",
    "/opd/32/DPMPTSP",
    "/policy/v1/32/opd/DPMPTSP",
    "/reporting/v1/32/feed",
)
NOWHERE = f"127.0.0.1:{free_ports(1)[0]}"


def planted_settings(place: str, folder: Path, address: str) -> dict[str, str]:
    """Return settings with the password in a file, in the address, or in an address that is none."""
    file = folder / "password"
    file.write_text(f"{SECRET}\n")
    user, rest = address.split("@")
    return {
        "file": {"PIKET_STORE": address, "PIKET_STORE_PASSWORD_FILE": str(file)},
        "address": {"PIKET_STORE": f"{user}:{quote(SECRET)}@{rest}"},
        "wrong address": {"PIKET_STORE": f"{user}:{SECRET} {SECRET}@{rest}"},
        "wrong scheme": {"PIKET_STORE": f"postgres://x:{SECRET}@host/x"},
    }[place]


@pytest.mark.parametrize("place", ["file", "address", "wrong address", "wrong scheme"])
@pytest.mark.parametrize("name", ["attendance", "relay"])
def test_a_process_without_its_database_names_no_password(name: str, place: str, tmp_path: Path) -> None:
    process = start_process(name, tmp_path, **planted_settings(place, tmp_path, f"postgresql://piket@{NOWHERE}/x"))
    with pytest.raises(RuntimeError, match="ended by itself"):
        process.child.wait_until(lambda: False, 60)
    logged = process.child.logged().decode()
    assert ("PIKET_STORE" in logged, "Traceback" in logged, SECRET in logged) == (True, False, False)
    process.child.kill()


@pytest.mark.parametrize("command", [("verify", "policy"), ("doctor",), ("relay",)])
def test_a_command_without_its_database_names_no_password(command: tuple[str, ...], tmp_path: Path) -> None:
    settings = planted_settings("address", tmp_path, f"postgresql://piket@{NOWHERE}/x")
    run = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *command],
        env={"PATH": "/usr/bin:/bin", "PIKET_FOLDER": str(tmp_path), "PIKET_KAFKA": NOWHERE, **settings},
        capture_output=True, text=True, check=False, timeout=scaled(60),
    )  # fmt: skip
    assert (run.returncode, SECRET in run.stdout + run.stderr) == (1, False)


class ProcessWithDatabase(NamedTuple):
    """A process that reads the password of its database from a file."""

    process: ServiceProcess
    server: Postgresql
    password: str


@pytest.fixture(params=["policy", "reporting", "relay"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProcessWithDatabase]:
    with Postgresql(tmp_path / "postgresql") as server:
        url = urlsplit(server.create_database("secrets"))
        file = tmp_path / "password"
        file.write_text(url.password or "")
        address = f"postgresql://{url.username}@127.0.0.1:{url.port}{url.path}"
        settings = {"PIKET_STORE": address, "PIKET_STORE_PASSWORD_FILE": str(file)}
        process = running_process(request.param, tmp_path, **settings)
        yield ProcessWithDatabase(process, server, url.password or "")
        process.child.kill()


@pytest.mark.parts
def test_a_process_that_loses_its_database_shows_no_password_anywhere(running: ProcessWithDatabase) -> None:
    process, password = running.process, running.password
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline")]
    assert [line for line in lines if password.encode() in line] == []
    running.server.stop()
    status, parts = process.parts()
    lost = [name for name, part in parts.items() if name.startswith("store") and not part["works"]]
    assert (status, bool(lost)) == (503, True)
    answers = [httpx.get(f"{process.health}{path}", timeout=scaled(20)).text for path in PATHS]
    answers.append(httpx.get(f"{process.metrics}/metrics").text)
    assert [text for text in answers if password in text] == []
    assert process.terminate() == 0
    assert password not in process.child.logged().decode()


def test_settings_that_are_printed_show_no_password(tmp_path: Path) -> None:
    settings = Settings(store=f"postgresql://piket:{SECRET}@host/x", folder=tmp_path)
    assert SECRET in settings.store_url("policy")
    assert SECRET not in f"{settings!r} {settings}"
