"""Tests live pages: rendered once for all readers, sent when they change, resumed where a reader stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import process_time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.deadlines import scaled
from services.reporting.app import assemble
from services.reporting.view.rows import CoverageView
from shared.identity import Identity
from tests.browser.board_fixture import BoardClock, board_app, clerk_returns
from tests.support.figures import Figures
from tests.support.http_server import running_server
from tests.support.waiting import LIMIT_S

OPD = "DISDUKCAPIL"
READERS = 100


@pytest.fixture
def day() -> BoardClock:
    return BoardClock()


@pytest.fixture
def view(day: BoardClock) -> CoverageView:
    return board_app(day).view


@pytest.fixture
def app(view: CoverageView, day: BoardClock) -> FastAPI:
    return assemble(view, Identity.from_jwks({"keys": []}, "", ""), day)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as client:
        yield client


async def test_the_board_says_how_far_it_lags_behind_the_clock(
    client: httpx.AsyncClient, view: CoverageView, day: BoardClock
) -> None:
    at_once = (await client.get("/wilayah/3276")).text
    day.time += timedelta(seconds=7)
    assert ("tertinggal" in at_once, "tertinggal 7 dtk" in (await client.get("/")).text) == (False, True)
    assert "7 s behind" in (await client.get("/wilayah/3276?lang=en")).text


async def test_the_board_answers_for_all_regions_and_lists_the_province(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert "4 dari" in answer.text
    assert "Delapan jam ke depan, Provinsi Jawa Barat" in answer.text


async def test_a_region_has_a_board_of_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.get("/wilayah/3276?lang=en")
    assert "The next eight hours, Kota Depok" in answer.text
    assert answer.headers["content-language"] == "en"


async def test_a_region_that_has_not_joined_says_so(client: httpx.AsyncClient) -> None:
    assert "Kab. Cirebon belum tersambung." in (await client.get("/wilayah/3209")).text


@pytest.mark.parametrize("path", ["/wilayah/9999", "/wilayah/9999?lang=en"])
async def test_an_unknown_region_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:piket:problem:not-found")


@pytest.mark.parametrize("path", ["/wilayah/depok", "/wilayah/depok/live", "/wilayah/32-76"])
async def test_what_is_no_region_code_is_invalid_in_both_languages(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 422
    assert {"title", "title_en"} <= answer.json().keys()


async def test_a_theme_once_chosen_is_kept_and_written_by_the_server(client: httpx.AsyncClient) -> None:
    system = (await client.get("/")).text
    await client.get("/?theme=dark")
    assert "data-theme" not in system
    assert '<html lang="id" data-theme="dark">' in (await client.get("/")).text


async def test_a_theme_that_does_not_exist_is_the_system_s(client: httpx.AsyncClient) -> None:
    answer = await client.get("/?theme=%22%3E%3Cscript%3E")
    assert "data-theme" not in answer.text
    assert "theme" not in answer.cookies


async def test_the_wall_is_dark_without_being_asked_and_is_not_remembered(client: httpx.AsyncClient) -> None:
    wall = (await client.get("/?dinding=1")).text
    assert '<html lang="id" data-theme="dark" data-wall>' in wall
    assert "data-wall" not in (await client.get("/")).text


async def test_the_frame_says_so_when_the_clock_is_a_demo_s(day: BoardClock) -> None:
    labelled = []
    for demo in (True, False):
        app = board_app(day, demo=demo).app
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as client:
            labelled.append("Jam demo" in (await client.get("/opd/32/BAPENDA")).text)
    assert labelled == [True, False]


def open_client(address: str, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, timeout=scaled(LIMIT_S), **options)


async def events(answer: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """Yield the events of a stream as (kind, id)."""
    kind = name = ""
    async for line in answer.aiter_lines():
        field, _, value = line.partition(": ")
        if field in ("event", "data"):
            kind = value if field == "event" else kind or "page"
        if field == "id":
            name = value
        if not line and kind:
            yield kind, name
            kind = name = ""


async def first_event(client: httpx.AsyncClient, path: str, last_id: str = "") -> tuple[str, str]:
    headers = {"last-event-id": last_id} if last_id else {}
    async with client.stream("GET", path, headers=headers) as answer:
        return await asyncio.wait_for(anext(events(answer)), scaled(LIMIT_S))


async def test_who_reconnects_gets_a_beat_if_nothing_changed_and_the_present_state_if_it_did(
    app: FastAPI, view: CoverageView
) -> None:
    async with running_server(app) as address, open_client(address) as client:
        kind, name = await first_event(client, "/live?lang=id")
        resumed = await first_event(client, "/live?lang=id", last_id=name)
        clerk_returns(view)
        changed = await first_event(client, "/live?lang=id", last_id=name)
    assert (kind, resumed[0], changed[0]) == ("page", "beat", "page")
    assert changed[1] not in ("", name)


async def test_a_page_that_was_just_loaded_is_not_sent_again(app: FastAPI) -> None:
    async with running_server(app) as address, open_client(address) as client:
        page = (await client.get("/wilayah/3276")).text
        path = page.split('hx-sse:connect="')[1].split('"')[0].replace("&amp;", "&")
        assert (await first_event(client, path))[0] == "beat"


async def test_two_languages_are_two_pages(app: FastAPI) -> None:
    async with running_server(app) as address, open_client(address) as client:
        names = {(await first_event(client, f"/wilayah/3276/live?lang={lang}"))[1] for lang in ("id", "en")}
    assert len(names) == 2


async def test_a_hundred_readers_all_see_the_clerk_come(app: FastAPI, view: CoverageView, figures: Figures) -> None:
    async def read_kinds(client: httpx.AsyncClient, loaded: asyncio.Semaphore) -> list[str]:
        kinds = []
        async with client.stream("GET", "/live?lang=id") as answer:
            async for kind, _ in events(answer):
                kinds.append(kind)
                loaded.release()
                if kinds.count("page") == 2:
                    break
        return kinds

    limits = httpx.Limits(max_connections=READERS)
    async with running_server(app) as address, open_client(address, limits=limits) as client:
        loaded = asyncio.Semaphore(0)
        readers = [asyncio.create_task(read_kinds(client, loaded)) for _ in range(READERS)]
        for _ in range(READERS):
            await loaded.acquire()
        started = process_time()
        clerk_returns(view)
        received = await asyncio.wait_for(asyncio.gather(*readers), scaled(LIMIT_S))
        figures.append(f"one change to {READERS} readers of the board: {process_time() - started:.2f} s of processor")
    assert all(kinds.count("page") == 2 for kinds in received)
