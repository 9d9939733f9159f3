"""Builds the web application of a service: problem details, body limits, security headers, health. Routes are added."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.catalogue import SHARED_CATALOGUE
from shared.health.readiness import HEALTH_PATHS, UP, Part, PartState, Readiness
from shared.identity import Identity
from shared.identity.key_cache import KeyCache
from shared.metrics.requests import RequestMetrics
from shared.tracing import spans
from shared.web import docs, problem
from shared.web.headers import StrictHeaders
from shared.web.pages import STATIC

BODY_LIMIT = 64 * 1024
LARGER_BODY_LIMITS: Mapping[str, int] = {
    "/batch": 1024 * 1024,
    "/people/import": 5 * 1024 * 1024,
    "/register/import": 10 * 1024 * 1024,
}
"""Limits in bytes for paths with these endings: they receive data in bulk."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(title: str, identity: Identity, lifespan: Lifespan | None = None, **options: Any) -> FastAPI:  # noqa: ANN401 - passed to FastAPI
    """Build an application that answers errors as problem details, limits bodies and sends security headers.

    A service with messages of its own sets `app.state.catalogue`. The parts of `app.state.readiness` decide `/readyz`.
    """
    # FastAPI's own documentation pages load scripts from another host, which the content security policy forbids.
    running = _with_current_keys(identity, lifespan)
    app = FastAPI(title=title, lifespan=running, docs_url=None, redoc_url=None, telemetry=telemetry(), **options)
    app.state.identity, app.state.catalogue = identity, SHARED_CATALOGUE
    app.state.readiness = Readiness([keys_part(identity.keys)])
    app.state.sign_in = None  # a service whose pages a person signs in on sets it, if its issuer has a sign-in
    problem.install(app)
    docs.install(app)
    # The middleware that is added last is the outermost: refused bodies get the security headers too.
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(BodyLimit)
    app.add_middleware(StrictHeaders)
    app.add_middleware(RequestMetrics, service=title.removeprefix("Piket "))
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    return app


def _with_current_keys(identity: Identity, lifespan: Lifespan | None) -> Lifespan:
    """Return a lifespan that also keeps the keys of the token issuer current."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(identity.keys.kept_current())
            if lifespan:
                await stack.enter_async_context(lifespan(app))
            yield

    return running


def keys_part(keys: KeyCache) -> Part:
    """Return the keys of the token issuer. Not required: public pages need none, and the issuer may be behind this."""

    async def check() -> PartState:
        return PartState(keys.ready, keys.unreadable or "known")

    return Part("keys", check, required=False)


def telemetry() -> TelemetryConfig:
    """Return what FastAPI records: a span for each request, if tracing is configured; metrics and logs are Piket's."""
    return TelemetryConfig(
        tracer_provider=spans.provider,
        tracing=spans.provider is not None,
        operation_spans=False,
        metrics=False,
        logs=False,
        auto_configure=False,
        exclude=lambda scope: scope["path"] in HEALTH_PATHS or scope["path"].startswith("/static/"),
    )


async def healthz() -> dict[str, str]:
    """Answer that the process is running."""
    return UP


async def readyz(request: Request) -> JSONResponse:
    """Answer which parts of the process work, with 503 if one is missing that its answers depend on."""
    return await readiness_answer(request.app.state.readiness)


async def readiness_answer(readiness: Readiness) -> JSONResponse:
    """Return a report as an answer that nobody keeps."""
    report = await readiness.report()
    return JSONResponse(report.body, report.status, {"cache-control": "no-store"})


def body_limit(path: str) -> int:
    """Return the maximum size in bytes of a body sent to a path."""
    return next((limit for ending, limit in LARGER_BODY_LIMITS.items() if path.endswith(ending)), BODY_LIMIT)


class BodyLimit:
    """Refuses bodies over the limit.

    FastAPI's own limit cannot be used: it overwrites the response, so it cannot answer with problem details.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; refuse it by its declared length, or while receiving if it is longer than declared."""
        declared = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        limit = body_limit(scope.get("path", ""))
        if not declared.isdecimal() or int(declared) > limit:
            await problem.Problem("too-large").response()(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_counted, send)
