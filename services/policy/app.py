"""Wiring of policy: store, routes, pages, feed."""

from fastapi import FastAPI

from services.policy import api, decider, pages
from shared.clock import Clock
from shared.database import Database
from shared.identity import Identity
from shared.settings import Settings
from shared.web.service import service

SERVICE = "policy"


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it."""
    return assemble(settings.database(SERVICE), settings.identity(), settings.now(), demo=bool(settings.clock))


def assemble(database: Database, identity: Identity, now: Clock, *, demo: bool = False) -> FastAPI:
    """The application on a database; it opens the store at start and closes it at the end."""
    app, store = service(SERVICE, decider, database, identity, now)
    app.include_router(api.router(store))
    app.include_router(pages.router(store, now, demo=demo))
    return app
