"""Tests writing and reading over HTTP, with a real event store of one service."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Response
from uuid_utils.compat import UUID

from deploy.local.deadlines import scaled
from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from shared import web
from shared.domain import envelope
from shared.domain.decider import Context
from shared.domain.facts.attendance import CheckedIn
from shared.domain.facts.base import Command, Fact
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Action, Identity
from shared.web.dependencies import ClockDep, DatabaseDep, StoreDep, SubmissionDep
from tests.support.example_facts import at, refused_check_in, tap
from tests.support.http_server import running_server
from tests.support.waiting import LIMIT_S

NOW = at("08:16")
STREAM = "attendance/32/DPMPTSP/2025-11-06/dewi"

State = tuple[Fact, ...]


class FactCollector:
    """Collects the facts of a stream."""

    initial: ClassVar[State] = ()

    @staticmethod
    def evolve(state: State, fact: Fact) -> State:
        return (*state, fact)


class Tap(Command):
    kind: str = "in"
    at: datetime = NOW


class TapCommand(NamedTuple):
    region: str
    employee: UUID | None
    tap: Tap


class TapDecider:
    def stream(self, _: TapCommand) -> str:
        return STREAM

    def reads(self, _: TapCommand) -> Sequence[str]:
        return ()

    def decide(self, command: TapCommand, states: Mapping[str, State], _: Context) -> Mapping[str, Sequence[Fact]]:
        employee, body = command.employee, command.tap
        if employee is None or (body.kind == "in" and states[STREAM]):
            return {}
        return {
            STREAM: [refused_check_in(employee, body.at) if body.kind == "no" else tap(body.kind, employee, body.at)]
        }


router = APIRouter()


@router.post("/attendance/v1/{region}/taps")
async def post_tap(region: str, body: Tap, submission: SubmissionDep, store: StoreDep[State]) -> Response:
    principal = submission.principal
    web.authorize(principal, Action.TAP, principal.self_scope())
    return await web.submit(submission, store, TapDecider(), TapCommand(region, principal.employee, body))


@router.get("/attendance/v1/now")
async def read_now(clock: ClockDep, database: DatabaseDep) -> tuple[datetime, int]:
    return clock(), len(await database.read("SELECT 1"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store[State]]:
    database = Database(f"sqlite:///{tmp_path}/attendance.db")
    store: Store[State] = Store(database, service="attendance", decider=FactCollector(), now=lambda: NOW)
    await store.open()
    yield store
    await store.close()
    await database.close()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, "demo")


@pytest.fixture
def app(store: Store[State], issuer: Issuer) -> Any:
    app = web.application("Presensi", Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE))
    app.state.store, app.state.clock, app.state.database = store, lambda: NOW, store._database
    app.include_router(router)
    app.include_router(web.feed_router, prefix=f"/{store.service}/v1/{{region}}")
    return app


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as client:
        yield client


@pytest.fixture
def dewi(issuer: Issuer) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token('dewi')}"}


@pytest.fixture
def agus(issuer: Issuer) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token('agus')}"}


def with_key(headers_of_user: dict[str, str], key: str | None = None, **headers: str) -> dict[str, str]:
    return headers_of_user | {"idempotency-key": key or str(uuid4())} | headers


TAPS = "/attendance/v1/32/taps"
FEED = "/attendance/v1/32/feed"


async def test_a_check_in_is_answered_with_its_event_version_and_position(
    client: httpx.AsyncClient, dewi: dict[str, str]
) -> None:
    answer = await client.post(TAPS, json={}, headers=with_key(dewi))
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["piket-position"] == "attendance/32/1"
    assert "idempotency-replayed" not in answer.headers
    event = answer.json()["events"][0]
    assert (UUID(event.pop("id")).version, event) == (
        7,
        {"type": CheckedIn.TYPE, "subject": STREAM, "streamversion": 1, "sequence": 1},
    )


async def test_nothing_to_do_is_200_with_the_same_position(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={}, headers=with_key(dewi))
    answer = await client.post(TAPS, json={}, headers=with_key(dewi))
    assert (answer.status_code, answer.json()) == (200, {"events": []})
    assert answer.headers["piket-position"] == "attendance/32/1"


async def test_the_same_key_and_body_get_the_first_answer_however_the_body_is_spelt(
    client: httpx.AsyncClient, dewi: dict[str, str]
) -> None:
    first = await client.post(
        TAPS, content=b'{"kind":"in","at":"2025-11-06T01:16:00Z"}', headers=as_json(with_key(dewi, "k" * 8))
    )
    again = await client.post(
        TAPS, content=b'{ "at": "2025-11-06T01:16:00Z", "kind": "in" }', headers=as_json(with_key(dewi, "k" * 8))
    )
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"


def as_json(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"content-type": "application/json"}


async def test_the_same_key_with_another_body_is_422(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={"kind": "in"}, headers=with_key(dewi, "k" * 8))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=with_key(dewi, "k" * 8))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:piket:problem:key-reused")


async def test_two_people_may_use_the_same_key(client: httpx.AsyncClient, dewi: dict[str, str], issuer: Issuer) -> None:
    rahmat = {"authorization": f"Bearer {issuer.token('rahmat')}"}
    answers = [
        await client.post(TAPS, json={"kind": "out"}, headers=with_key(user, "k" * 8)) for user in (dewi, rahmat)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_ten_copies_at_once_make_one_event(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    answers = await asyncio.gather(
        *(client.post(TAPS, json={"kind": "out"}, headers=with_key(dewi, "k" * 8)) for _ in range(10))
    )
    assert {answer.text for answer in answers} == {answers[0].text}
    assert [answer.headers["piket-position"] for answer in answers] == ["attendance/32/1"] * 10


@pytest.mark.parametrize("key", [None, "short", "k" * 129, "with space"])
async def test_a_write_without_a_proper_key_is_refused(
    client: httpx.AsyncClient, dewi: dict[str, str], key: str | None
) -> None:
    answer = await client.post(TAPS, json={}, headers=dewi | ({"idempotency-key": key} if key else {}))
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


async def test_an_outdated_if_match_is_412_with_the_current_version(
    client: httpx.AsyncClient, dewi: dict[str, str]
) -> None:
    await client.post(TAPS, json={}, headers=with_key(dewi))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=with_key(dewi, **{"if-match": '"0"'}))
    assert (answer.status_code, answer.headers["etag"]) == (412, '"1"')
    assert answer.json()["actual"] == 1


async def test_if_match_up_to_date_is_accepted(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={}, headers=with_key(dewi))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=with_key(dewi, **{"if-match": '"1"'}))
    assert answer.status_code == 201


async def test_a_refusal_is_409_with_the_id_of_the_recorded_event(
    client: httpx.AsyncClient, store: Store[State], dewi: dict[str, str]
) -> None:
    answer = await client.post(TAPS, json={"kind": "no"}, headers=with_key(dewi))
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["event"] == str((await store.read_feed("32"))[0].id)


async def test_an_endpoint_gets_the_clock_and_the_database_of_its_application(client: httpx.AsyncClient) -> None:
    answer = await client.get("/attendance/v1/now")
    assert answer.json() == [NOW.isoformat().replace("+00:00", "Z"), 1]


async def post_three_taps(client: httpx.AsyncClient, user: dict[str, str]) -> None:
    for _ in range(3):
        await client.post(TAPS, json={"kind": "out"}, headers=with_key(user))


async def test_the_feed_is_the_stored_bytes_in_order(
    client: httpx.AsyncClient, store: Store[State], dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await post_three_taps(client, dewi)
    answer = await client.get(f"{FEED}?after=1", headers=agus)
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    assert answer.content == b"[" + b",".join(event.body for event in (await store.read_feed("32"))[1:]) + b"]"
    assert answer.headers["piket-position"] == "attendance/32/3"
    assert answer.headers["link"] == f'<{FEED}?after=3>; rel="next"'


async def test_a_page_that_the_reader_has_is_not_sent_again(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await post_three_taps(client, dewi)
    etag = (await client.get(FEED, headers=agus)).headers["etag"]
    assert (await client.get(FEED, headers=agus | {"if-none-match": etag})).status_code == 304


async def test_a_large_page_travels_compressed(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await post_three_taps(client, dewi)
    async with client.stream("GET", FEED, headers=agus | {"accept-encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(raw))) == 3


async def test_a_long_poll_answers_as_soon_as_something_happens(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    waiting = asyncio.create_task(client.get(f"{FEED}?timeout=20", headers=agus))
    await asyncio.sleep(0.3)  # the server does not show that the poll waits; in this time it begins to
    await client.post(TAPS, json={}, headers=with_key(dewi))
    assert len((await asyncio.wait_for(waiting, scaled(2))).json()) == 1  # not only after the 20 s of the poll


async def test_a_long_poll_without_news_ends_empty_at_the_same_position(
    client: httpx.AsyncClient, agus: dict[str, str]
) -> None:
    answer = await client.get(f"{FEED}?after=0&timeout=0.4", headers=agus)
    assert (answer.json(), answer.headers["piket-position"]) == ([], "attendance/32/0")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "timeout=31", "timeout=nan"])
async def test_an_invalid_feed_parameter_is_named(client: httpx.AsyncClient, agus: dict[str, str], query: str) -> None:
    answer = await client.get(f"{FEED}?{query}", headers=agus)
    assert [error["parameter"] for error in answer.json()["errors"]] == [query.split("=", maxsplit=1)[0]]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_only_subscribers_of_the_region_read_its_feed(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str], accept: str
) -> None:
    wants = {"accept": accept}
    answers = [
        await client.get(FEED, headers=wants),
        await client.get(FEED, headers=dewi | wants),
        await client.get("/attendance/v1/3271/feed", headers=agus | wants),
    ]
    assert [answer.status_code for answer in answers] == [401, 403, 403]


@pytest.fixture
async def address(app: Any) -> AsyncIterator[str]:
    async with running_server(app) as url:
        yield url


def browser_client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, timeout=scaled(LIMIT_S))


async def read_lines(answer: httpx.Response, count: int) -> list[str]:
    received = []
    async for line in answer.aiter_lines():
        received.append(line)
        if len(received) == count:
            break
    return received


async def test_a_stream_resumes_after_the_last_event_id(
    address: str, client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await post_three_taps(client, dewi)
    wants = agus | {"accept": "text/event-stream", "last-event-id": "2"}
    async with browser_client(address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        data, number, _ = await asyncio.wait_for(read_lines(answer, 3), scaled(LIMIT_S))
    assert number == "id: 3"
    assert envelope.decode(data.removeprefix("data: ").encode()).sequence == 3


async def test_a_stream_brings_what_happens_later(
    address: str, client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    wants = agus | {"accept": "text/event-stream"}
    async with browser_client(address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        await client.post(TAPS, json={}, headers=with_key(dewi))
        assert (await asyncio.wait_for(read_lines(answer, 2), scaled(LIMIT_S)))[1] == "id: 1"


async def test_a_quiet_stream_sends_pings(address: str, agus: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.2)
    wants = agus | {"accept": "text/event-stream"}
    async with browser_client(address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        assert await asyncio.wait_for(read_lines(answer, 1), scaled(LIMIT_S)) == [": ping"]


async def test_a_dry_run_returns_the_events_and_stores_nothing(
    client: httpx.AsyncClient, dewi: dict[str, str], store: Store[State]
) -> None:
    headers = {**dewi, "idempotency-key": "coba-dulu-1"}
    dry = await client.post("/attendance/v1/32/taps", params={"dry_run": "true"}, json={}, headers=headers)
    stored = await store.read_feed("32")
    real = await client.post("/attendance/v1/32/taps", json={}, headers=headers)
    types = [envelope.event_name(event["type"]) for event in dry.json()["events"]]
    assert (dry.status_code, types, stored) == (200, ["checked-in"], [])
    assert (real.status_code, len(await store.read_feed("32"))) == (201, 1)
