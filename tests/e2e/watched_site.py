"""Runs a deployment with one office, whose alerts a test watches."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from tests.support.alerting import PATIENCE_S, Alerting, alerting
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import Office, require_success
from tests.support.story import MONDAY, WEDNESDAY
from tests.support.waiting import LIMIT_S, block_until


@dataclass
class Site:
    """A deployment with one office, and its broker."""

    stack: Stack
    kafka: Kafka
    people: dict[str, UUID] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=count)

    def tap(self, name: str, kind: str = "check-ins") -> None:
        """Send a tap of a person of the office."""

        async def send() -> None:
            async with self.office() as office:
                require_success(await office.tap(name, kind))

        asyncio.run(send())

    def open_office(self) -> None:
        """Set up the office, plan its days, and let both clerks come at nine o'clock."""

        async def prepare() -> None:
            async with self.office() as office:
                await office.prepare(WEDNESDAY, THURSDAY)
                self.people = office.people

        asyncio.run(prepare())
        # Before the taps: a clock that jumps after them would make them reach the view an hour late.
        self.stack.set_clock(at("09:00"))
        self.tap("Dewi")
        self.tap("Rina")

    @asynccontextmanager
    async def office(self) -> AsyncIterator[Office]:
        """Provide the requests of the office's people."""
        async with httpx.AsyncClient(base_url=self.stack.url, timeout=scaled(LIMIT_S)) as http:
            yield Office(http, self.stack.issuer, self.people, self.keys)


@contextmanager
def open_site(folder: Path, kafka: Kafka) -> Iterator[Site]:
    """Run a deployment inside the block. It is nine o'clock, and both counters of its office are staffed."""
    with Stack(folder / "piket", kafka.bootstrap, at("09:00", MONDAY)) as stack:
        site = Site(stack, kafka)
        site.open_office()
        yield site


@contextmanager
def watched(site: Site, folder: Path, faster: float) -> Iterator[Alerting]:
    """Watch a site inside the block, with alerts that fire `faster` than in production. Nobody is called yet."""
    with alerting(folder, site.stack.targets_file, faster / scaled(1), "2s") as path:
        wait_until_healthy(path)
        yield path


def wait_until_healthy(path: Alerting) -> None:
    """Wait until every counter is staffed and no alert fires."""
    block_until(lambda: coverage(path) == [1], PATIENCE_S, lambda: f"all counters are staffed: {coverage(path)}")
    path.wait_until_quiet()


def coverage(path: Alerting) -> list[float]:
    """Return present by required staff of the open counters, as Prometheus has recorded it."""
    series = path.prometheus.query("region_opd_service:piket_coverage:ratio")
    return [float(one["value"][1]) for one in series]
