"""The stores of one database, and what their users ask of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from shared.clock import Clock
from shared.domain import envelope
from shared.domain.decider import Command, Context
from shared.domain.envelope import FIRST_CHAIN
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.dialects import DIALECTS
from shared.event_store.store import Store, Stored
from tests.support.example_facts import ANI, BUDI, at, tap

MORNING = at("07:00")
ANIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{ANI}"
BUDIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{BUDI}"


class Tally:
    """Counts the facts of a stream."""

    initial = 0

    def evolve(self, state: int, _: Fact, /) -> int:
        return state + 1


class Watch:
    """A clock that shows what it was set to."""

    def __init__(self) -> None:
        self.shows = MORNING

    def __call__(self) -> datetime:
        return self.shows


class Office:
    """The stores of one database and what their users do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.watch: Clock = Watch()
        self.databases: list[Database] = []

    @property
    def begin(self) -> str:
        """The statement that begins a transaction."""
        return DIALECTS[self.url.partition(":")[0]].begin[0]

    async def store(self, writer: Callable[[Any], Any] = lambda raw: raw) -> Store[int]:
        database = Database(self.url)
        connect = database.dialect.writer
        database.dialect = replace(database.dialect, writer=lambda address: writer(connect(address)))
        self.databases.append(database)
        store = Store(database, service="attendance", decider=Tally(), now=self.watch)
        await store.open()
        return store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for database in self.databases:
            await database.close()


def come(region: str = "32") -> Fact:
    return tap("in", ANI, MORNING, region=region)


def command(
    stream: str = ANIS_DAY,
    *facts: Fact,
    key: str = "",
    fingerprint: str = "f",
    event_id: UUID | None = None,
    expected: int | None = None,
    reads: Sequence[str] = (),
    region: str = "32",
) -> Command[int]:
    def decide(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        return {stream: facts or [come(region)]}

    return Command(region, stream, decide, "ani", key or str(uuid4()), fingerprint, reads, event_id, expected)


async def everything(store: Store[int], region: str = "32") -> list[Stored]:
    told: list[Stored] = []
    while page := await store.read_feed(region, told[-1].sequence if told else 0):
        told += page
    return told


def chained(told: Sequence[Stored]) -> bool:
    chain = FIRST_CHAIN
    for stored in told:
        if not envelope.chain_holds(stored.body, chain):
            return False
        chain = envelope.decode(stored.body).chain
    return True
