"""Wiring of attendance: store, routes, feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.attendance import api, decider
from services.attendance.decider import State
from shared.clock import Clock
from shared.database import Database
from shared.identity import Identity
from shared.settings import Settings
from shared.store import Store
from shared.web import application, feed_router

SERVICE = "attendance"


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it."""
    return assemble(settings.database(SERVICE), settings.identity(), settings.now())


def assemble(database: Database, identity: Identity, now: Clock) -> FastAPI:
    """The application on a database; it opens the store at start and closes it at the end."""
    store: Store[State] = Store(database, service=SERVICE, decider=decider, now=now)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await store.open()
        yield
        await store.close()
        await database.close()

    app = application("Piket attendance", identity, running, openapi_url=f"/{SERVICE}/openapi.json")
    app.state.store = store
    app.include_router(feed_router(store))
    app.include_router(api.router(store, now))
    return app
