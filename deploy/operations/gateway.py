"""Serves several services on one port, under the same paths as a gateway in front of separate processes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.tracing.setup import stop_tracing
from shared.web.application import Lifespan, telemetry

PAGE_SERVICES: Mapping[str, str] = {"aturan": "policy"}
"""Service by the first path segment of its pages; other pages belong to `PAGES_OF`."""
PAGES_OF = "reporting"


def run_gateway(apps: Mapping[str, FastAPI], port: int) -> None:
    """Serve several services on a port of 127.0.0.1 until SIGTERM."""
    uvicorn.run(
        gateway(apps),
        host="127.0.0.1",
        port=port,
        log_config=None,  # `configure_logging` has configured it
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def gateway(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """Return an app that serves `/{service}/…` and the pages of that service; other paths are pages of reporting.

    Without reporting, the last service answers them.
    """
    default = apps.get(PAGES_OF, [*apps.values()][-1])
    outer = FastAPI(
        lifespan=_joint_lifespan(apps), docs_url=None, redoc_url=None, openapi_url=None, telemetry=telemetry()
    )

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await outer(scope, receive, send)  # starts and stops all apps together
            return
        first_segment = scope["path"].lstrip("/").partition("/")[0]
        await apps.get(PAGE_SERVICES.get(first_segment, first_segment), default)(scope, receive, send)

    return dispatch


def _joint_lifespan(apps: Mapping[str, FastAPI]) -> Lifespan:
    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        # If one application fails to start, those before it are stopped.
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield
        stop_tracing()  # not at the exit of the process: uvicorn ends it by the signal that stopped it

    return running
