"""Builds the roster application: event store, registry of people, projection of policy, routes and feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.roster.catalogue import CATALOGUE
from services.roster.domain import decider
from services.roster.http import people_import, routes
from services.roster.storage.policy_projection import apply
from shared.background import background_task
from shared.clock import Clock
from shared.domain.envelope import topic
from shared.event_store.database import Database
from shared.health.parts import kafka_part
from shared.identity import Identity
from shared.kafka.connection import connection_of
from shared.kafka.dead_letters import send_dead_letter
from shared.projection.consumer import ConsumedRecord
from shared.projection.owner_feed import OwnerFeed
from shared.projection.projection import Projection
from shared.settings import Settings
from shared.web.application import Lifespan
from shared.web.service import create_service

SERVICE = "roster"
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"


def create(settings: Settings) -> FastAPI:
    """Return the application for the given settings. While it runs it applies policy's events from Kafka."""
    database = Database(settings.store_url(SERVICE))

    async def write_dead_letter(record: ConsumedRecord, reason: str) -> None:
        await send_dead_letter(connection_of(settings), (record.topic, record.partition), record, reason)

    projection = Projection(
        database,
        SERVICE,
        [topic(region, "policy") for region in settings.region_list()],
        apply,
        dead_letter=write_dead_letter,
        feed=OwnerFeed(settings).read,
        connection=connection_of(settings),
    )

    @asynccontextmanager
    async def run_projection(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        async with background_task(projection.run()):
            yield

    app = assemble(database, Identity.from_settings(settings), settings.domain_clock(), run_projection)
    app.state.readiness.parts += [kafka_part(settings.kafka), projection.reading.part("policy")]
    return app


def assemble(database: Database, identity: Identity, now: Clock, background: Lifespan) -> FastAPI:
    """Return the application on a database. `background` must migrate roster's own tables; it may keep them current."""
    app, _ = create_service(SERVICE, decider, database, identity, now, background)
    app.state.catalogue = CATALOGUE
    app.include_router(routes.router)
    app.include_router(people_import.router)
    return app
