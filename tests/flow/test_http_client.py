"""Clients of the demo ask again with the same key until somebody answers, also when an answer broke off."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy import http_client
from deploy.http_client import Caller, session
from deploy.local.token_issuer import Issuer

BODY = b'{"events": [{"id": "first"}]}'
HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
KILLED = pytest.mark.parametrize(
    "came", [b"", HEAD[:20], HEAD, HEAD + BODY[:-1]], ids=["nothing", "half-a-head", "a-head", "all-but-a-byte"]
)
"""What of an answer had come when its server was killed."""


class Dying:
    """A server that says what it is told, answer by answer, and closes."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        self.keys: list[bytes] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if asked.startswith(b"POST"):
            await reader.readexactly(len(b"{}"))
        self.keys += [line for line in asked.lower().split(b"\r\n") if line.startswith(b"idempotency-key")]
        writer.write(self.says.pop(0))
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Dying, Caller]]:
    monkeypatch.setattr(http_client, "PAUSE_S", 0.01)
    dying = Dying()
    async with (
        await asyncio.start_server(dying.serve, "127.0.0.1", 0) as server,
        session(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as http,
    ):
        yield dying, Caller(http, Issuer(tmp_path, "demo"))


@KILLED
async def test_what_was_cut_off_is_asked_again_with_the_same_key(clients: tuple[Dying, Caller], came: bytes) -> None:
    dying, calling = clients
    dying.says = [came, came, HEAD + BODY]
    answer = await calling.tell("/presses", "", {})
    assert (answer.status, answer.body, calling.acknowledged) == (201, BODY, {"first"})
    assert (len(dying.keys), len(set(dying.keys))) == (3, 1)


@KILLED
async def test_who_asks_once_is_told_that_nobody_answered(clients: tuple[Dying, Caller], came: bytes) -> None:
    dying, calling = clients
    dying.says = [came]
    assert (await calling.ask("/board", {})).status == 503
