"""The coverage of DPMPTSP over HTTP, from a view in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.reporting import api
from services.reporting.domain.freshness import READ
from services.reporting.pages import routes
from services.reporting.view import rows as view
from services.reporting.view.rows import View, newer
from shared import web
from shared.clock import wall
from shared.domain.envelope import source
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.domain.facts.heartbeat import Beat, Positions
from shared.identity import Identity
from tests.support.example_facts import THURSDAY, at
from tests.support.http_server import served

ROW = "/reporting/v1/32/coverage/DPMPTSP"


class Time:
    def __init__(self) -> None:
        self.now = at("08:15")

    def __call__(self) -> datetime:
        return self.now


def row(known: Steps = (), revision: int = 1, attendance: int = 0) -> Coverage:
    post = PostCoverage(required=((480, 1), (900, 0)), planned=((480, 1), (900, 0)), known=known, restated=known)
    return Coverage(
        region="32",
        opd="DPMPTSP",
        service_date=THURSDAY,
        definition=1,
        revision=revision,
        units={"FRONT": UnitCoverage(name="Front Office", rostered=True, posts={"LOKET-1": post})},
        watermark={"/piket/32/attendance": attendance},
    )


CHECKED_IN = row(((495, 1), (900, 0)), revision=2, attendance=1)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def held(time: Time) -> View:
    held = View(time)
    held.keep([row()])
    held.confirm()
    return held


@pytest.fixture
def app(held: View, time: Time) -> FastAPI:
    app = web.application("Cakupan", Identity({}, "", ""))
    app.include_router(api.router(held, time))
    app.include_router(routes.router(held, time))
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as client:
        yield client


async def test_a_row_is_served_as_it_was_published(client: httpx.AsyncClient) -> None:
    answer = await client.get(ROW)
    assert Coverage.model_validate(answer.json()) == row()


async def test_a_reader_who_has_the_row_gets_304_until_it_changes(client: httpx.AsyncClient, held: View) -> None:
    etag = {"if-none-match": (await client.get(ROW)).headers["etag"]}
    before = (await client.get(ROW, headers=etag)).status_code
    held.keep([CHECKED_IN])
    assert (before, (await client.get(ROW, headers=etag)).status_code) == (304, 200)


async def test_a_day_without_a_row_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{ROW}?date=2025-11-07")).status_code == 404


async def test_a_date_that_is_none_is_invalid(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{ROW}?date=yesterday")).status_code == 422


async def test_a_write_is_read_as_soon_as_its_row_arrives(client: httpx.AsyncClient, held: View) -> None:
    reading = asyncio.create_task(client.get(f"{ROW}/state", headers={"piket-min-position": "attendance/32/1"}))
    await asyncio.sleep(0.1)
    held.keep([CHECKED_IN])
    assert (await asyncio.wait_for(reading, 1)).json()["state"] == "AMAN"


async def test_a_write_that_does_not_arrive_is_an_honest_503(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "WAIT_SECONDS", 0.2)
    answer = await client.get(ROW, headers={"piket-min-position": "attendance/32/9"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == "urn:piket:problem:behind"


async def test_a_position_of_another_region_never_arrives_here(client: httpx.AsyncClient) -> None:
    answer = await client.get(ROW, headers={"piket-min-position": "attendance/3271/1"})
    assert answer.status_code == 503


async def test_the_state_names_the_counter_and_since_when(client: httpx.AsyncClient) -> None:
    state = (await client.get(f"{ROW}/state")).json()
    (post,) = state["units"][0]["posts"]
    assert (state["state"], post["post"], post["state"]) == ("KRITIS", "LOKET-1", "KRITIS")
    assert datetime.fromisoformat(post["since"]) == at("08:00")


async def test_an_opd_that_nobody_knows_is_unknown_not_fine(client: httpx.AsyncClient) -> None:
    assert (await client.get("/reporting/v1/32/coverage/BAPENDA/state")).json()["state"] == "TIDAK_DIKETAHUI"


async def test_readiness_follows_the_view(client: httpx.AsyncClient, held: View) -> None:
    ready = (await client.get("/readyz")).status_code
    held.ready = False
    assert (ready, (await client.get("/readyz")).status_code) == (204, 503)


def test_a_view_is_behind_until_it_has_read_everything(time: Time) -> None:
    fresh = View(time)
    before = fresh.behind()
    fresh.confirm()
    assert (before, fresh.behind()) == (time.now, None)


def test_a_view_that_nobody_confirms_any_more_is_behind_since_the_last_time(
    held: View, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.now += timedelta(minutes=3)
    monkeypatch.setattr(view, "BEHIND_AFTER_SECONDS", 0.0)
    assert (held.behind("32"), held.current_until("32")) == (at("08:15"), at("08:15"))


def signs(region: str, when: datetime, said: datetime) -> list[Beat | Positions]:
    """Everybody of a region vouches for all until `when`."""
    beats = [Beat(source=source(region, s), sequence=0, offsets={}, at=when, wall=said) for s in READ]
    return [*beats, Positions(region=region, partition=0, positions={}, wall=said)]


async def test_a_region_whose_processes_fell_silent_is_behind_and_the_others_are_not(time: Time) -> None:
    held = View(time, ["32", "3271"], 1)
    held.ready = True
    held.hear("32", signs("32", at("08:14"), wall()))
    held.hear("3271", signs("3271", at("07:40"), wall() - timedelta(seconds=16)))
    assert [held.behind(region) for region in ("32", "3271", None)] == [None, at("07:40"), at("07:40")]
    assert [held.current_until(region) for region in ("32", "3271")] == [at("08:14"), at("07:40")]


async def test_without_a_word_of_its_region_a_view_is_behind_since_its_start(time: Time) -> None:
    held = View(time, ["32"], 1)
    held.ready = True
    assert (held.behind("32"), held.behind("99"), held.behind()) == (at("08:15"),) * 3


@pytest.mark.parametrize(
    ("one", "other", "replaces"),
    [
        (row(revision=2), row(revision=1, attendance=9), True),
        (row(revision=1, attendance=2), row(revision=1, attendance=1), True),
        (row(revision=1), row(revision=1), False),
        (row(revision=1, attendance=9), row(revision=2), False),
        (row(revision=1).model_copy(update={"definition": 2}), row(revision=99), True),
        (row(revision=1).model_copy(update={"generation": 1}), row(revision=99), True),
    ],
)
def test_the_row_that_knows_more_is_kept(one: Coverage, other: Coverage, replaces: object) -> None:
    assert newer(one, other) is replaces


def test_rows_in_any_order_leave_the_same_view(time: Time) -> None:
    views = [View(time), View(time)]
    rows = [row(), CHECKED_IN, row(revision=3, attendance=2)]
    views[0].keep(rows)
    for each in (*reversed(rows), *rows):
        views[1].keep([each])
    assert views[0].rows == views[1].rows


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as where:
        yield where


async def streamed(answer: httpx.Response) -> AsyncIterator[Any]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def watch(address: str, *happenings: Callable[[], None]) -> list[Any]:
    """What a live reader sees at once and after each happening."""
    wants = {"accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=address) as browser,
        browser.stream("GET", f"{ROW}/state", headers=wants) as s,
    ):
        states = streamed(s)
        seen = [await asyncio.wait_for(anext(states), 5)]
        for happens in happenings:
            happens()
            seen.append(await asyncio.wait_for(anext(states), 5))
    return seen


async def test_a_stream_shows_the_counter_turn(address: str, held: View) -> None:
    seen = await watch(address, lambda: held.keep([CHECKED_IN]))
    assert [state["state"] for state in seen] == ["KRITIS", "AMAN"]


async def test_a_stream_shows_the_minute_turn(address: str, time: Time, held: View) -> None:
    def an_hour_later() -> None:
        time.now = at("15:00")
        held.confirm()

    seen = await watch(address, an_hour_later)
    assert [state["state"] for state in seen] == ["KRITIS", "TUTUP"]
    assert datetime.fromisoformat(seen[1]["at"]) == at("15:00").astimezone(UTC)


async def test_the_page_is_complete_without_a_script(client: httpx.AsyncClient) -> None:
    page = await client.get("/opd/32/DPMPTSP")
    assert "1 dari 1 titik layanan DPMPTSP kekurangan petugas" in page.text
    assert page.headers["content-language"] == "id"


async def test_a_language_once_chosen_is_kept(client: httpx.AsyncClient) -> None:
    await client.get("/opd/32/DPMPTSP?lang=en")
    assert "1 of 1 counters of DPMPTSP lacks staff" in (await client.get("/opd/32/DPMPTSP")).text


async def test_a_language_that_nobody_speaks_here_is_indonesian(client: httpx.AsyncClient) -> None:
    assert (await client.get("/opd/32/DPMPTSP?lang=../../etc/passwd")).headers["content-language"] == "id"


async def test_the_first_page_is_the_board(client: httpx.AsyncClient) -> None:
    assert "1 dari 1 titik layanan kekurangan petugas" in (await client.get("/")).text


async def test_a_page_of_no_opd_is_a_problem(client: httpx.AsyncClient) -> None:
    assert (await client.get("/opd/32/..%2Fetc")).status_code == 404


async def test_a_live_page_gets_the_fragment_and_signs_of_life(
    address: str, held: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.pages.broadcast.BEAT_SECONDS", 0.5)
    seen = []
    async with httpx.AsyncClient(base_url=address) as browser, browser.stream("GET", "/opd/32/DPMPTSP/live") as answer:
        async for line in answer.aiter_lines():
            if "kekurangan petugas" in line:
                seen.append("short")
            if line == "event: beat" and seen[-1:] == ["short"]:
                seen.append("beat")
                held.keep([CHECKED_IN])
            if "cukup petugas" in line:
                seen.append("staffed")
                break
    assert seen == ["short", "beat", "staffed"]
