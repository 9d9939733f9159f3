"""Tests which requests are counted, and as what."""

import httpx
import pytest
from fastapi import FastAPI, Response
from prometheus_client import REGISTRY

from shared.metrics.requests import RequestMetrics, outcome


def counted(operation: str, result: str) -> float:
    labels = {"service": "metrics-test", "operation": operation, "outcome": result}
    return REGISTRY.get_sample_value("piket_http_requests_total", labels) or 0


def measured_seconds() -> float:
    labels = {"service": "metrics-test", "operation": "read"}
    return REGISTRY.get_sample_value("piket_http_request_seconds_count", labels) or 0


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.add_middleware(RequestMetrics, service="metrics-test")

    @app.get("/{status}")
    @app.post("/{status}")
    async def answer(status: int) -> Response:
        if status == 0:
            raise LookupError
        return Response(status_code=status)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://piket")


@pytest.mark.parametrize(
    ("method", "status", "operation", "result"),
    [
        ("GET", 200, "read", "ok"),
        ("GET", 304, "read", "ok"),
        ("GET", 404, "read", "refused"),
        ("POST", 201, "write", "ok"),
        ("POST", 409, "write", "refused"),
        ("POST", 503, "write", "failed"),
        ("POST", 0, "write", "failed"),
    ],
)
async def test_a_request_is_counted_once_by_operation_and_outcome(
    client: httpx.AsyncClient, method: str, status: int, operation: str, result: str
) -> None:
    before = counted(operation, result)
    await client.request(method, f"/{status}")
    assert counted(operation, result) - before == 1


async def test_the_seconds_until_the_answer_are_measured(client: httpx.AsyncClient) -> None:
    before = measured_seconds()
    await client.get("/200")
    assert measured_seconds() - before == 1


@pytest.mark.parametrize(("status", "result"), [(399, "ok"), (400, "refused"), (499, "refused"), (500, "failed")])
def test_the_limits_of_outcomes(status: int, result: str) -> None:
    assert outcome(status) == result
