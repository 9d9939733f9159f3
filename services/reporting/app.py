"""Wiring of reporting's API: the view, its routes and pages, its metrics on a port of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.reporting import api
from services.reporting.metrics import CoverageCollector
from services.reporting.pages import routes
from services.reporting.view.consumer import follow
from services.reporting.view.rows import View
from shared.background import alongside
from shared.clock import Clock
from shared.identity import Identity
from shared.settings import Settings
from shared.telemetry import serve_metrics
from shared.web import application
from shared.web.application import Lifespan


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it: a view fed from Kafka, metrics beside it."""
    now = settings.now()
    view = View(now, settings.region_list(), settings.partitions)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        REGISTRY.register(CoverageCollector(view, now, settings.region_list()))
        stop = serve_metrics(settings.metrics_port, REGISTRY)
        async with alongside(follow(view, settings.kafka, settings.region_list(), settings.partitions)):
            yield
        stop()

    return assemble(view, settings.identity(), now, running, demo=bool(settings.clock))


def assemble(
    view: View, identity: Identity, now: Clock, lifespan: Lifespan | None = None, *, demo: bool = False
) -> FastAPI:
    """The application over a view that somebody feeds; its pages say so when the clock is a demo's."""
    app = application("Piket reporting", identity, lifespan, openapi_url="/reporting/openapi.json")
    app.include_router(api.router(view, now))
    app.include_router(routes.router(view, now, demo=demo))
    return app
