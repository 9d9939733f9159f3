"""Assembles reporting's web application: view, event store, API, pages, and the metrics of its regions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.reporting import api
from services.reporting.catalogue import CATALOGUE
from services.reporting.dead_letters.readings import MIGRATIONS
from services.reporting.dead_letters.records import KafkaRecords
from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain import decider
from services.reporting.domain.efficiency.estimates import estimation_factors
from services.reporting.http import dead_letters
from services.reporting.metrics.collector import RegionCollector
from services.reporting.operations import routes as operations_routes
from services.reporting.operations import sign_in
from services.reporting.operations.neighbours import Neighbours
from services.reporting.operations.page import Operations
from services.reporting.operations.scraping import Scraper
from services.reporting.pages import routes
from services.reporting.pages.renderer import PageRenderer
from services.reporting.pages.routes import TEMPLATES_FOLDER
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.latency import CHECK_IN_TO_VIEW, observe_taps
from services.reporting.view.live_status import LiveStatus
from services.reporting.view.readiness import view_part
from services.reporting.view.rows import CoverageView
from shared.background import background_task
from shared.clock import Clock, clock_pace
from shared.event_store.database import Database
from shared.health.parts import kafka_part
from shared.identity import Identity
from shared.kafka.connection import connection_of
from shared.metrics.server import REGION_REGISTRIES
from shared.projection.owner_feed import OwnerFeed
from shared.settings import Settings
from shared.web import application
from shared.web.application import Lifespan
from shared.web.pages import Pages
from shared.web.service import create_service
from shared.web.sign_in import SignIn

SERVICE = "reporting"


def create(settings: Settings) -> FastAPI:
    """Create the application from settings: a view that is fed from Kafka, an event store, metrics by region."""
    now = settings.domain_clock()
    view = CoverageView(now, settings.region_list(), settings.partitions)
    database = Database(settings.store_url(SERVICE))

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        factors = estimation_factors(settings.commute_km, settings.energy_kwh)
        for region in settings.region_list():
            CHECK_IN_TO_VIEW.labels(region)  # at 0 from the start, so that the first tap is an increase
            REGION_REGISTRIES[region] = registry = CollectorRegistry()
            registry.register(RegionCollector(view, now, region, factors))
        observe = partial(observe_taps, now=now, pace=partial(clock_pace, settings.clock))
        follow = follow_coverage(view, connection_of(settings), settings.region_list(), settings.partitions, observe)
        async with background_task(follow):
            yield

    operations = Operations(
        Scraper(settings.targets, now),
        Neighbours(settings.service_url("attendance"), settings.alertmanager),
        DeadLetters(KafkaRecords(connection_of(settings)), OwnerFeed(settings).read),
        sign_in_by_link=settings.profile == "demo" and not settings.has_remote_issuer,
    )
    app = assemble_with_store(database, operations, Identity.from_settings(settings), now, running)
    app.state.sign_in = SignIn.from_settings(settings)
    app.state.readiness.parts.append(kafka_part(settings.kafka))
    return show_coverage(app, view, now, demo=bool(settings.clock))


def assemble_with_store(
    database: Database, operations: Operations, identity: Identity, now: Clock, background: Lifespan
) -> FastAPI:
    """Return the application on a database, to which `show_coverage` adds coverage and the renderer of pages.

    `background` must migrate reporting's own tables.
    """
    app, _ = create_service(SERVICE, decider, database, identity, now, background)
    app.state.catalogue, app.state.operations, app.state.dead_letters = CATALOGUE, operations, operations.letters
    app.include_router(dead_letters.router)
    app.include_router(operations_routes.router)
    app.include_router(sign_in.router)
    return app


def assemble(
    view: CoverageView, identity: Identity, now: Clock, lifespan: Lifespan | None = None, *, demo: bool = False
) -> FastAPI:
    """Return an application over a view that the caller feeds, without an event store."""
    app = application("Piket reporting", identity, lifespan, openapi_url="/reporting/openapi.json")
    return show_coverage(app, view, now, demo=demo)


def show_coverage(app: FastAPI, view: CoverageView, now: Clock, *, demo: bool = False) -> FastAPI:
    """Add the API and pages of coverage to an application. `demo`: the pages say that the clock is a demo's."""
    live = LiveStatus(view, now)
    app.state.view, app.state.clock, app.state.live_status = view, now, live
    app.state.readiness.parts.append(view_part(view))
    app.state.page_renderer = PageRenderer(live, Pages(TEMPLATES_FOLDER, CATALOGUE, demo=demo))
    app.include_router(api.router)
    app.include_router(routes.router)
    return app
