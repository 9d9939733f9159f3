"""Runs an application in a real uvicorn server, for tests of streams: an in-process transport does not stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tests.support.waiting import wait_until


@asynccontextmanager
async def running_server(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve the application and return its address; abort open connections at the end."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started or serving.done())
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        for connection in list(server.server_state.connections):
            if transport := connection.transport:
                transport.abort()
        await serving
