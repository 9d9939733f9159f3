"""What people see of one OPD: its counters, live. A page names counters and never people."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import HTMLResponse, RedirectResponse

from services.reporting.live import Live
from services.reporting.runs import State
from services.reporting.state import OpdNow, PostNow, UnitNow
from services.reporting.strip import Strip, strip, window
from services.reporting.view import View
from shared.clock import Clock
from shared.facts.fact import Code, Region
from shared.regions import zone
from shared.web import Problem
from shared.web.pages import Pages, language

FOLDER = Path(__file__).parent / "pages"


class Card(NamedTuple):
    """One counter as it is drawn; `since` is None where the state began before today."""

    post: PostNow
    strip: Strip
    since: datetime | None


def router(view: View, now: Clock) -> APIRouter:
    """`/opd/{region}/{opd}` and the stream that keeps it live."""
    live, pages = Live(view, now), Pages(FOLDER)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def first() -> RedirectResponse:
        if not view.rows:
            raise Problem("not-found")
        region, opd, _ = min(view.rows).split("/")
        return RedirectResponse(f"/opd/{region}/{opd}")

    @routes.get("/opd/{region}/{opd}", response_class=HTMLResponse)
    async def opd_page(request: Request, region: Region, opd: Code) -> HTMLResponse:
        return pages.page(request, "opd.html", **shown(live.stand(region, opd)))

    @routes.get("/opd/{region}/{opd}/live", response_class=EventSourceResponse)
    async def opd_live(request: Request, region: Region, opd: Code) -> AsyncIterator[ServerSentEvent]:
        lang = language(request)
        async for stand in live.follow(region, opd):
            if stand is None:
                yield ServerSentEvent(event="beat", raw_data="")
                continue
            yield ServerSentEvent(raw_data=pages.fragment(lang, "opd-main.html", **shown(stand)))

    return routes


def shown(stand: OpdNow) -> Mapping[str, Any]:
    """What the templates read. Pure."""
    here = zone(stand.region)
    at = stand.at.astimezone(here)
    return {
        "stand": stand,
        "at": at,
        "behind": stand.behind.astimezone(here) if stand.behind else None,
        "short": sum(post.state is State.KRITIS for post in stand.posts),
        "risky": sum(post.state is State.RAWAN for post in stand.posts),
        "open": sum(post.required > 0 for post in stand.posts),
        "units": [(unit, _cards(unit, at)) for unit in stand.units],
    }


def _cards(unit: UnitNow, at: datetime) -> list[Card]:
    cards, slots = [], window(post.slots for post in unit.posts)
    for post in unit.posts:
        there = at.astimezone(post.since.tzinfo)
        midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
        drawn = strip(post.slots, slots, there.hour * 60 + there.minute)
        cards.append(Card(post, drawn, post.since if post.since > midnight else None))
    return cards
