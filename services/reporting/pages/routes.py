"""Serves the public pages: the board, and the counters of one OPD, both live. They name counters, never people."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse

from services.reporting.pages.broadcast import SharedPage
from services.reporting.pages.renderer import PageRenderer
from shared.domain.facts.base import Code, Region
from shared.domain.places import government_of, region_names
from shared.web import Problem
from shared.web.pages import language

TEMPLATES_FOLDER = Path(__file__).parent / "templates"


async def page_renderer(request: Request) -> PageRenderer:
    """Return the application's page renderer."""
    renderer: PageRenderer = request.app.state.page_renderer
    return renderer


PageRendererDep = Annotated[PageRenderer, Depends(page_renderer)]
"""The application's page renderer: `app.state.page_renderer`."""
LoadedFragmentId = Annotated[str, Query(alias="seen")]
"""The id of the fragment that the page was loaded with: in the stream's address."""
LastEventId = Annotated[str, Header(alias="Last-Event-ID")]
"""The id of the last fragment received: a browser sends it when it reconnects. It is newer than the loaded one."""

router = APIRouter(include_in_schema=False)
streams = APIRouter(include_in_schema=False, default_response_class=EventSourceResponse)


@router.get("/", response_class=HTMLResponse)
async def start_page(request: Request, renderer: PageRendererDep) -> HTMLResponse:
    """Return the board with the OPD list of the first region that has rows."""
    return _board_page(renderer, request, "")


@router.get("/wilayah/{region}", response_class=HTMLResponse)
async def board(request: Request, region: Region, renderer: PageRendererDep) -> HTMLResponse:
    """Return the board with the OPD list of a region. Raise a 404 problem for an unknown region."""
    if region not in region_names() and region not in renderer.live.opds_by_region():
        raise Problem("not-found")
    return _board_page(renderer, request, region)


@router.get("/opd/{region}/{opd}", response_class=HTMLResponse)
async def opd_page(request: Request, region: Region, opd: Code, renderer: PageRendererDep) -> HTMLResponse:
    """Return the page of an OPD."""
    lang = language(request)
    fragment = renderer.shared_page(lang, region, opd).current()
    disconnected = renderer.render_opd(lang, region, opd, disconnected=True)
    return renderer.pages.page(
        request, "opd.html", fragment=fragment, disconnected=disconnected, region=region, opd=opd
    )


@streams.get("/live")
async def start_page_stream(
    request: Request, renderer: PageRendererDep, loaded_id: LoadedFragmentId = "", last_id: LastEventId = ""
) -> AsyncIterator[ServerSentEvent]:
    """Stream the main part of the start page."""
    async for event in _events(renderer.shared_page(language(request), ""), last_id or loaded_id):
        yield event


@streams.get("/wilayah/{region}/live")
async def board_stream(
    request: Request,
    region: Region,
    renderer: PageRendererDep,
    loaded_id: LoadedFragmentId = "",
    last_id: LastEventId = "",
) -> AsyncIterator[ServerSentEvent]:
    """Stream the main part of a region's board."""
    async for event in _events(renderer.shared_page(language(request), region), last_id or loaded_id):
        yield event


@streams.get("/opd/{region}/{opd}/live")
async def opd_stream(
    request: Request,
    region: Region,
    opd: Code,
    renderer: PageRendererDep,
    loaded_id: LoadedFragmentId = "",
    last_id: LastEventId = "",
) -> AsyncIterator[ServerSentEvent]:
    """Stream the main part of an OPD's page."""
    async for event in _events(renderer.shared_page(language(request), region, opd), last_id or loaded_id):
        yield event


router.include_router(streams)


def _board_page(renderer: PageRenderer, request: Request, region: str) -> HTMLResponse:
    lang, government = language(request), government_of(region) if region else None
    fragment = renderer.shared_page(lang, region).current()
    # Sent with the page, because a reader whose connection is lost cannot request it.
    disconnected = renderer.render_board(lang, region, disconnected=True)
    return renderer.pages.page(
        request, "board.html", fragment=fragment, disconnected=disconnected, region=region, place=government
    )


async def _events(page: SharedPage, last_id: str) -> AsyncIterator[ServerSentEvent]:
    async for fragment in page.follow(last_id):
        if fragment:
            yield ServerSentEvent(raw_data=fragment.html, id=fragment.id)
        else:
            yield ServerSentEvent(event="beat", raw_data="")
