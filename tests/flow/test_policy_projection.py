"""What a planner goes by: policy and arrangements as they stood together, at one position of policy's source."""

from collections.abc import AsyncIterator, Iterator

import pytest_asyncio

from services.roster.app import MIGRATIONS
from services.roster.storage.policy_projection import apply, seen
from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database, Row
from tests.support.example_facts import Ledger, arrangement, at, policy

OFFICE = "32", "DPMPTSP"


class Moving(Database):
    """A database into which the projection writes on, event by event, after everything that is read."""

    coming: Iterator[Event] = iter(())

    async def read(self, sql: str, **values: object) -> list[Row]:
        rows = await super().read(sql, **values)
        await self.write(self._go_on)
        return rows

    def _go_on(self, connection: Connection) -> None:
        for event in self.coming:
            apply(connection, event)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Moving]:
    database = Moving(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


async def test_of_an_opd_that_is_not_known_nothing_is_seen(database: Moving) -> None:
    assert await seen(database, *OFFICE) == ({}, None, 0)


async def test_a_unit_is_never_seen_without_the_policy_that_was_recorded_before_it(database: Moving) -> None:
    ledger = Ledger()
    for fact in (policy(), arrangement()):
        ledger.record(fact, at("08:00"))
    database.coming = iter(ledger.events)
    assert await seen(database, *OFFICE) == ({}, None, 0)
    assert await seen(database, *OFFICE) == ({"FRONT": arrangement()}, policy(), 2)
