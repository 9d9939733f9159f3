"""Runs reporting with an event store and a log in memory: its dead letters, their records, and the owner's feed."""

import asyncio
import json
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
from services.reporting.app import assemble_with_store, show_coverage
from services.reporting.dead_letters.readings import MIGRATIONS
from services.reporting.dead_letters.records import PAGE_LETTERS, LetterPage
from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain.dead_letters import Letter, RecordPosition
from services.reporting.operations.neighbours import Neighbours
from services.reporting.operations.page import Operations
from services.reporting.operations.scraping import Scraper
from services.reporting.view.rows import CoverageView
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
    is_frozen: bool = False
    pages_read: int = 0
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
        if self.is_frozen:
            await asyncio.Event().wait()
        letters, after = self.letters[region], positions.get(0, 0)
        is_complete = after > len(letters)
        after = 0 if is_complete else after
        self.pages_read += 1
        until = min(len(letters), after + PAGE_LETTERS)
        return LetterPage(letters[after:until], {0: until}, is_complete, has_more=until < len(letters))

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


HEALTHY: Mapping[str, str] = {
    "app:1/metrics": 'piket_build_info{service="app",version="0.1.0"} 1\n'
    'piket_projection_lag_records{consumer="roster",topic="piket.32.policy.v1"} 3\n',
    "app:1/metrics/32": 'piket_view_behind_seconds{region="32"} 1.4\n',
    "relay:2/metrics": 'piket_build_info{service="relay",version="0.1.0"} 1\n'
    + "".join(
        f'piket_relay_connected{{service="{service}",region="32"}} 1\n'
        f'piket_relay_backlog_events{{service="{service}",region="32"}} 0\n'
        f'piket_relay_oldest_unsent_seconds{{service="{service}",region="32"}} 0\n'
        for service in ("policy", "roster", "attendance", "reporting")
    ),
    "worker:3/metrics": 'piket_build_info{service="worker",version="0.1.0"} 1\n'
    + "".join(
        f'piket_worker_lag_seconds{{topic="piket.32.{service}.v1",partition="{n}"}} {n / 10}\n'
        for service in ("policy", "roster", "attendance")
        for n in range(3)
    ),
}
"""What the three processes export while all is well, by address and path."""


class OtherServers:
    """The processes that are scraped, Alertmanager, and attendance; each answers what a test sets, None: not at all."""

    def __init__(self, targets: Path) -> None:
        self.targets, self.metrics = targets, dict[str, str | None](HEALTHY)
        self.alerts: Any = []
        self.outages: Any = []
        self.tokens: list[str] = []
        self.transport = httpx.MockTransport(self._answer)
        groups = [("app", "app:1", None), ("app", "app:1", "32"), ("app", "app:1", "3276")]
        groups += [("relay", "relay:2", None), ("worker", "worker:3", None)]
        targets.write_text(json.dumps([_target_group(*group) for group in groups]))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.host:
            case "alertmanager":
                return self._json(request, self.alerts)
            case "gateway":
                self.tokens.append(request.headers["authorization"])
                return self._json(request, self.outages)
        assert not request.url.path.endswith("/3276"), "the endpoint of another region is not read"
        text = self.metrics.get(f"{request.url.netloc.decode()}{request.url.path}")
        if text is None:
            raise httpx.ConnectError("no server", request=request)
        return httpx.Response(200, text=text)

    def _json(self, request: httpx.Request, content: Any) -> httpx.Response:
        if content is None:
            raise httpx.ConnectError("no server", request=request)
        return httpx.Response(200, json=content)


def _target_group(process: str, address: str, region: str | None) -> Mapping[str, Any]:
    path = {"__metrics_path__": f"/metrics/{region}"} if region else {}
    return {"targets": [address], "labels": {"process": process, **path}}


@dataclass
class DeadLetterSite:
    """The application, its log, what the owner has stored, and clients with tokens."""

    app: FastAPI
    database: Database
    records: InMemoryRecords
    issuer: Issuer
    stored: list[bytes]
    http: httpx.AsyncClient
    servers: OtherServers

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
async def dead_letter_site(
    folder: Path, url: str = "", *, sign_in_by_link: bool = True, has_alertmanager: bool = True
) -> AsyncIterator[DeadLetterSite]:
    """Run reporting with its event store inside the block; its view has no rows."""
    issuer, database = Issuer(folder, "demo"), Database(url or f"sqlite://{folder}/reporting.db")
    records, stored = InMemoryRecords(), stored_taps()

    async def feed(origin: str, after: int) -> Sequence[bytes]:
        return await read_feed(stored, origin, after)

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        yield

    identity = Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE)
    servers = OtherServers(folder / "targets.json")
    operations = Operations(
        Scraper(servers.targets, lambda: at("08:00"), servers.transport),
        Neighbours("http://gateway", "http://alertmanager" if has_alertmanager else "", servers.transport),
        DeadLetters(records, feed),
        sign_in_by_link=sign_in_by_link,
    )
    app = assemble_with_store(database, operations, identity, lambda: at("08:00"), tables)
    show_coverage(app, CoverageView(lambda: at("08:00")), lambda: at("08:00"), demo=True)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
    ):
        yield DeadLetterSite(app, database, records, issuer, stored, http, servers)
