"""Wires policy: store, routes, pages, feed and scheduler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.policy.catalogue import CATALOGUE
from services.policy.domain import decider
from services.policy.http import instruments, queries, register
from services.policy.pages import routes
from services.policy.scheduler import run_scheduler
from shared.background import background_task
from shared.clock import Clock
from shared.event_store.database import Database
from shared.health.parts import kafka_part
from shared.identity import Identity
from shared.settings import Settings
from shared.web.application import Lifespan
from shared.web.pages import Pages
from shared.web.service import create_service
from shared.web.sign_in import SignIn

SERVICE = "policy"


def create(settings: Settings) -> FastAPI:
    """Return the application configured by the environment, with the scheduler that records due changes."""
    now = settings.domain_clock()

    @asynccontextmanager
    async def scheduler(app: FastAPI) -> AsyncIterator[None]:
        async with background_task(run_scheduler(app.state.store, now)):
            yield

    # Only a demo has a clock of its own.
    database, identity, demo = Database(settings.store_url(SERVICE)), Identity.from_settings(settings), settings.clock
    app = assemble(database, identity, now, scheduler, demo=bool(demo))
    app.state.sign_in = SignIn.from_settings(settings)
    app.state.readiness.parts.append(kafka_part(settings.kafka))
    return app


def assemble(
    database: Database, identity: Identity, now: Clock, lifespan: Lifespan | None = None, *, demo: bool = False
) -> FastAPI:
    """Return the application on a database; its lifespan opens and closes the store."""
    app, _ = create_service(SERVICE, decider, database, identity, now, lifespan)
    app.state.catalogue = CATALOGUE
    app.state.pages = Pages(routes.TEMPLATES_FOLDER, CATALOGUE, demo=demo)
    # The order of the routers is the order of the operations in the OpenAPI document.
    for router in (instruments.router, queries.router, register.router, routes.router):
        app.include_router(router)
    return app
