"""Wiring of attendance: store, routes, feed."""

from fastapi import FastAPI

from services.attendance.domain import decider
from services.attendance.http import taps
from shared.clock import Clock
from shared.event_store.database import Database
from shared.identity import Identity
from shared.settings import Settings
from shared.web.service import service

SERVICE = "attendance"


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it."""
    return assemble(settings.database(SERVICE), settings.identity(), settings.now())


def assemble(database: Database, identity: Identity, now: Clock) -> FastAPI:
    """The application on a database; it opens the store at start and closes it at the end."""
    app, store = service(SERVICE, decider, database, identity, now)
    app.include_router(taps.router(store, now))
    return app
