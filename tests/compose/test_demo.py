"""The profile demo: a living province behind a gateway, watched by its own Prometheus, with Keycloak beside it."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deploy.compose import prepare
from tests.compose.engine import Engine
from tests.compose.stack import DEMO_CONTAINERS, Stack
from tests.support.figures import Figures
from tests.support.waiting import block_until

REGION = "32"
MORNING = {
    "PIKET_DEMO_REGIONS": REGION,
    "PIKET_DEMO_PEOPLE": "700",
    "PIKET_DEMO_SPEED": "40",
    "PIKET_DEMO_FROM": "07:48",
}
ENTERED_WITHIN_S = 240
OPEN_PORTS = {8443, 9090, 9093}
"""Of the gateway, Prometheus and Alertmanager, which share the network of the demo."""
LISTENS, LOOPBACK = "0A", {"0100007F", "00000000000000000000000001000000"}
"""As /proc/net/tcp and tcp6 write a state and an address."""
KILLED = 137
"""The exit status of a container that did not end within its time."""


@pytest.fixture(scope="module")
def demo(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    demo = Stack(engine, tmp_path_factory.mktemp("demo"), MORNING)
    demo.down()  # what a run that was killed has left
    try:
        demo.first_up_s = demo.up("demo")
        yield demo
    finally:
        demo.down()


@pytest.fixture
def http(demo: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.url, verify=demo.tls(), timeout=30) as client:
        yield client


def staffed_counters(http: httpx.Client) -> list[int]:
    """Return how many people are at the weakest counter of each OPD on the board, without the empty ones."""
    heads = re.findall(r'<span class="of">(\d+) dari \d+</span>', http.get("/").text)
    return [int(number) for number in heads if int(number)]


def ask_prometheus(demo: Stack, path: str) -> Any:
    return json.loads(demo.exec("demo-prometheus", "wget", "-qO-", f"http://127.0.0.1:9090/api/v1/{path}"))["data"]


def query(demo: Stack, expression: str) -> list[float]:
    found = ask_prometheus(demo, f"query?query={quote(expression)}")["result"]
    return [float(series["value"][1]) for series in found]


def test_the_board_shows_counters_with_people(demo: Stack, http: httpx.Client, figures: Figures) -> None:
    figures.append(f"demo up and healthy: {demo.first_up_s:.1f} s")
    block_until(lambda: staffed_counters(http), ENTERED_WITHIN_S, lambda: f"people at counters: {demo.logs('demo')}")
    page = http.get("/").text
    assert f'id="ubin-{REGION}"' in page
    assert "jam demo" in page


def test_an_operator_enters_by_the_printed_link(demo: Stack, http: httpx.Client) -> None:
    links: list[str] = []

    def printed() -> bool:
        links[:] = re.findall(
            rf"{demo.url}(/masuk\?token=\S+)", demo.compose("logs", "--no-color", "demo", profiles=["*"])
        )
        return bool(links)

    block_until(printed, ENTERED_WITHIN_S, "the printed link")
    page = http.get(links[0], follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/operasi")
    assert all("secure" in cookie.lower() for cookie in page.history[0].headers.get_list("set-cookie"))


def test_prometheus_has_all_targets_up_and_a_coverage(demo: Stack) -> None:
    def wrong() -> list[str]:
        targets = ask_prometheus(demo, "targets")["activeTargets"]
        down = [target["scrapeUrl"] for target in targets if target["health"] != "up"]
        # Application, relay, worker, and the counters of the region.
        return down if len(targets) == 4 else [f"{len(targets)} targets"]

    block_until(lambda: not wrong(), 60, what=lambda: f"targets are up: {wrong()}")
    block_until(lambda: sum(query(demo, "piket_service_present_staff")) > 0, 60, what="people in the metrics")
    block_until(lambda: query(demo, f'region:piket_coverage:min{{region="{REGION}"}}'), 60, what="a recorded coverage")


def test_grafana_finds_its_data_source_and_the_prometheus_of_the_demo(demo: Stack, http: httpx.Client) -> None:
    health = http.get("/grafana/api/health").json()
    assert (health["database"], health.get("faults", [])) == ("ok", [])
    ready = demo.exec("demo-grafana", "wget", "-qO-", "http://prometheus:9090/-/ready")
    assert "Ready" in ready


def test_keycloak_is_beside_the_demo(demo: Stack, http: httpx.Client) -> None:
    metadata = http.get("/auth/realms/piket/.well-known/openid-configuration").json()
    assert metadata["issuer"] == f"{demo.url}/auth/realms/piket"
    assert http.get("/auth/realms/piket/account/").status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/metrics/32", "/readyz", "/auth/admin/"])
def test_what_operators_use_is_not_passed_to_the_outside(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_the_processes_of_the_demo_listen_on_loopback_only(demo: Stack) -> None:
    sockets = demo.exec("demo", "cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines()
    listening = [line.split()[1].split(":") for line in sockets if line.split()[3] == LISTENS]
    assert {int(port, 16) for address, port in listening if address not in LOOPBACK} == OPEN_PORTS


@pytest.mark.parametrize("service", DEMO_CONTAINERS)
def test_no_container_runs_as_root_or_holds_a_secret_in_its_environment(demo: Stack, service: str) -> None:
    assert demo.exec(service, "stat", "--format=%u", "/proc/1").strip() != "0"
    found = demo.inspect(service)["Config"]
    text = json.dumps([found["Env"], found["Cmd"], found["Entrypoint"]])
    assert not [name for name in prepare.SECRETS if demo.secret(name) in text]


def test_a_stop_ends_each_within_its_time_and_the_next_start_is_a_new_morning(
    demo: Stack, http: httpx.Client, figures: Figures
) -> None:
    names = demo.engine.run("podman", "ps", "--format={{.Names}}").split()
    assert {*names} == {demo.container(service) for service in DEMO_CONTAINERS}, "and no service of core"
    demo.stop()
    states = {service: demo.inspect(service)["State"] for service in DEMO_CONTAINERS}
    assert [name for name, state in states.items() if state["Running"]] == []
    assert [name for name, state in states.items() if state["ExitCode"] == KILLED] == []
    assert states["demo"]["ExitCode"] == 0
    figures.append(f"demo started again and healthy: {demo.up('demo'):.1f} s")
    block_until(lambda: staffed_counters(http), ENTERED_WITHIN_S, lambda: f"people at counters: {demo.logs('demo')}")
