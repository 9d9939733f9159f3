"""Writing and reading over HTTP, on a real store of one service."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, Response
from uuid_utils.compat import UUID

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from shared import web
from shared.domain import envelope
from shared.domain.decider import Context
from shared.domain.facts.attendance import CheckedIn
from shared.domain.facts.base import Command, Fact
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Action, Identity, Principal
from tests.support.example_facts import at, refused, tap
from tests.support.http_server import served

NOW = at("08:16")
STREAM = "attendance/32/DPMPTSP/2025-11-06/dewi"

State = tuple[Fact, ...]


class Guestbook:
    """A decider that notes whatever comes, once."""

    initial: ClassVar[State] = ()

    @staticmethod
    def evolve(state: State, fact: Fact) -> State:
        return (*state, fact)


class Tap(Command):
    kind: str = "in"
    at: datetime = NOW


class Wanted(NamedTuple):
    region: str
    employee: UUID | None
    tap: Tap


class Guests:
    def stream(self, _: Wanted) -> str:
        return STREAM

    def reads(self, _: Wanted) -> Sequence[str]:
        return ()

    def decide(self, wanted: Wanted, states: Mapping[str, State], _: Context) -> Mapping[str, Sequence[Fact]]:
        employee, tapped = wanted.employee, wanted.tap
        if employee is None or (tapped.kind == "in" and states[STREAM]):
            return {}
        return {
            STREAM: [refused(employee, tapped.at) if tapped.kind == "no" else tap(tapped.kind, employee, tapped.at)]
        }


def routes(store: Store[State]) -> APIRouter:
    router = APIRouter()

    @router.post("/attendance/v1/{region}/taps")
    async def tap_(region: str, body: Tap, asked: Annotated[web.Submission, Depends(web.submission)]) -> Response:
        who: Principal = asked.principal
        web.require(who, Action.TAP, who.own())

        return await web.submit(asked, store, Guests(), Wanted(region, who.employee, body))

    return router


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store[State]]:
    database = Database(f"sqlite:///{tmp_path}/attendance.db")
    store: Store[State] = Store(database, service="attendance", decider=Guestbook(), now=lambda: NOW)
    await store.open()
    yield store
    await store.close()
    await database.close()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, "demo")


@pytest.fixture
def app(store: Store[State], issuer: Issuer) -> Any:
    app = web.application("Presensi", Identity.of(issuer.jwks(), ISSUER, AUDIENCE))
    app.include_router(routes(store))
    app.include_router(web.feed_router(store))
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


def keyed(who: dict[str, str], key: str | None = None, **headers: str) -> dict[str, str]:
    return who | {"idempotency-key": key or str(uuid4())} | headers


TAPS = "/attendance/v1/32/taps"
FEED = "/attendance/v1/32/feed"


async def test_a_check_in_is_answered_with_its_event_version_and_position(
    client: httpx.AsyncClient, dewi: dict[str, str]
) -> None:
    answer = await client.post(TAPS, json={}, headers=keyed(dewi))
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
    await client.post(TAPS, json={}, headers=keyed(dewi))
    answer = await client.post(TAPS, json={}, headers=keyed(dewi))
    assert (answer.status_code, answer.json()) == (200, {"events": []})
    assert answer.headers["piket-position"] == "attendance/32/1"


async def test_the_same_key_and_body_get_the_first_answer_however_the_body_is_spelt(
    client: httpx.AsyncClient, dewi: dict[str, str]
) -> None:
    first = await client.post(
        TAPS, content=b'{"kind":"in","at":"2025-11-06T01:16:00Z"}', headers=json_(keyed(dewi, "k" * 8))
    )
    again = await client.post(
        TAPS, content=b'{ "at": "2025-11-06T01:16:00Z", "kind": "in" }', headers=json_(keyed(dewi, "k" * 8))
    )
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"


def json_(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"content-type": "application/json"}


async def test_the_same_key_with_another_body_is_422(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={"kind": "in"}, headers=keyed(dewi, "k" * 8))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=keyed(dewi, "k" * 8))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:piket:problem:key-reused")


async def test_two_people_may_use_the_same_key(client: httpx.AsyncClient, dewi: dict[str, str], issuer: Issuer) -> None:
    rahmat = {"authorization": f"Bearer {issuer.token('rahmat')}"}
    answers = [await client.post(TAPS, json={"kind": "out"}, headers=keyed(who, "k" * 8)) for who in (dewi, rahmat)]
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_ten_copies_at_once_make_one_event(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    answers = await asyncio.gather(
        *(client.post(TAPS, json={"kind": "out"}, headers=keyed(dewi, "k" * 8)) for _ in range(10))
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


async def test_if_match_behind_is_412_and_tells_the_version(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={}, headers=keyed(dewi))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=keyed(dewi, **{"if-match": '"0"'}))
    assert (answer.status_code, answer.headers["etag"]) == (412, '"1"')
    assert answer.json()["actual"] == 1


async def test_if_match_up_to_date_is_accepted(client: httpx.AsyncClient, dewi: dict[str, str]) -> None:
    await client.post(TAPS, json={}, headers=keyed(dewi))
    answer = await client.post(TAPS, json={"kind": "out"}, headers=keyed(dewi, **{"if-match": '"1"'}))
    assert answer.status_code == 201


async def test_a_refusal_is_409_with_the_id_of_the_recorded_event(
    client: httpx.AsyncClient, store: Store[State], dewi: dict[str, str]
) -> None:
    answer = await client.post(TAPS, json={"kind": "no"}, headers=keyed(dewi))
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["event"] == str((await store.read_feed("32"))[0].id)


async def three_taps(client: httpx.AsyncClient, who: dict[str, str]) -> None:
    for _ in range(3):
        await client.post(TAPS, json={"kind": "out"}, headers=keyed(who))


async def test_the_feed_is_the_stored_bytes_in_order(
    client: httpx.AsyncClient, store: Store[State], dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await three_taps(client, dewi)
    answer = await client.get(f"{FEED}?after=1", headers=agus)
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    assert answer.content == b"[" + b",".join(event.body for event in (await store.read_feed("32"))[1:]) + b"]"
    assert answer.headers["piket-position"] == "attendance/32/3"
    assert answer.headers["link"] == f'<{FEED}?after=3>; rel="next"'


async def test_a_page_that_the_reader_has_is_not_sent_again(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await three_taps(client, dewi)
    etag = (await client.get(FEED, headers=agus)).headers["etag"]
    assert (await client.get(FEED, headers=agus | {"if-none-match": etag})).status_code == 304


async def test_a_large_page_travels_compressed(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await three_taps(client, dewi)
    async with client.stream("GET", FEED, headers=agus | {"accept-encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(raw))) == 3


async def test_a_long_poll_answers_as_soon_as_something_happens(
    client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    waiting = asyncio.create_task(client.get(f"{FEED}?timeout=20", headers=agus))
    await asyncio.sleep(0.3)
    await client.post(TAPS, json={}, headers=keyed(dewi))
    assert len((await asyncio.wait_for(waiting, 2)).json()) == 1


async def test_a_long_poll_without_news_ends_empty_at_the_same_position(
    client: httpx.AsyncClient, agus: dict[str, str]
) -> None:
    answer = await client.get(f"{FEED}?after=0&timeout=0.4", headers=agus)
    assert (answer.json(), answer.headers["piket-position"]) == ([], "attendance/32/0")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "timeout=31", "timeout=nan"])
async def test_a_feed_asked_nonsense_says_which_parameter(
    client: httpx.AsyncClient, agus: dict[str, str], query: str
) -> None:
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
    async with served(app) as where:
        yield where


async def lines(answer: httpx.Response, count: int) -> list[str]:
    seen = []
    async for line in answer.aiter_lines():
        seen.append(line)
        if len(seen) == count:
            break
    return seen


async def test_a_stream_resumes_after_the_last_event_id(
    address: str, client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    await three_taps(client, dewi)
    wants = agus | {"accept": "text/event-stream", "last-event-id": "2"}
    async with httpx.AsyncClient(base_url=address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        data, number, _ = await asyncio.wait_for(lines(answer, 3), 5)
    assert number == "id: 3"
    assert envelope.decode(data.removeprefix("data: ").encode()).sequence == 3


async def test_a_stream_brings_what_happens_later(
    address: str, client: httpx.AsyncClient, dewi: dict[str, str], agus: dict[str, str]
) -> None:
    wants = agus | {"accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        await client.post(TAPS, json={}, headers=keyed(dewi))
        assert (await asyncio.wait_for(lines(answer, 2), 5))[1] == "id: 1"


async def test_a_quiet_stream_gives_a_sign_of_life(
    address: str, agus: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.2)
    wants = agus | {"accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=address) as browser, browser.stream("GET", FEED, headers=wants) as answer:
        assert await asyncio.wait_for(lines(answer, 1), 5) == [": ping"]


async def test_a_dry_run_tells_the_events_that_would_be_and_stores_nothing(
    client: httpx.AsyncClient, dewi: dict[str, str], store: Store[State]
) -> None:
    headers = {**dewi, "idempotency-key": "coba-dulu-1"}
    dry = await client.post("/attendance/v1/32/taps", params={"dry_run": "true"}, json={}, headers=headers)
    stored = await store.read_feed("32")
    real = await client.post("/attendance/v1/32/taps", json={}, headers=headers)
    told = [envelope.name(event["type"]) for event in dry.json()["events"]]
    assert (dry.status_code, told, stored) == (200, ["checked-in"], [])
    assert (real.status_code, len(await store.read_feed("32"))) == (201, 1)
