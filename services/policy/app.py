"""Wiring of policy: store, routes, pages, feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.policy.domain import decider
from services.policy.http import instruments, queries, register
from services.policy.pages import routes
from services.policy.scheduler import keep_up
from shared.background import alongside
from shared.clock import Clock
from shared.event_store.database import Database
from shared.identity import Identity
from shared.settings import Settings
from shared.web.application import Lifespan
from shared.web.service import service

SERVICE = "policy"


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it; it records what comes due."""
    now = settings.now()

    @asynccontextmanager
    async def keeping_up(app: FastAPI) -> AsyncIterator[None]:
        async with alongside(keep_up(app.state.store, now)):
            yield

    return assemble(settings.database(SERVICE), settings.identity(), now, keeping_up, demo=bool(settings.clock))


def assemble(
    database: Database, identity: Identity, now: Clock, beside: Lifespan | None = None, *, demo: bool = False
) -> FastAPI:
    """The application on a database; it opens the store at start and closes it at the end."""
    app, store = service(SERVICE, decider, database, identity, now, beside)
    app.include_router(instruments.router(store))
    app.include_router(queries.router(store, now))
    app.include_router(register.router(store))
    app.include_router(routes.router(store, now, demo=demo))
    return app
