"""Wiring of roster: store, registry, projection of policy, routes, feed."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import rfc8785
from fastapi import FastAPI

from services.roster.domain import decider
from services.roster.http import routes
from services.roster.storage.policy_projection import apply
from shared.background import alongside
from shared.clock import Clock
from shared.domain.envelope import topic
from shared.event_store.database import Database
from shared.identity import Identity
from shared.kafka import broker
from shared.kafka.dead_letters import dead_letter
from shared.projection.consumer import Record
from shared.projection.projection import Projection
from shared.settings import Settings
from shared.web.application import Lifespan
from shared.web.service import service

SERVICE = "roster"
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"


def create(settings: Settings) -> FastAPI:
    """The application as the environment sets it, with policy's facts read from Kafka."""
    database = settings.database(SERVICE)
    projection = Projection(
        database,
        SERVICE,
        [topic(region, "policy") for region in settings.region_list()],
        apply,
        dead_letter=lambda record, reason: put_aside(settings.kafka, record, reason),
        feed=lambda source, after: owner_feed(settings, source, after),
        bootstrap=settings.kafka,
    )

    @asynccontextmanager
    async def projecting(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        async with alongside(projection.run()):
            yield

    return assemble(database, settings.identity(), settings.now(), projecting)


def assemble(database: Database, identity: Identity, now: Clock, beside: Lifespan) -> FastAPI:
    """The application on a database; `beside` brings roster's own tables and feeds them."""
    app, store = service(SERVICE, decider, database, identity, now, beside)
    app.include_router(routes.router(store, database, now))
    return app


async def put_aside(bootstrap: str, record: Record, reason: str) -> None:
    """Send what nobody could read to the region's dead letters."""
    region = record.topic.split(".")[1]
    key, value, headers = dead_letter((record.topic, record.partition), record, reason)
    async with broker.producer(bootstrap) as producer:
        await producer.send_and_wait(topic(region, "dead-letter"), value, key=key, headers=headers)


async def owner_feed(settings: Settings, source: str, after: int) -> Sequence[bytes]:
    """A page of another service's events, from its owner over HTTP."""
    _, _, region, service = source.split("/")
    async with httpx.AsyncClient(base_url=settings.gateway, timeout=10) as http:
        headers = {"authorization": f"Bearer {settings.token(region)}"}
        answer = await http.get(f"/{service}/v1/{region}/feed", params={"after": after}, headers=headers)
    return [rfc8785.dumps(event) for event in json.loads(answer.raise_for_status().content)]
