"""Tests the port on which a process serves its metrics."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from deploy.local.server_process import free_ports
from shared.metrics import server as metrics_server


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    registry, (port,) = CollectorRegistry(), free_ports(1)
    Gauge("piket_x", "Only in region 32", registry=registry).set(7)
    monkeypatch.setitem(metrics_server.REGION_REGISTRIES, "32", registry)
    stop = metrics_server.serve_metrics(port, "app")
    yield f"http://127.0.0.1:{port}"
    stop()


def test_a_process_and_each_region_have_a_path(address: str) -> None:
    process, region = (httpx.get(f"{address}{path}").text for path in ("/metrics", "/metrics/32"))
    assert f'piket_build_info{{service="app",version="{metrics_server.VERSION}"}} 1.0' in process
    assert ("piket_x" in process, "piket_x 7.0" in region, "piket_build_info" in region) == (False, True, False)


@pytest.mark.parametrize("path", ["/", "/metrics/99", "/metrics/32/more"])
def test_another_path_says_where_metrics_are(address: str, path: str) -> None:
    answer = httpx.get(f"{address}{path}")
    assert (answer.status_code, answer.text) == (404, "Metrics are at /metrics and /metrics/{region}.\n")


def test_nobody_needs_the_garbage_collector_of_python(address: str) -> None:
    text = httpx.get(f"{address}/metrics").text
    assert ("python_gc" in text, "python_info" in text, "process_resident_memory_bytes" in text) == (False, False, True)


def test_a_port_that_is_in_use_is_named(address: str) -> None:
    port = int(address.rpartition(":")[2])
    expected = rf"^Port {port} of 127.0.0.1 cannot be used .* PIKET_METRICS_PORT"
    with pytest.raises(metrics_server.PortTaken, match=expected):
        metrics_server.serve_metrics(port, "test")


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == metrics_server.VERSION
