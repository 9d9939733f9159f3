"""Assembles reporting's web application: the view, its API and pages, and the metrics of its regions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.reporting import api
from services.reporting.domain.efficiency.estimates import estimation_factors
from services.reporting.metrics.collector import RegionCollector
from services.reporting.pages import routes
from services.reporting.pages.renderer import PageRenderer
from services.reporting.pages.routes import TEMPLATES_FOLDER
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.latency import CHECK_IN_TO_VIEW, observe_taps
from services.reporting.view.live_status import LiveStatus
from services.reporting.view.rows import CoverageView
from shared.background import background_task
from shared.clock import Clock, clock_speed
from shared.identity import Identity
from shared.metrics.server import REGION_REGISTRIES
from shared.settings import Settings
from shared.web import application
from shared.web.application import Lifespan
from shared.web.pages import Pages


def create(settings: Settings) -> FastAPI:
    """Create the application from settings: a view that is fed from Kafka, and metrics by region."""
    now = settings.domain_clock()
    view = CoverageView(now, settings.region_list(), settings.partitions)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        factors = estimation_factors(settings.commute_km, settings.energy_kwh)
        for region in settings.region_list():
            CHECK_IN_TO_VIEW.labels(region)  # at 0 from the start, so that the first tap is an increase
            REGION_REGISTRIES[region] = registry = CollectorRegistry()
            registry.register(RegionCollector(view, now, region, factors))
        observe = partial(observe_taps, now=now, speed=partial(clock_speed, settings.clock))
        follow = follow_coverage(view, settings.kafka, settings.region_list(), settings.partitions, observe)
        async with background_task(follow):
            yield

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
