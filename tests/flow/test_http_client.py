"""Tests that the demo's HTTP client retries with the same key until it gets a complete answer."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy import http_client
from deploy.http_client import HttpClient, open_session
from deploy.local.token_issuer import Issuer

BODY = b'{"events": [{"id": "first"}]}'
HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
KILLED = pytest.mark.parametrize(
    "received", [b"", HEAD[:20], HEAD, HEAD + BODY[:-1]], ids=["nothing", "half-a-head", "a-head", "all-but-a-byte"]
)
"""How much of the answer was received when its server was killed."""


class DyingServer:
    """A server that sends prepared bytes, one answer per connection, and closes."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.keys: list[bytes] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"POST"):
            await reader.readexactly(len(b"{}"))
        self.keys += [line for line in request.lower().split(b"\r\n") if line.startswith(b"idempotency-key")]
        writer.write(self.answers.pop(0))
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[DyingServer, HttpClient]]:
    monkeypatch.setattr(http_client, "PAUSE_S", 0.01)
    dying_server = DyingServer()
    async with (
        await asyncio.start_server(dying_server.serve, "127.0.0.1", 0) as server,
        open_session(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as http,
    ):
        yield dying_server, HttpClient(http, Issuer(tmp_path, "demo"))


@KILLED
async def test_a_request_without_a_complete_answer_is_retried_with_the_same_key(
    clients: tuple[DyingServer, HttpClient], received: bytes
) -> None:
    server, client = clients
    server.answers = [received, received, HEAD + BODY]
    answer = await client.post("/presses", "", {})
    assert (answer.status, answer.body, client.acknowledged) == (201, BODY, {"first"})
    assert (len(server.keys), len(set(server.keys))) == (3, 1)


@KILLED
async def test_a_single_attempt_without_a_complete_answer_is_503(
    clients: tuple[DyingServer, HttpClient], received: bytes
) -> None:
    server, client = clients
    server.answers = [received]
    assert (await client.get_once("/board", {})).status == 503
