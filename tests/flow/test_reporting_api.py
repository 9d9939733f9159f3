"""Tests the coverage API, and the pages, of DPMPTSP over a view in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.deadlines import scaled
from services.reporting import api
from services.reporting import app as reporting_app
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.identity import Identity
from tests.support.example_facts import THURSDAY, at
from tests.support.http_server import running_server
from tests.support.waiting import LIMIT_S

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
def view(time: Time) -> CoverageView:
    view = CoverageView(time)
    view.apply_rows([row()])
    view.mark_complete()
    return view


@pytest.fixture
def app(view: CoverageView, time: Time) -> FastAPI:
    return reporting_app.assemble(view, Identity.from_jwks({"keys": []}, "", ""), time)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as client:
        yield client


async def test_a_row_is_served_as_it_was_published(client: httpx.AsyncClient) -> None:
    answer = await client.get(ROW)
    assert Coverage.model_validate(answer.json()) == row()


async def test_a_reader_who_has_the_row_gets_304_until_it_changes(
    client: httpx.AsyncClient, view: CoverageView
) -> None:
    etag = {"if-none-match": (await client.get(ROW)).headers["etag"]}
    before = (await client.get(ROW, headers=etag)).status_code
    view.apply_rows([CHECKED_IN])
    assert (before, (await client.get(ROW, headers=etag)).status_code) == (304, 200)


async def test_a_day_without_a_row_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{ROW}?date=2025-11-07")).status_code == 404


async def test_a_date_that_is_none_is_invalid(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{ROW}?date=yesterday")).status_code == 422


async def test_a_write_is_read_as_soon_as_its_row_arrives(client: httpx.AsyncClient, view: CoverageView) -> None:
    reading = asyncio.create_task(client.get(f"{ROW}/state", headers={"piket-min-position": "attendance/32/1"}))
    await asyncio.sleep(0.1)  # in this time the request begins to wait
    view.apply_rows([CHECKED_IN])
    assert (await asyncio.wait_for(reading, scaled(LIMIT_S))).json()["state"] == "AMAN"


async def test_a_write_that_does_not_arrive_is_answered_with_503(
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


async def test_an_opd_that_is_not_in_the_view_is_unknown_not_fine(client: httpx.AsyncClient) -> None:
    assert (await client.get("/reporting/v1/32/coverage/BAPENDA/state")).json()["state"] == "TIDAK_DIKETAHUI"


async def view_state(client: httpx.AsyncClient) -> tuple[int, str]:
    answer = await client.get("/readyz")
    return answer.status_code, answer.json()["parts"]["view"]["state"]


async def test_a_service_is_ready_when_its_view_was_loaded(client: httpx.AsyncClient, view: CoverageView) -> None:
    view.ready = False
    view._marked_complete = None
    assert await view_state(client) == (503, "is loading")
    view.ready = True
    assert await view_state(client) == (200, "is behind")  # the board then says that coverage is unknown
    view.mark_complete()
    assert await view_state(client) == (200, "is current")


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    async with running_server(app) as address:
        yield address


async def streamed_states(answer: httpx.Response) -> AsyncIterator[Any]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def watch(address: str, *changes: Callable[[], None]) -> list[Any]:
    """Return the states that a live reader receives at once and after each change."""
    headers = {"accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=address, timeout=scaled(LIMIT_S)) as browser,
        browser.stream("GET", f"{ROW}/state", headers=headers) as answer,
    ):
        stream = streamed_states(answer)
        states = [await asyncio.wait_for(anext(stream), scaled(LIMIT_S))]
        for change in changes:
            change()
            states.append(await asyncio.wait_for(anext(stream), scaled(LIMIT_S)))
    return states


async def test_a_stream_shows_the_counter_turn(address: str, view: CoverageView) -> None:
    states = await watch(address, lambda: view.apply_rows([CHECKED_IN]))
    assert [state["state"] for state in states] == ["KRITIS", "AMAN"]


async def test_a_stream_shows_the_minute_turn(address: str, time: Time, view: CoverageView) -> None:
    def an_hour_later() -> None:
        time.now = at("15:00")
        view.mark_complete()

    states = await watch(address, an_hour_later)
    assert [state["state"] for state in states] == ["KRITIS", "TUTUP"]
    assert datetime.fromisoformat(states[1]["at"]) == at("15:00").astimezone(UTC)


async def test_the_page_is_complete_without_a_script(client: httpx.AsyncClient) -> None:
    page = await client.get("/opd/32/DPMPTSP")
    assert "1 dari 1 titik layanan DPMPTSP kekurangan petugas" in page.text
    assert page.headers["content-language"] == "id"


async def test_a_language_once_chosen_is_kept(client: httpx.AsyncClient) -> None:
    await client.get("/opd/32/DPMPTSP?lang=en")
    assert "1 of 1 counters of DPMPTSP lacks staff" in (await client.get("/opd/32/DPMPTSP")).text


async def test_a_language_without_translation_is_answered_in_indonesian(client: httpx.AsyncClient) -> None:
    assert (await client.get("/opd/32/DPMPTSP?lang=../../etc/passwd")).headers["content-language"] == "id"


async def test_the_first_page_is_the_board(client: httpx.AsyncClient) -> None:
    assert "1 dari 1 titik layanan kekurangan petugas" in (await client.get("/")).text


async def test_a_page_of_no_opd_is_a_problem(client: httpx.AsyncClient) -> None:
    assert (await client.get("/opd/32/..%2Fetc")).status_code == 404


async def test_a_live_page_gets_the_fragment_and_signs_of_life(
    address: str, view: CoverageView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.pages.broadcast.HEARTBEAT_SECONDS", 0.5)
    received = []
    async with (
        httpx.AsyncClient(base_url=address, timeout=scaled(LIMIT_S)) as browser,
        browser.stream("GET", "/opd/32/DPMPTSP/live") as answer,
    ):
        async for line in answer.aiter_lines():
            if "kekurangan petugas" in line:
                received.append("short")
            if line == "event: beat" and received[-1:] == ["short"]:
                received.append("beat")
                view.apply_rows([CHECKED_IN])
            if "cukup petugas" in line:
                received.append("staffed")
                break
    assert received == ["short", "beat", "staffed"]
