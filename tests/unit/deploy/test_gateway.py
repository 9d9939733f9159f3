"""Which service answers a path."""

import httpx
import pytest
from fastapi import FastAPI

from deploy.operations.gateway import gateway
from shared.health.readiness import Readiness


def app_named(name: str) -> FastAPI:
    app = FastAPI()
    app.state.readiness = Readiness()

    @app.get("/{path:path}")
    def answer(path: str) -> str:
        return f"{name}: {path}"

    return app


@pytest.mark.parametrize(
    ("services", "path", "expected"),
    [
        (["policy", "reporting"], "/", "reporting: "),
        (["reporting", "policy"], "/", "reporting: "),
        (["reporting", "policy"], "/aturan/32", "policy: aturan/32"),
        (["reporting", "policy"], "/policy/v1/32/opd", "policy: policy/v1/32/opd"),
        (["reporting", "policy"], "/aturannya", "reporting: aturannya"),
        (["reporting"], "/aturan/32", "reporting: aturan/32"),
        (["roster", "attendance"], "/", "attendance: "),
    ],
)
async def test_the_service_that_answers_does_not_depend_on_the_order(
    services: list[str], path: str, expected: str
) -> None:
    transport = httpx.ASGITransport(gateway({name: app_named(name) for name in services}))
    async with httpx.AsyncClient(transport=transport, base_url="http://piket") as http:
        assert (await http.get(path)).json() == expected
