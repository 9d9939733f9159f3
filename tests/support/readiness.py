"""Reads what a process answers to `/readyz`."""

import httpx


async def view_state(http: httpx.AsyncClient) -> str:
    """Return the state of the view behind a gateway over all services."""
    return str((await http.get("/readyz")).json()["parts"]["reporting: view"]["state"])
