"""Serves coverage rows and the current status of an OPD over HTTP. It is public: counters name no person."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import TypeAdapter

from services.reporting.dependencies import LiveStatusDep, ViewDep
from services.reporting.domain.status.current_status import OpdStatus
from services.reporting.view.rows import CoverageView, row_version
from shared.domain.envelope import source
from shared.domain.facts.base import Code, Region
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.web import Problem
from shared.web.dependencies import ClockDep
from shared.web.feed import EventStreamRoute

WAIT_SECONDS = 2.0
"""How long a reader waits for a position that a write was answered with."""
PATH = "/reporting/v1/{region}/coverage/{opd}"

MinPosition = Annotated[str | None, Header(alias="Piket-Min-Position", pattern=r"^[a-z]+/\d{2,4}/\d{1,18}$")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]
_opd_status = TypeAdapter(OpdStatus)

# The first of two routes with the same path answers, so the stream of states comes before the JSON state.
streams = APIRouter(route_class=EventStreamRoute)
router = APIRouter()


@streams.get(f"{PATH}/state", response_class=EventSourceResponse, include_in_schema=False)
async def state_stream(region: Region, opd: Code, live: LiveStatusDep) -> AsyncIterator[ServerSentEvent]:
    """Stream the status of an OPD, at once and after each change."""
    async for status in live.follow(region, opd):
        if status:
            yield ServerSentEvent(raw_data=_opd_status.dump_json(status).decode())
        else:
            yield ServerSentEvent(comment="")


router.include_router(streams)


@router.get(PATH, response_model=Coverage, summary="The coverage of one OPD on one service date")
async def row(  # noqa: D103 - a docstring would become a part of the OpenAPI document; the summary says it
    region: Region,
    opd: Code,
    view: ViewDep,
    now: ClockDep,
    day: Annotated[date | None, Query(alias="date")] = None,
    position: MinPosition = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    day = day or local_date(now(), region)
    await _wait_for_position(view, f"{region}/{opd}/{day}", region, position)
    return _row_response(view.row(region, opd, day), if_none_match)


@router.get(f"{PATH}/state", summary="The current status of one OPD")
async def state(  # noqa: D103 - as above
    region: Region, opd: Code, view: ViewDep, live: LiveStatusDep, now: ClockDep, position: MinPosition = None
) -> OpdStatus:
    await _wait_for_position(view, f"{region}/{opd}/{local_date(now(), region)}", region, position)
    return live.opd_status(region, opd)


async def _wait_for_position(view: CoverageView, key: str, region: str, position: str | None) -> None:
    """Wait until a row includes the position that a write was answered with. Raise a 503 problem if it does not."""
    if position is None:
        return
    service, position_region, sequence = position.split("/")
    origin = source(region, service)
    if position_region != region or not await view.wait_for_position(key, origin, int(sequence), WAIT_SECONDS):
        raise Problem("behind", {"retry-after": "2"}, position=position)


def _row_response(row: Coverage | None, if_none_match: str | None) -> Response:
    if row is None:
        raise Problem("not-found")
    headers = {"etag": f'"{"-".join(map(str, row_version(row)))}"', "cache-control": "no-cache"}
    if if_none_match == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(row.model_dump_json(exclude_none=True), 200, headers, "application/json")
