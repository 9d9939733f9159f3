"""What people see: the board, and the counters of one OPD, live. A page names counters and never people."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse

from services.reporting.pages.broadcast import Screen
from services.reporting.pages.renderer import Site
from services.reporting.view.live_status import Live
from services.reporting.view.rows import View
from shared.clock import Clock
from shared.domain.facts.base import Code, Region
from shared.domain.places import places
from shared.web import Problem
from shared.web.pages import Pages, language

FOLDER = Path(__file__).parent / "templates"
Before = Annotated[str, Query(alias="seen")]
LastId = Annotated[str, Header(alias="Last-Event-ID")]


def router(view: View, now: Clock, *, demo: bool = False) -> APIRouter:
    """`/`, `/wilayah/{region}` and `/opd/{region}/{opd}`, each with the stream that keeps it live."""
    site = Site(Live(view, now), Pages(FOLDER, demo=demo))
    routes = APIRouter(include_in_schema=False)
    routes.include_router(_streams(site))

    @routes.get("/", response_class=HTMLResponse)
    async def first(request: Request) -> HTMLResponse:
        return _board(site, request, "")

    @routes.get("/wilayah/{region}", response_class=HTMLResponse)
    async def board(request: Request, region: Region) -> HTMLResponse:
        if region not in places() and region not in site.live.opds():
            raise Problem("not-found")
        return _board(site, request, region)

    @routes.get("/opd/{region}/{opd}", response_class=HTMLResponse)
    async def counters(request: Request, region: Region, opd: Code) -> HTMLResponse:
        lang = language(request)
        shown, cut = site.screen(lang, region, opd).look(), site.opd(lang, region, opd, cut=True)
        return site.pages.page(request, "opd.html", shown=shown, cut=cut, region=region, opd=opd)

    return routes


def _board(site: Site, request: Request, region: str) -> HTMLResponse:
    lang = language(request)
    shown, cut = site.screen(lang, region).look(), site.board(lang, region, cut=True)
    return site.pages.page(request, "board.html", shown=shown, cut=cut, region=region, place=places().get(region))


def _streams(site: Site) -> APIRouter:
    """A reader tells the fragment that it has: in the page's address at first, in Last-Event-ID after a break."""
    routes = APIRouter(default_response_class=EventSourceResponse)

    @routes.get("/live")
    async def first(request: Request, seen: Before = "", last: LastId = "") -> AsyncIterator[ServerSentEvent]:
        async for event in _events(site.screen(language(request), ""), last or seen):
            yield event

    @routes.get("/wilayah/{region}/live")
    async def board(
        request: Request, region: Region, seen: Before = "", last: LastId = ""
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in _events(site.screen(language(request), region), last or seen):
            yield event

    @routes.get("/opd/{region}/{opd}/live")
    async def counters(
        request: Request, region: Region, opd: Code, seen: Before = "", last: LastId = ""
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in _events(site.screen(language(request), region, opd), last or seen):
            yield event

    return routes


async def _events(screen: Screen, last: str) -> AsyncIterator[ServerSentEvent]:
    async for shown in screen.follow(last):
        yield ServerSentEvent(raw_data=shown.html, id=shown.id) if shown else ServerSentEvent(event="beat", raw_data="")
