"""Runs all four services in one process, without a broker: stored events are delivered directly to their readers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from aiokafka import ConsumerRecord
from fastapi import FastAPI
from faust.types import TP
from starlette.types import ASGIApp

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from deploy.operations.gateway import gateway
from services.attendance import app as attendance
from services.policy import app as policy
from services.reporting import app as reporting
from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.faust_batches.batch import PartitionBatch
from services.reporting.view.rows import CoverageView
from services.reporting.worker.processor import Processor
from services.reporting.worker.publisher import Headers
from services.roster import app as roster
from services.roster.storage.policy_projection import apply
from shared.domain.envelope import source, topic
from shared.domain.facts.coverage import Coverage
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.event_store.stored_events import StoredEvent
from shared.identity import Identity
from shared.kafka.connection import KafkaConnection
from shared.kafka.dead_letters import DeadLetter
from shared.projection.consumer import ConsumedRecord
from shared.projection.projection import Projection
from tests.support.example_facts import at
from tests.support.office_setup import OPD, REGION, Office
from tests.support.story import SERVICES, StoryEnvironment, has_reached

PARTITION = 1


class InProcessDeployment:
    """The stores of the services, and the readers of their events."""

    def __init__(self, stores: dict[str, Store[Any]], projection: Projection, view: CoverageView, app: ASGIApp) -> None:
        self.stores, self._projection, self._view, self.app = stores, projection, view, app
        self._positions_read = dict.fromkeys(SERVICES, 0)
        self._processor = Processor({topic(REGION, service): source(REGION, service) for service in SERVICES})
        self._lock = asyncio.Lock()
        self.dead_letters: list[DeadLetter] = []
        self.changelog: list[ChangelogRecord] = []

    async def catch_up(self) -> None:
        """Deliver all stored events to their readers. The lock keeps the order of concurrent calls."""
        async with self._lock:
            for service in SERVICES:
                page = await self.stores[service].read_feed(REGION, self._positions_read[service])
                if page:
                    await self._deliver(service, page)

    async def _deliver(self, service: str, page: Sequence[StoredEvent]) -> None:
        name, start_offset = topic(REGION, service), self._positions_read[service]
        if service == "policy":
            await self._projection.apply_batch(
                [ConsumedRecord(name, PARTITION, e.sequence - 1, e.key.encode(), e.body) for e in page]
            )
        records = [_consumer_record(name, e) for e in page]
        await self._processor.process_batch(PartitionBatch(TP(name, PARTITION), start_offset, records), bool)
        await self._processor.flush_once(self)
        self._positions_read[service] = page[-1].sequence

    async def write_changelog(self, partition: int, facts: Sequence[ChangelogRecord]) -> None:
        assert partition == PARTITION
        self.changelog += facts

    async def publish(self, partition: int, row: Coverage, headers: Headers = ()) -> None:  # noqa: ARG002
        assert partition == PARTITION
        self._view.apply_rows([row])

    async def write_dead_letter(self, region: str, letter: DeadLetter) -> None:
        assert region == REGION
        self.dead_letters.append(letter)

    async def follow(self) -> None:
        """Deliver events until cancelled."""
        while True:
            await self.catch_up()
            self._view.mark_complete()
            await asyncio.sleep(0.01)  # the interval of deliveries: no store says that it has new events

    async def row(self, day: date, watermark: dict[str, int]) -> Coverage:
        await self.catch_up()
        row = self._view.row(REGION, OPD, day)
        assert row is not None
        assert has_reached(row, watermark)
        return row


def _consumer_record(name: str, event: StoredEvent) -> ConsumerRecord[bytes, bytes]:
    size = len(event.body)
    return ConsumerRecord(name, PARTITION, event.sequence - 1, 0, 0, event.key.encode(), event.body, None, 0, size, ())


class SettableClock:
    """A clock that returns the time to which it was set."""

    def __init__(self) -> None:
        self.time = at("09:00", date(2025, 11, 3))

    def __call__(self) -> datetime:
        return self.time

    def set(self, to: datetime) -> None:
        self.time = to


@asynccontextmanager
async def in_process_deployment(folder: Path) -> AsyncIterator[tuple[StoryEnvironment, InProcessDeployment]]:
    """Run the services inside the block; yield the environment of the story, and the deployment."""
    issuer, clock = Issuer(folder, "demo"), SettableClock()
    identity = Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE)

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await databases["roster"].migrate(roster.MIGRATIONS)
        yield

    databases = {service: Database(f"sqlite://{folder}/{service}.db") for service in SERVICES}
    view = CoverageView(clock)
    apps = {
        "policy": policy.assemble(databases["policy"], identity, clock),
        "roster": roster.assemble(databases["roster"], identity, clock, tables),
        "attendance": attendance.assemble(databases["attendance"], identity, clock),
        "reporting": reporting.assemble(view, identity, clock),
    }
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        projection = Projection(
            databases["roster"],
            "roster",
            [topic(REGION, "policy")],
            apply,
            dead_letter=unexpected_call,
            feed=unexpected_call,
            connection=KafkaConnection("unused"),
        )
        await projection.open()
        stores: dict[str, Store[Any]] = {service: apps[service].state.store for service in SERVICES}
        deployment = InProcessDeployment(stores, projection, view, gateway(apps))
        transport = httpx.ASGITransport(deployment.app)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://piket"))
        delivery = asyncio.create_task(deployment.follow())
        yield StoryEnvironment(Office(http, issuer), clock.set, deployment.row), deployment
        delivery.cancel()


async def unexpected_call(*_: object) -> Any:
    raise AssertionError("no event is unreadable or missing in this deployment")
