"""All four services in one process, without a broker: what each stores is handed on by hand, in any portions."""

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
from services.reporting.domain.partitions.partition_state import Row
from services.reporting.faust_batches.batch import Batch
from services.reporting.view.rows import View
from services.reporting.worker.processor import Processor
from services.roster import app as roster
from services.roster.storage.policy_projection import apply
from shared.domain.envelope import source, topic
from shared.domain.facts.coverage import Coverage
from shared.event_store.database import Database
from shared.event_store.store import Store, Stored
from shared.identity import Identity
from shared.kafka.dead_letters import DeadLetter
from shared.projection.consumer import Record
from shared.projection.projection import Projection
from tests.support.example_facts import at
from tests.support.office_setup import OPD, REGION, Office
from tests.support.story import SERVICES, World, reached

PARTITION = 1


class Town:
    """The log in memory, and everybody who reads it."""

    def __init__(self, stores: dict[str, Store[Any]], projection: Projection, view: View, app: ASGIApp) -> None:
        self.stores, self._projection, self._view, self.app = stores, projection, view, app
        self._read = dict.fromkeys(SERVICES, 0)
        self._processor = Processor({topic(REGION, service): source(REGION, service) for service in SERVICES})
        self._hand = asyncio.Lock()
        self.letters: list[DeadLetter] = []
        self.changelog: list[Row] = []

    async def catch_up(self) -> None:
        """Move every stored event to its readers, one hand at a time."""
        async with self._hand:
            for service in SERVICES:
                page = await self.stores[service].read_feed(REGION, self._read[service])
                if page:
                    await self._hand_on(service, page)

    async def _hand_on(self, service: str, page: Sequence[Stored]) -> None:
        name, begins = topic(REGION, service), self._read[service]
        if service == "policy":
            await self._projection.take([Record(name, PARTITION, e.sequence - 1, e.key.encode(), e.body) for e in page])
        records = [_consumer_record(name, e) for e in page]
        await self._processor.take(Batch(TP(name, PARTITION), begins, records), bool)
        await self._processor.flush_once(self)
        self._read[service] = page[-1].sequence

    async def keep(self, partition: int, facts: Sequence[Row]) -> None:
        assert partition == PARTITION
        self.changelog += facts

    async def publish(self, partition: int, row: Coverage) -> None:
        assert partition == PARTITION
        self._view.keep([row])

    async def put_aside(self, region: str, letter: DeadLetter) -> None:
        assert region == REGION
        self.letters.append(letter)

    async def follow(self) -> None:
        """Move events on for as long as the story lasts."""
        while True:
            await self.catch_up()
            self._view.confirm()
            await asyncio.sleep(0.01)

    async def row(self, day: date, seen: dict[str, int]) -> Coverage:
        await self.catch_up()
        row = self._view.row(REGION, OPD, day)
        assert row is not None
        assert reached(row, seen)
        return row


def _consumer_record(name: str, event: Stored) -> ConsumerRecord[bytes, bytes]:
    size = len(event.body)
    return ConsumerRecord(name, PARTITION, event.sequence - 1, 0, 0, event.key.encode(), event.body, None, 0, size, ())


class Watch:
    """A clock that shows what it was set to."""

    def __init__(self) -> None:
        self.shows = at("09:00", date(2025, 11, 3))

    def __call__(self) -> datetime:
        return self.shows

    def set(self, to: datetime) -> None:
        self.shows = to


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[World, Town]]:
    """A running town and its office."""
    issuer, watch = Issuer(folder, "demo"), Watch()
    identity = Identity.of(issuer.jwks(), ISSUER, AUDIENCE)

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await databases["roster"].migrate(roster.MIGRATIONS)
        yield

    databases = {service: Database(f"sqlite://{folder}/{service}.db") for service in SERVICES}
    view = View(watch)
    apps = {
        "policy": policy.assemble(databases["policy"], identity, watch),
        "roster": roster.assemble(databases["roster"], identity, watch, tables),
        "attendance": attendance.assemble(databases["attendance"], identity, watch),
        "reporting": reporting.assemble(view, identity, watch),
    }
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        projection = Projection(
            databases["roster"], "roster", [topic(REGION, "policy")], apply, dead_letter=none, feed=none
        )
        await projection.open()
        stores: dict[str, Store[Any]] = {service: apps[service].state.store for service in SERVICES}
        here = Town(stores, projection, view, gateway(apps, "reporting"))
        transport = httpx.ASGITransport(here.app)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://piket"))
        following = asyncio.create_task(here.follow())
        yield World(Office(http, issuer), watch.set, here.row), here
        following.cancel()


async def none(*_: object) -> Any:
    raise AssertionError("nothing is unreadable or missing in this town")
