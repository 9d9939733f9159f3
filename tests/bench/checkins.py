"""Measures check-ins per second through HTTP against a minimal server: FastAPI with one fsynced insert.

Each server runs in its own process on SQLite (WAL, synchronous FULL). 64 connections send taps of distinct employees
with distinct tokens and keys; all answers must be 201, and all taps must be in the store.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import aiohttp

from deploy.local.server_process import Child, free_ports
from deploy.local.token_issuer import Issuer
from tests.support.waiting import wait_until

TAPS, CONNECTIONS = 2_000, 64


def run(rounds: int) -> dict[str, list[float]]:
    """Return the taps per second of each server; the runs are interleaved."""
    figures: dict[str, list[float]] = {"bare FastAPI, one fsynced insert, no token": [], "Piket attendance": []}
    for _ in range(rounds):
        for name, measure in zip(figures, (_measure_baseline, _measure_piket), strict=True):
            with tempfile.TemporaryDirectory() as folder:
                figures[name].append(measure(Path(folder)))
    return figures


def _measure_baseline(folder: Path) -> float:
    (port,) = free_ports(1)
    server = Child(
        [sys.executable, "-m", "tests.bench.baseline_http", str(folder / "bare.db"), str(port)], folder / "log"
    )
    try:
        seconds = asyncio.run(_send_all(f"http://127.0.0.1:{port}/check-ins", ["none"] * TAPS, server, "/docs"))
    finally:
        server.stop(5)
    assert _row_count(folder / "bare.db", "tap") == TAPS
    return TAPS / seconds


def _measure_piket(folder: Path) -> float:
    (port,) = free_ports(1)
    issuer = Issuer(folder, "demo")
    tokens = [_token(issuer) for _ in range(TAPS)]
    variables = {"PIKET_FOLDER": folder, "PIKET_JWKS": issuer.jwks_file, "PIKET_PROFILE": "demo"}
    settings = [f"{name}={value}" for name, value in variables.items()]
    command = [sys.executable, "-m", "deploy.cli", "serve", "attendance", "--port", str(port)]
    server = Child(["env", *settings, *command], folder / "log")
    try:
        seconds = asyncio.run(
            _send_all(f"http://127.0.0.1:{port}/attendance/v1/32/check-ins", tokens, server, "/healthz")
        )
    finally:
        server.stop(5)
    assert _row_count(folder / "attendance.db", "event") == TAPS
    return TAPS / seconds


def _token(issuer: Issuer) -> str:
    employee = str(uuid4())
    return issuer.sign(employee, roles=["EMPLOYEE"], region="32", opd="DPMPTSP", employee=employee)


async def _send_all(url: str, tokens: Sequence[str], server: Child, ready: str) -> float:
    pending = [(token, _body()) for token in tokens]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as http:
        await _wait_until_ready(http, url[: url.index("/", 8)] + ready, server)
        started_at = time.perf_counter()
        await asyncio.gather(*(_send_pending(http, url, pending) for _ in range(CONNECTIONS)))
        return time.perf_counter() - started_at


async def _send_pending(http: aiohttp.ClientSession, url: str, pending: list[tuple[str, str]]) -> None:
    while pending:
        token, body = pending.pop()
        headers = {
            "authorization": f"Bearer {token}",
            "idempotency-key": str(uuid4()),
            "content-type": "application/json",
        }
        async with http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()


async def _wait_until_ready(http: aiohttp.ClientSession, url: str, server: Child) -> None:
    async def answers() -> bool:
        assert server.running, server.logged().decode()
        with suppress(aiohttp.ClientError):
            async with http.get(url):
                return True
        return False

    await wait_until(answers, what=f"{url} answers", every=0.1)


def _body() -> str:
    evidence = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"}
    return json.dumps(
        {"client_id": str(uuid4()), "place": {"class": "SITE", "site": "DPMPTSP-1"}, "evidence": evidence}
    )


def _row_count(file: Path, table: str) -> int:
    with sqlite3.connect(file) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
