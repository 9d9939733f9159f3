"""Opens, relays, checks and republishes the event sources of a deployment."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from services.reporting.view.generations import current_generation
from services.reporting.worker import changelog
from shared.domain import envelope
from shared.domain.envelope import FIRST_CHAIN
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database
from shared.kafka import broker
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
                group.create_task(Relay(events, region, settings.kafka, path).run())


def checkpoint_file(settings: Settings, service: str, region: str) -> Path:
    """Return the file in which a relay stores its checkpoint."""
    return settings.folder / "relay" / f"{service}-{region}.json"


def republish(settings: Settings, service: str, region: str) -> None:
    """Reset the checkpoint of a source, so that it is sent from the start. Restart a running relay afterwards.

    Raise SystemExit if the deployment does not serve the region: no relay would send it.
    """
    if region not in settings.region_list():
        raise SystemExit(
            f"This deployment does not serve region {region}. Nothing was reset. Give one of PIKET_REGIONS:"
            f" {', '.join(settings.region_list())}."
        )
    checkpoint.reset(checkpoint_file(settings, service, region))


async def create_topics(settings: Settings, replication: int) -> None:
    """Create the topics of the regions, the topic of the current view generation, and the worker's changelog."""
    await broker.create_topics(settings.kafka, settings.region_list(), settings.partitions, replication)
    generation = await current_generation(settings.kafka, settings.deployment)
    await changelog.create_changelog(
        settings.kafka, settings.deployment, settings.partitions, replication, generation.number
    )


async def verify(settings: Settings, service: str, region: str) -> None:
    """Check sequence and hash chain of a source from its first event. Raise SystemExit at the first broken link."""
    events, console = committed_events(settings, service), Console(stderr=True)
    number, chain = 0, FIRST_CHAIN
    with console.status("0") as status:
        while page := await events.read_feed(region, number, 1000):
            for stored in page:
                if stored.sequence != number + 1 or not envelope.is_chained_to(stored.body, chain):
                    raise SystemExit(f"{envelope.source(region, service)}: broken at sequence {stored.sequence}.")
                number, chain = stored.sequence, envelope.decode(stored.body).chain
            status.update(f"{number}")
    console.print(f"{envelope.source(region, service)}: {number} events, no gap, the chain is intact up to {chain}.")
