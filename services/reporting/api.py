"""Coverage over HTTP, for everybody: counters are public and name nobody."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import TypeAdapter

from services.reporting.domain.status.current_status import OpdNow
from services.reporting.view.live_status import Live
from services.reporting.view.rows import View, rank
from shared.clock import Clock
from shared.domain.envelope import source
from shared.domain.facts.base import Code, Region
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.web import Problem
from shared.web.feed import Stream

WAIT_SECONDS = 2.0
Position = Annotated[str | None, Header(alias="Piket-Min-Position", pattern=r"^[a-z]+/\d{2,4}/\d{1,18}$")]
Etag = Annotated[str | None, Header(alias="If-None-Match")]
_states = TypeAdapter(OpdNow)


def router(view: View, now: Clock) -> APIRouter:
    """`GET /reporting/v1/{region}/coverage/{opd}` and its `/state`, as JSON and as a stream."""
    live, path = Live(view, now), "/reporting/v1/{region}/coverage/{opd}"
    routes, streams = APIRouter(), APIRouter(route_class=Stream)

    @routes.get(path, response_model=Coverage, summary="One row: the steps of one OPD on one service date")
    async def row(
        region: Region,
        opd: Code,
        day: Annotated[date | None, Query(alias="date")] = None,
        position: Position = None,
        if_none_match: Etag = None,
    ) -> Response:
        day = day or local_date(now(), region)
        await _await_position(view, f"{region}/{opd}/{day}", region, position)
        return _shown(view.row(region, opd, day), if_none_match)

    @streams.get(f"{path}/state", response_class=EventSourceResponse, include_in_schema=False)
    async def states(region: Region, opd: Code) -> AsyncIterator[ServerSentEvent]:
        async for stand in live.follow(region, opd):
            yield ServerSentEvent(raw_data=_states.dump_json(stand).decode()) if stand else ServerSentEvent(comment="")

    @routes.get(f"{path}/state", summary="How the counters of one OPD stand now")
    async def state(region: Region, opd: Code, position: Position = None) -> OpdNow:
        await _await_position(view, f"{region}/{opd}/{local_date(now(), region)}", region, position)
        return live.stand(region, opd)

    routes.include_router(readiness(view))
    streams.include_router(routes)
    return streams


def readiness(view: View) -> APIRouter:
    """`/readyz`: whether the view is complete and current."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/readyz")
    async def ready() -> Response:
        behind = view.behind()
        if behind:
            raise Problem("behind", {"retry-after": "2"}, since=behind.isoformat())
        return Response(status_code=204)

    return routes


async def _await_position(view: View, key: str, region: str, position: str | None) -> None:
    """Read your writes, or an honest 503: wait until the row has seen the position that a write was answered with."""
    if position is None:
        return
    service, home, number = position.split("/")
    if home != region or not await view.reached(key, source(region, service), int(number), WAIT_SECONDS):
        raise Problem("behind", {"retry-after": "2"}, position=position)


def _shown(row: Coverage | None, if_none_match: str | None) -> Response:
    if row is None:
        raise Problem("not-found")
    headers = {"etag": f'"{"-".join(map(str, rank(row)))}"', "cache-control": "no-cache"}
    if if_none_match == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(row.model_dump_json(exclude_none=True), 200, headers, "application/json")
