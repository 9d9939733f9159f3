"""Checks that a plan sees policy and arrangements of the same position in policy's event source."""

from collections.abc import AsyncIterator, Iterator

import pytest_asyncio

from services.roster.app import MIGRATIONS
from services.roster.storage.policy_projection import apply, policy_view
from shared.domain.envelope import Event
from shared.domain.facts.rules import Rules
from shared.event_store.database import Connection, Database, DatabaseRow
from tests.support.example_facts import Ledger, arrangement, at, policy

OPD = "32", "DPMPTSP"


class WriteAfterReadDatabase(Database):
    """A database to which the projection writes the pending events after each read."""

    pending_events: Iterator[Event] = iter(())

    async def read(self, sql: str, **values: object) -> list[DatabaseRow]:
        rows = await super().read(sql, **values)
        await self.write(self._apply_pending)
        return rows

    def _apply_pending(self, connection: Connection) -> None:
        for event in self.pending_events:
            apply(connection, event)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[WriteAfterReadDatabase]:
    database = WriteAfterReadDatabase(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


async def test_of_an_opd_that_is_not_known_nothing_is_seen(database: WriteAfterReadDatabase) -> None:
    assert await policy_view(database, *OPD) == ({}, None, 0)


async def test_a_unit_is_never_seen_without_the_policy_that_was_recorded_before_it(
    database: WriteAfterReadDatabase,
) -> None:
    ledger = Ledger()
    for fact in (policy(), arrangement()):
        ledger.record(fact, at("08:00"))
    database.pending_events = iter(ledger.events)
    assert await policy_view(database, *OPD) == ({}, None, 0)
    assert await policy_view(database, *OPD) == ({"FRONT": arrangement()}, policy(), 2)


async def test_an_event_that_is_applied_late_does_not_replace_a_later_one(database: WriteAfterReadDatabase) -> None:
    ledger = Ledger()
    former, present = policy(), policy(rules=Rules(max_share=0.5, share_of="OPD"))
    for fact in (former, arrangement(name="Loket"), present, arrangement()):
        ledger.record(fact, at("08:00"))
    database.pending_events = iter([*ledger.events[2:], *ledger.events[:2]])
    await policy_view(database, *OPD)
    assert await policy_view(database, *OPD) == ({"FRONT": arrangement()}, present, 4)
