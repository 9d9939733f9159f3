"""Builds the attendance application: event store, routes and feed."""

from fastapi import FastAPI

from services.attendance.catalogue import CATALOGUE
from services.attendance.domain import decider
from services.attendance.http import taps
from shared.clock import Clock
from shared.event_store.database import Database
from shared.health.parts import kafka_part
from shared.identity import Identity
from shared.settings import Settings
from shared.web.service import create_service

SERVICE = "attendance"


def create(settings: Settings) -> FastAPI:
    """Return the application for the given settings."""
    database = Database(settings.store_url(SERVICE))
    app = assemble(database, Identity.from_settings(settings), settings.domain_clock())
    app.state.readiness.parts.append(kafka_part(settings.kafka))
    return app


def assemble(database: Database, identity: Identity, now: Clock) -> FastAPI:
    """Return the application on a database. It opens the event store at startup and closes it at shutdown."""
    app, _ = create_service(SERVICE, decider, database, identity, now)
    app.state.catalogue = CATALOGUE
    app.include_router(taps.router)
    return app
