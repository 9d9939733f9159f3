"""Serves several services on one port, under the same paths as a gateway in front of separate processes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.health.readiness import joint_readiness
from shared.settings import Settings
from shared.web.application import Lifespan, readiness_answer, telemetry
from shared.web.server import entry

PAGE_SERVICES: Mapping[str, str] = {"aturan": "policy"}
"""Service by the first path segment of its pages; other pages belong to `PAGES_OF`."""
PAGES_OF = "reporting"


def serve_services(services: Sequence[str], settings: Settings) -> None:
    """Serve several services in this process until SIGTERM. Only those that are served are imported."""
    creators = {service: create_app(service) for service in services}
    entry.serve("app", creators, gateway, settings)


def create_app(service: str) -> entry.CreateApp:
    """Return the function that creates the application of a service."""
    create: entry.CreateApp = import_module(f"services.{service}.app").create
    return create


def gateway(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """Return an app that serves `/{service}/…` and the pages of that service; other paths are pages of reporting.

    Without reporting, the last service answers them. `/readyz` reports the parts of all services.
    """
    default = apps.get(PAGES_OF, [*apps.values()][-1])
    readiness = joint_readiness({name: app.state.readiness for name, app in apps.items()})
    outer = FastAPI(
        lifespan=_joint_lifespan(apps), docs_url=None, redoc_url=None, openapi_url=None, telemetry=telemetry()
    )

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await outer(scope, receive, send)  # starts and stops all apps together
            return
        if scope["path"] == "/readyz":
            await (await readiness_answer(readiness))(scope, receive, send)
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

    return running
