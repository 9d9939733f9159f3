"""Provides event stores of one database, and commands that append check-ins to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from shared.clock import Clock
from shared.domain import envelope
from shared.domain.decider import Context, StoreCommand
from shared.domain.envelope import FIRST_CHAIN
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.dialects import DIALECTS
from shared.event_store.store import Store
from shared.event_store.stored_events import StoredEvent
from tests.support.example_facts import ANI, BUDI, at, tap

MORNING = at("07:00")
ANIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{ANI}"
BUDIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{BUDI}"


class Tally:
    """Counts the facts of a stream."""

    initial = 0

    def evolve(self, state: int, _: Fact, /) -> int:
        return state + 1


class SettableClock:
    """A clock that returns what it was set to."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


class StoreUsers:
    """The event stores of one database, which several processes would share."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock: Clock = SettableClock()
        self.databases: list[Database] = []

    @property
    def begin_statement(self) -> str:
        """Return the statement that begins a transaction."""
        return DIALECTS[self.url.partition(":")[0]].begin_statements[0]

    async def store(self, writer: Callable[[Any], Any] = lambda raw: raw) -> Store[int]:
        database = Database(self.url)
        connect = database.dialect.open_writer
        database.dialect = replace(database.dialect, open_writer=lambda address: writer(connect(address)))
        self.databases.append(database)
        store = Store(database, service="attendance", decider=Tally(), now=self.clock)
        await store.open()
        return store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for database in self.databases:
            await database.close()


def check_in(region: str = "32") -> Fact:
    return tap("in", ANI, MORNING, region=region)


def command(
    stream: str = ANIS_DAY,
    *facts: Fact,
    key: str = "",
    fingerprint: str = "f",
    event_id: UUID | None = None,
    expected_version: int | None = None,
    reads: Sequence[str] = (),
    region: str = "32",
) -> StoreCommand[int]:
    def decide(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        return {stream: facts or [check_in(region)]}

    return StoreCommand(
        region, stream, decide, "ani", key or str(uuid4()), fingerprint, reads, event_id, expected_version
    )


async def all_events(store: Store[int], region: str = "32") -> list[StoredEvent]:
    events: list[StoredEvent] = []
    while page := await store.read_feed(region, events[-1].sequence if events else 0):
        events += page
    return events


def is_chained(events: Sequence[StoredEvent]) -> bool:
    chain = FIRST_CHAIN
    for stored in events:
        if not envelope.is_chained_to(stored.body, chain):
            return False
        chain = envelope.decode(stored.body).chain
    return True
