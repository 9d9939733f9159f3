"""Assembles reporting's web application: the view, its API and pages, and its metrics on a separate port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.reporting import api
from services.reporting.metrics import CoverageCollector
from services.reporting.pages import routes
from services.reporting.pages.renderer import PageRenderer
from services.reporting.pages.routes import TEMPLATES_FOLDER
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.live_status import LiveStatus
from services.reporting.view.rows import CoverageView
from shared.background import background_task
from shared.clock import Clock
from shared.identity import Identity
from shared.settings import Settings
from shared.telemetry import serve_metrics
from shared.web import application
from shared.web.application import Lifespan
from shared.web.pages import Pages


def create(settings: Settings) -> FastAPI:
    """Create the application from settings: a view that is fed from Kafka, and a metrics port."""
    now = settings.domain_clock()
    view = CoverageView(now, settings.region_list(), settings.partitions)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        REGISTRY.register(CoverageCollector(view, now, settings.region_list()))
        stop = serve_metrics(settings.metrics_port, REGISTRY)
        async with background_task(follow_coverage(view, settings.kafka, settings.region_list(), settings.partitions)):
            yield
        stop()

    return assemble(view, Identity.from_settings(settings), now, running, demo=bool(settings.clock))


def assemble(
    view: CoverageView, identity: Identity, now: Clock, lifespan: Lifespan | None = None, *, demo: bool = False
) -> FastAPI:
    """Create the application over a view that the caller feeds. `demo`: the pages say that the clock is a demo's."""
    app = application("Piket reporting", identity, lifespan, openapi_url="/reporting/openapi.json")
    live = LiveStatus(view, now)
    app.state.view, app.state.clock, app.state.live_status = view, now, live
    app.state.page_renderer = PageRenderer(live, Pages(TEMPLATES_FOLDER, demo=demo))
    app.include_router(api.router)
    app.include_router(routes.router)
    return app
