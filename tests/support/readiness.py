"""Reads what a process answers to `/readyz`."""

from collections.abc import Mapping
from typing import Any

import httpx

from deploy.local.deadlines import scaled


async def view_state(http: httpx.AsyncClient) -> str:
    """Return the state of the view behind a gateway over all services."""
    return str((await http.get("/readyz")).json()["parts"]["reporting: view"]["state"])


def parts_on(port: int) -> tuple[int, Mapping[str, Any]]:
    """Return the status of `/readyz` on a port, and the parts that it names."""
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=scaled(5))
    return answer.status_code, answer.json()["parts"]
