"""Opens, relays and republishes the event sources of a deployment."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from services.reporting.view.generations import current_generation
from services.reporting.worker import changelog
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.metrics.server import serve_metrics
from shared.relay import checkpoint
from shared.relay.relay import Relay
from shared.settings import Settings

SERVICES_WITH_STORE = ("policy", "roster", "attendance", "reporting")


def committed_events(settings: Settings, service: str) -> CommittedEvents:
    """Return the committed events of a service."""
    return CommittedEvents(Database(settings.store_url(service)), service=service, now=settings.domain_clock())


async def check_stores(settings: Settings, services: Iterable[str]) -> None:
    """Raise `Unavailable` if the store of a service does not answer. Call this before serving from it."""
    for service in {*SERVICES_WITH_STORE} & {*services}:
        database = Database(settings.store_url(service))
        try:
            await database.read("SELECT 1")  # connects without creating tables
        finally:
            await database.close()


async def relay(settings: Settings) -> None:
    """Relay all sources to Kafka until cancelled. An error of one ends all; a supervisor starts them again."""
    serve_metrics(settings.metrics_port, "relay", settings.metrics_host)
    async with asyncio.TaskGroup() as group:
        for service in SERVICES_WITH_STORE:
            events = committed_events(settings, service)
            await events.open()
            for region in settings.region_list():
                path = checkpoint_file(settings, service, region)
                group.create_task(Relay(events, region, connection_of(settings), path).run())


def checkpoint_file(settings: Settings, service: str, region: str) -> Path:
    """Return the file in which a relay stores its checkpoint."""
    return settings.folder / "relay" / f"{service}-{region}.json"


def republish(settings: Settings, service: str, region: str) -> None:
    """Reset the checkpoint of a source, so that it is sent from the start. Restart a running relay afterwards."""
    checkpoint.reset(checkpoint_file(settings, service, region))


async def create_topics(settings: Settings, replication: int) -> None:
    """Create the topics of the regions, the topic of the current view generation, and the worker's changelog."""
    await broker.create_topics(connection_of(settings), settings.region_list(), settings.partitions, replication)
    generation = await current_generation(connection_of(settings), settings.deployment)
    await changelog.create_changelog(
        connection_of(settings), settings.deployment, settings.partitions, replication, generation.number
    )
