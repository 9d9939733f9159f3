"""Appends facts to real stores, without decisions of the services."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from shared.domain.decider import StoreCommand
from shared.domain.facts.base import Fact
from shared.event_store.database import Database, Unavailable
from shared.event_store.store import Store
from tests.support.stores import SettableClock, Tally

SERVICES = ("policy", "roster", "attendance")
RETRY_S = 0.2


class Stores:
    """One SQLite store per service in a folder, which the relay finds by PIKET_FOLDER.

    `operations` counts appends by outcome. An append with an unknown outcome is repeated.
    """

    def __init__(self, folder: Path, operations: Counter[str]) -> None:
        self.operations = operations
        self._watch = SettableClock()
        self._databases = {service: Database(f"sqlite://{folder}/{service}.db") for service in SERVICES}
        self._stores = {
            service: Store(database, service=service, decider=Tally(), now=self._watch)
            for service, database in self._databases.items()
        }

    async def open(self) -> None:
        """Create the tables."""
        for store in self._stores.values():
            await store.open()

    async def close(self) -> None:
        """Close every database."""
        for service, database in self._databases.items():
            await self._stores[service].close()
            await database.close()

    async def record_facts(self, facts: Sequence[Fact], when: datetime) -> None:
        """Append facts, recorded at an instant, and return when all are durable."""
        self._watch.now = when
        await asyncio.gather(*map(self._append, facts))

    async def _append(self, fact: Fact) -> None:
        service = type(fact).TYPE.split(".")[2]
        stream = f"{service}/{fact.partition_key}/{uuid4()}"
        command = StoreCommand[int](fact.region, stream, lambda *_: {stream: [fact]}, "driver", str(uuid4()), "once")
        while not await self._try_execute(service, command):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(RETRY_S)  # as a client that backs off

    async def _try_execute(self, service: str, command: StoreCommand[int]) -> bool:
        """Return whether the fact is stored. Otherwise the call can be repeated: the key prevents a second record."""
        try:
            await self._stores[service].execute(command)
        except Unavailable:
            self.operations["unknown"] += 1
            return False
        except Exception:
            self.operations["failed"] += 1
            raise
        self.operations["ok"] += 1
        return True

    async def stored_events(self, service: str, region: str) -> list[bytes]:
        """Return all events of a source, in order."""
        bodies: list[bytes] = []
        while page := await self._stores[service].read_feed(region, len(bodies), 5000):
            bodies += [event.body for event in page]
        return bodies
