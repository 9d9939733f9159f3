"""Check-ins per second through HTTP, beside the least that could answer: bare FastAPI and one fsynced insert.

Each server runs in its own process on SQLite (WAL, synchronous FULL); 64 connections send taps of distinct employees,
each with a token of its own and a key of its own; every answer must be 201 and every tap must be in the store.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import aiohttp

from deploy.local.server_process import Child, free_ports
from deploy.local.token_issuer import Issuer

TAPS, CONNECTIONS = 2_000, 64


def run(rounds: int) -> dict[str, list[float]]:
    """Taps per second of each server, interleaved."""
    figures: dict[str, list[float]] = {"bare FastAPI, one fsynced insert, no token": [], "Piket attendance": []}
    for _ in range(rounds):
        for name, one in zip(figures, (_bare, _piket), strict=True):
            with tempfile.TemporaryDirectory() as folder:
                figures[name].append(one(Path(folder)))
    return figures


def _bare(folder: Path) -> float:
    (port,) = free_ports(1)
    server = Child(
        [sys.executable, "-m", "tests.bench.baseline_http", str(folder / "bare.db"), str(port)], folder / "log"
    )
    try:
        seconds = asyncio.run(_load(f"http://127.0.0.1:{port}/check-ins", ["none"] * TAPS, server, "/docs"))
    finally:
        server.stop(5)
    assert _rows(folder / "bare.db", "tap") == TAPS
    return TAPS / seconds


def _piket(folder: Path) -> float:
    (port,) = free_ports(1)
    issuer = Issuer(folder, "demo")
    tokens = [_token(issuer) for _ in range(TAPS)]
    variables = {"PIKET_FOLDER": folder, "PIKET_JWKS": issuer.jwks_file}
    settings = [f"{name}={value}" for name, value in variables.items()]
    command = [sys.executable, "-m", "deploy.cli", "serve", "attendance", "--port", str(port)]
    server = Child(["env", *settings, *command], folder / "log")
    try:
        seconds = asyncio.run(_load(f"http://127.0.0.1:{port}/attendance/v1/32/check-ins", tokens, server, "/healthz"))
    finally:
        server.stop(5)
    assert _rows(folder / "attendance.db", "event") == TAPS
    return TAPS / seconds


def _token(issuer: Issuer) -> str:
    employee = str(uuid4())
    return issuer.sign(employee, roles=["EMPLOYEE"], region="32", opd="DPMPTSP", employee=employee)


async def _load(url: str, tokens: Sequence[str], server: Child, ready: str) -> float:
    waiting = [(token, _body()) for token in tokens]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as http:
        await _answers(http, url[: url.index("/", 8)] + ready, server)
        began = time.perf_counter()
        await asyncio.gather(*(_send(http, url, waiting) for _ in range(CONNECTIONS)))
        return time.perf_counter() - began


async def _send(http: aiohttp.ClientSession, url: str, waiting: list[tuple[str, str]]) -> None:
    while waiting:
        token, body = waiting.pop()
        headers = {
            "authorization": f"Bearer {token}",
            "idempotency-key": str(uuid4()),
            "content-type": "application/json",
        }
        async with http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()


async def _answers(http: aiohttp.ClientSession, url: str, server: Child) -> None:
    for _ in range(300):
        assert server.running, server.written().decode()
        try:
            async with http.get(url):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)


def _body() -> str:
    evidence = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"}
    return json.dumps(
        {"client_id": str(uuid4()), "place": {"class": "SITE", "site": "DPMPTSP-1"}, "evidence": evidence}
    )


def _rows(file: Path, table: str) -> int:
    with sqlite3.connect(file) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
