"""One port for several services, by the same paths that a gateway serves in front of separate processes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.application import Lifespan


def gateway(apps: Mapping[str, FastAPI], default: str) -> ASGIApp:
    """Serve `/{service}/…` from that service, and every other path (pages) from `default`."""
    outer = FastAPI(lifespan=_together(apps), docs_url=None, redoc_url=None, openapi_url=None)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await outer(scope, receive, send)
            return
        service = scope["path"].lstrip("/").partition("/")[0]
        await apps.get(service, apps[default])(scope, receive, send)

    return dispatch


def _together(apps: Mapping[str, FastAPI]) -> Lifespan:
    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return running
