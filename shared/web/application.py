"""One web application as every service has it: problems, limits, headers, health; the services bring the routes."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.identity import Identity
from shared.web import docs, problem
from shared.web.headers import StrictHeaders
from shared.web.pages import STATIC

BODY_LIMIT = 64 * 1024
LARGER: Mapping[str, int] = {"/batch": 1024 * 1024, "/register/import": 10 * 1024 * 1024}
"""The limit of paths that end so: what is sent in bulk."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(title: str, identity: Identity, lifespan: Lifespan | None = None, **options: Any) -> FastAPI:  # noqa: ANN401 - FastAPI's own
    """Make an application that answers errors as problems, bounds bodies and sends strict headers."""
    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None, **options)
    app.state.identity = identity
    problem.install(app)
    docs.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(BodyLimit)
    app.add_middleware(StrictHeaders)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    return app


async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "up"}


def body_limit(path: str) -> int:
    """How many bytes a body sent to a path may have."""
    return next((limit for ending, limit in LARGER.items() if path.endswith(ending)), BODY_LIMIT)


class BodyLimit:
    """Refuses bodies over the limit. FastAPI's own limit cannot answer with a problem: it overwrites the response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, counting what is received."""
        declared = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        limit = body_limit(scope.get("path", ""))
        if not declared.isdecimal() or int(declared) > limit:
            await problem.Problem("too-large").response()(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
