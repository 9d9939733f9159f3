"""The stores that the driver appends to: real ones, for which nothing is decided."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from shared.domain.decider import Command
from shared.domain.facts.base import Fact
from shared.event_store.database import Database
from shared.event_store.store import Store, Unavailable
from tests.support.stores import Tally, Watch

SERVICES = ("policy", "roster", "attendance")
AGAIN_S = 0.2


class Stores:
    """One SQLite store per service in a folder, as the relay finds them by PIKET_FOLDER.

    `operations` counts appends by what became of them; one whose end is unknown is asked again.
    """

    def __init__(self, folder: Path, operations: Counter[str]) -> None:
        self.operations = operations
        self._watch = Watch()
        self._databases = {service: Database(f"sqlite://{folder}/{service}.db") for service in SERVICES}
        self._stores = {
            service: Store(database, service=service, decider=Tally(), now=self._watch)
            for service, database in self._databases.items()
        }

    async def open(self) -> None:
        """Make their tables."""
        for store in self._stores.values():
            await store.open()

    async def close(self) -> None:
        """Close every database."""
        for service, database in self._databases.items():
            await self._stores[service].close()
            await database.close()

    async def tell(self, facts: Sequence[Fact], when: datetime) -> None:
        """Append facts, recorded at an instant; answers when all are durable."""
        self._watch.shows = when
        await asyncio.gather(*map(self._append, facts))

    async def _append(self, fact: Fact) -> None:
        service = type(fact).TYPE.split(".")[2]
        stream = f"{service}/{fact.partition_key}/{uuid4()}"
        command = Command[int](fact.region, stream, lambda *_: {stream: [fact]}, "driver", str(uuid4()), "once")
        while not await self._executed(service, command):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(AGAIN_S)

    async def _executed(self, service: str, command: Command[int]) -> bool:
        """Whether it is known to be stored; else it may be asked again: what was stored is not stored twice."""
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

    async def stored(self, service: str, region: str) -> list[bytes]:
        """Every event of a source, in order."""
        bodies: list[bytes] = []
        while page := await self._stores[service].read_feed(region, len(bodies), 5000):
            bodies += [event.body for event in page]
        return bodies
