"""The sources of a deployment as one runs them: relayed, checked, sent again."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from rich.console import Console

from services.attendance.domain import decider as attendance
from services.policy.domain import decider as policy
from services.reporting.view.generations import in_force
from services.reporting.worker import changelog
from services.roster.domain import decider as roster
from shared.domain import envelope
from shared.domain.envelope import FIRST_CHAIN
from shared.event_store.store import Store
from shared.kafka import broker
from shared.relay import checkpoint
from shared.relay.relay import Relay
from shared.settings import Settings
from shared.telemetry import serve_metrics

DECIDERS = {"policy": policy, "roster": roster, "attendance": attendance}


def store_of(settings: Settings, service: str) -> Store[Any]:
    """The store of a service, for reading."""
    decider: Any = DECIDERS[service]
    return Store(settings.database(service), service=service, decider=decider, now=settings.now())


async def reach(settings: Settings, services: Iterable[str]) -> None:
    """Raise `Unavailable` unless every service's store answers, before anything is served from it."""
    for service in DECIDERS.keys() & services:
        database = settings.database(service)
        try:
            await database.read("SELECT 1")
        finally:
            await database.close()


async def relay(settings: Settings) -> None:
    """Relay every source; a refusal of one ends all with its sentence, and a supervisor starts them again."""
    serve_metrics(settings.metrics_port, REGISTRY)
    async with asyncio.TaskGroup() as group:
        for service in DECIDERS:
            store = store_of(settings, service)
            await store.open()
            for region in settings.region_list():
                path = mark_file(settings, service, region)
                group.create_task(Relay(store, region, settings.kafka, path).run())


def mark_file(settings: Settings, service: str, region: str) -> Path:
    """Where a relay keeps how far it has sent."""
    folder = settings.folder / "relay"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{service}-{region}.json"


def republish(settings: Settings, service: str, region: str) -> None:
    """Forget how far a source was sent; a running relay must be started again."""
    checkpoint.forget(mark_file(settings, service, region))


async def create_topics(settings: Settings, replication: int) -> None:
    """Create the topics of the regions, and those of the worker: which view is in force, and its changelog."""
    await broker.create_topics(settings.kafka, settings.region_list(), settings.partitions, replication)
    now = await in_force(settings.kafka, settings.deployment)
    await changelog.create_changelog(settings.kafka, settings.deployment, settings.partitions, replication, now.number)


async def verify(settings: Settings, service: str, region: str) -> None:
    """Walk a source from its first event. Ends with a sentence and a failing status at the first broken link."""
    store, console = store_of(settings, service), Console(stderr=True)
    number, chain = 0, FIRST_CHAIN
    with console.status("0") as status:
        while page := await store.read_feed(region, number, 1000):
            for stored in page:
                if stored.sequence != number + 1 or not envelope.chain_holds(stored.body, chain):
                    raise SystemExit(f"{envelope.source(region, service)}: broken at sequence {stored.sequence}.")
                number, chain = stored.sequence, envelope.decode(stored.body).chain
            status.update(f"{number}")
    console.print(f"{envelope.source(region, service)}: {number} events, no hole, the chain holds to {chain}.")
