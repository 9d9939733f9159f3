"""Runs reporting with an event store and a log in memory: its dead letters, their records, and the owner's feed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.reporting.app import assemble_with_store
from services.reporting.dead_letters.readings import MIGRATIONS
from services.reporting.dead_letters.records import LetterPage
from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain.dead_letters import Letter, RecordPosition
from shared.domain.envelope import decode_envelope, encode
from shared.event_store.database import Database
from shared.identity import Identity
from shared.kafka.dead_letters import dead_letter
from tests.support.example_facts import ANI, BUDI, Ledger, at, tap

TOPIC = "piket.32.attendance.v1"
LETTERS = "/reporting/v1/32/dead-letters"


def stored_taps() -> list[bytes]:
    """Return the bytes of two taps, as attendance stored them."""
    ledger = Ledger()
    return [
        encode(ledger.record(tap("in", person, at(hours)), at(hours)))
        for person, hours in ((ANI, "07:40"), (BUDI, "07:42"))
    ]


@dataclass
class InMemoryRecord:
    """A record of one partition."""

    offset: int
    value: bytes | None
    key: bytes | None = b"32/-"


@dataclass
class InMemoryRecords:
    """The log: records by topic and partition, letters by region, and what was sent."""

    records: defaultdict[tuple[str, int], list[InMemoryRecord]] = field(default_factory=lambda: defaultdict(list))
    letters: defaultdict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)
    is_away: bool = False
    after_sending: asyncio.Event | None = None
    """Set by a test: every send waits for it after the record is in the log."""

    def put_aside(self, value: bytes | None, reason: str, written: datetime, topic: str = TOPIC) -> str:
        """Append a record to partition 1 and its letter; return the path of the letter."""
        records = self.records[topic, 1]
        records.append(InMemoryRecord(len(records), value))
        self.write_letter(records[-1], reason, written, topic)
        return f"{LETTERS}/{topic}/1/{records[-1].offset}"

    def write_letter(self, record: InMemoryRecord, reason: str, written: datetime, topic: str = TOPIC) -> None:
        letter, region = dead_letter((topic, 1), record, reason), topic.split(".")[1]
        self.letters[region].append(Letter(region, dict(letter.headers), letter.value, written))

    async def letters_after(self, region: str, positions: Mapping[int, int]) -> LetterPage:
        self._require_broker()
        letters, after = self.letters[region], positions.get(0, 0)
        is_complete = after > len(letters)
        return LetterPage(letters[0 if is_complete else after :], {0: len(letters)}, is_complete)

    async def value_at(self, position: RecordPosition) -> bytes | None:
        self._require_broker()
        records = self.records[position.topic, position.partition]
        return records[position.offset].value if position.offset < len(records) else None

    async def send(self, topic_name: str, key: str, value: bytes) -> None:
        self._require_broker()
        self.sent.append((topic_name, key, value))
        if self.after_sending:
            await self.after_sending.wait()

    def _require_broker(self) -> None:
        if self.is_away:
            raise KafkaConnectionError("no broker")


@dataclass
class DeadLetterSite:
    """The application, its log, what the owner has stored, and clients with tokens."""

    app: FastAPI
    database: Database
    records: InMemoryRecords
    issuer: Issuer
    stored: list[bytes]
    http: httpx.AsyncClient

    def token(self, role: str = "OPS", region: str = "32") -> str:
        return self.issuer.sign("wahyu", roles=[role], region=region)

    async def get(self, path: str, role: str = "OPS", region: str = "32") -> httpx.Response:
        return await self.http.get(path, headers={"authorization": f"Bearer {self.token(role, region)}"})

    async def post(self, path: str, body: Any = None, key: str = "key-00001", **claims: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token(**claims)}", "idempotency-key": key}
        return await self.http.post(path, json=body, headers=headers)

    async def facts(self) -> list[str]:
        """Return the names of all facts of reporting."""
        return [event.type.split(".")[3] for event in await self.app.state.store.read_feed("32")]


async def read_feed(stored: Sequence[bytes], origin: str, after: int) -> Sequence[bytes]:
    assert origin.startswith("/piket/")
    return [body for body in stored if decode_envelope(body).source == origin][after:]


@asynccontextmanager
async def dead_letter_site(folder: Path, url: str = "") -> AsyncIterator[DeadLetterSite]:
    """Run reporting's event store inside the block, without coverage."""
    issuer, database = Issuer(folder, "demo"), Database(url or f"sqlite://{folder}/reporting.db")
    records, stored = InMemoryRecords(), stored_taps()

    async def feed(origin: str, after: int) -> Sequence[bytes]:
        return await read_feed(stored, origin, after)

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        yield

    identity = Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE)
    app = assemble_with_store(database, DeadLetters(records, feed), identity, lambda: at("08:00"), tables)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://piket") as http,
    ):
        yield DeadLetterSite(app, database, records, issuer, stored, http)
