"""One port for several services, by the same paths that a gateway serves in front of separate processes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.application import Lifespan

PAGES: Mapping[str, str] = {"aturan": "policy"}
"""Where a page begins, and the service whose it is; those of no entry are the default's."""


def gateway(apps: Mapping[str, FastAPI], default: str) -> ASGIApp:
    """Serve `/{service}/…` and its pages from that service, and every other path from `default`."""
    outer = FastAPI(lifespan=_together(apps), docs_url=None, redoc_url=None, openapi_url=None)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await outer(scope, receive, send)
            return
        begins = scope["path"].lstrip("/").partition("/")[0]
        await apps.get(PAGES.get(begins, begins), apps[default])(scope, receive, send)

    return dispatch


def _together(apps: Mapping[str, FastAPI]) -> Lifespan:
    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return running
