"""Tests the processes of an installation one by one, without Kafka: health, the end by SIGTERM, TLS, light imports."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.deadlines import scaled
from deploy.local.token_issuer import Issuer
from tests.support.service_process import MODULES, ServiceProcess, running_process, start_process

pytestmark = pytest.mark.processes

FEED = "/attendance/v1/32/feed"
UNREADY = {"reporting": "view", "relay": "kafka"}
"""What a process misses while Kafka is away; the others answer without it."""
Start = Callable[..., ServiceProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = list[ServiceProcess]()

    def start(name: str, **settings: str) -> ServiceProcess:
        started.append(running_process(name, tmp_path, **settings))
        return started[-1]

    yield start
    for process in started:
        process.child.kill()


@pytest.mark.parametrize("name", MODULES)
def test_without_kafka_a_process_says_what_works_and_ends_in_time(name: str, start: Start) -> None:
    process = start(name)
    status, parts = process.parts()
    missing = [part for part, state in parts.items() if state["required"] and not state["works"]]
    assert (status, missing) == ((503, [UNREADY[name]]) if name in UNREADY else (200, []))
    assert (parts["kafka"]["state"], parts["kafka"]["works"]) == ("does not answer", False)
    assert name != "roster" or (parts["policy"]["state"], parts["policy"]["works"]) == ("is not read", False)
    check, live = process.check_health(), process.check_health("--live")
    assert (check.returncode, live.returncode) == (int(name in UNREADY), 0), check.stderr
    assert 'piket_build_info{service="' + name in httpx.get(f"{process.metrics}/metrics").text
    assert process.terminate() == 0
    assert process.check_health("--live").returncode == 1


async def test_a_request_in_flight_is_answered_and_a_stream_is_ended_when_a_service_ends(
    start: Start, tmp_path: Path
) -> None:
    process = start("attendance")
    headers = {"authorization": f"Bearer {Issuer(tmp_path, 'demo').token('agus')}"}
    async with httpx.AsyncClient(base_url=process.health, headers=headers, timeout=scaled(20)) as http:

        async def stream() -> tuple[int, bytes]:
            async with http.stream("GET", FEED, headers={"accept": "text/event-stream"}) as answer:
                connected.set()
                return answer.status_code, await answer.aread()  # raises if the connection breaks

        connected = asyncio.Event()
        reading = asyncio.create_task(stream())
        polling = asyncio.create_task(http.get(FEED, params={"timeout": 2}))
        await connected.wait()
        await asyncio.sleep(0.5)  # the poll is waiting for an event by now
        status = await asyncio.to_thread(process.terminate)
        assert (status, await reading, (await polling).status_code) == (0, (200, b""), 200)


def test_a_service_speaks_tls_and_its_health_check_too(start: Start, tmp_path: Path) -> None:
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    subject = ["-subj", "/CN=piket.example", "-days", "1", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(["openssl", "req", "-x509", *curve, *subject], check=True, capture_output=True)
    process = start("policy", PIKET_TLS_CERTIFICATE=str(certificate), PIKET_TLS_KEY=str(key))
    assert (process.health[:5], process.check_health().returncode) == ("https", 0)
    with pytest.raises(httpx.TransportError):
        httpx.get(process.health.replace("https", "http"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"PIKET_HOST": "192.0.2.1"}, "PIKET_HOST: Value error, PIKET_PROFILE=demo listens on this computer only"),
        ({"PIKET_METRICS_HOST": "::"}, "PIKET_METRICS_HOST: Value error, PIKET_PROFILE=demo listens on this"),
        ({"PIKET_PROFILE": "test"}, "PIKET_PROFILE: Input should be 'production' or 'demo'"),
        ({"PIKET_TLS_KEY": "pyproject.toml"}, "PIKET_TLS_CERTIFICATE and PIKET_TLS_KEY are set together"),
        ({"PIKET_TLS_KEY": "/nowhere/key"}, "PIKET_TLS_KEY: Value error, /nowhere/key is not a file"),
        ({"PIKET_TRUSTED_PROXIES": "10.0.0.0/8,gateway"}, "PIKET_TRUSTED_PROXIES: Value error, 'gateway' does not"),
        ({"PIKET_STORE": "sqlite:///nowhere/x.db"}, "Check PIKET_STORE and PIKET_FOLDER."),
    ],
)
@pytest.mark.parametrize("name", ["policy", "relay"])
def test_a_setting_that_cannot_be_used_is_one_sentence(
    name: str, settings: dict[str, str], message: str, tmp_path: Path
) -> None:
    process = start_process(name, tmp_path, **settings)
    with pytest.raises(RuntimeError, match="ended by itself"):
        process.child.wait_until(lambda: False, 60)
    logged = process.child.logged().decode()
    assert (process.child.status, message in logged, "Traceback" in logged) == (1, True, False), logged
    process.child.kill()


HEAVY = ("numpy", "ortools", "pandas", "scipy", "fastapi", "uvicorn", "faust", "jinja2", "openpyxl", "services")
IMPORTS = "import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("deploy.operations.relay", HEAVY),
        ("shared.health_check", (*HEAVY, "pydantic", "prometheus_client")),
        ("services.policy.__main__", ("ortools", "pandas", "faust", "aiokafka")),
        ("services.attendance.__main__", ("numpy", "ortools", "pandas", "faust", "aiokafka", "openpyxl")),
        ("services.reporting.__main__", ("ortools", "pandas", "faust", "openpyxl")),
    ],
)
def test_a_process_imports_only_what_it_runs(module: str, absent: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(module=module)], capture_output=True, text=True, check=True
    )
    assert {*run.stdout.split()} & {*absent} == set()
