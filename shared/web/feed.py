"""Serves a source over HTTP to integrators, as batches with long polling or a stream: the same events as Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope as AsgiScope

from shared.domain.facts.base import Region
from shared.event_store.stored_events import StoredEvent
from shared.identity import Action, Scope
from shared.web.access import authorize
from shared.web.dependencies import PrincipalDep, event_store

BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"
POLL_SECONDS = 0.2
"""How often the server looks for new events for a waiting reader; a look is one read by primary key."""


class FeedSource(Protocol):
    """What a feed reads of an event store."""

    service: str

    async def read_feed(self, region: str, after: int = 0, limit: int = 500) -> Sequence[StoredEvent]:
        """Return committed events after a sequence, without gaps."""

    async def head(self, region: str) -> int:
        """Return the last sequence."""


class EventStreamRoute(APIRoute):
    """Matches only requests that accept `text/event-stream`."""

    def matches(self, scope: AsgiScope) -> tuple[Match, AsgiScope]:
        """Match a request; without a match FastAPI tries the next route, which serves batches."""
        accepts_stream = scope["type"] == "http" and "text/event-stream" in Headers(scope=scope).get("accept", "")
        return super().matches(scope) if accepts_stream else (Match.NONE, {})


SEQUENCE_LIMIT = 2**63
"""Sequences are below this value: SQLite and PostgreSQL store them as 64-bit integers."""

After = Annotated[int, Query(ge=0, lt=SEQUENCE_LIMIT, description="The last sequence already read.")]
LastRead = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, lt=SEQUENCE_LIMIT)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Timeout = Annotated[float, Query(alias="timeout", ge=0, le=30, description="Seconds to wait for the first event.")]


async def _readable_region(region: Region, principal: PrincipalDep) -> str:
    authorize(principal, Action.READ_FEED, Scope(region))
    return region


ReadableRegion = Annotated[str, Depends(_readable_region)]


SourceDep = Annotated[FeedSource, Depends(event_store)]
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {BATCH_CONTENT_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}}}},
    304: {"description": "No events other than those of If-None-Match."},
}
router, _batches = APIRouter(route_class=EventStreamRoute), APIRouter()
"""The routes `/feed` of an application; include them with the prefix `/{service}/v1/{region}`."""


@router.get("/feed", response_class=EventSourceResponse, include_in_schema=False)
async def stream(
    region: ReadableRegion, source: SourceDep, after: After = 0, last_event_id: LastRead = None
) -> AsyncIterator[ServerSentEvent]:
    """Send every event after a position, then new ones."""
    # `raw_data`: FastAPI would serialise `data` again, and an event has the same bytes wherever it is read.
    async for event in follow_feed(source, region, after if last_event_id is None else last_event_id):
        yield ServerSentEvent(raw_data=event.body.decode(), id=str(event.sequence))


@_batches.get("/feed", response_class=Response, responses=_RESPONSES, summary="Events after a position")
async def batch(
    region: ReadableRegion, source: SourceDep, after: After = 0, limit: Limit = 500, timeout_s: Timeout = 0,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:  # fmt: skip
    """Return a batch of events, as CloudEvents, in the order of their sequence."""
    await _await_event(source, region, after, timeout_s)
    events = await source.read_feed(region, after, limit)
    return _batch_response(events, f"{source.service}/{region}", after, if_none_match)


router.include_router(_batches)


async def follow_feed(source: FeedSource, region: str, after: int) -> AsyncIterator[StoredEvent]:
    """Yield every event after a sequence, in order and once; wait for new ones until the reader disconnects."""
    while True:
        for event in await source.read_feed(region, after):
            yield event
            after = event.sequence
        await _await_event(source, region, after, 3600)  # then the loop goes on; any long time will do


async def _await_event(source: FeedSource, region: str, after: int, seconds: float) -> None:
    for _ in range(round(seconds / POLL_SECONDS)):
        if await source.head(region) > after:
            return
        await asyncio.sleep(POLL_SECONDS)


def _batch_response(events: Sequence[StoredEvent], source_path: str, after: int, if_none_match: str | None) -> Response:
    # Stored events never change, so the two sequences identify the content of a page.
    last = events[-1].sequence if events else after
    headers = {
        "etag": f'"{after}-{last}"',
        "piket-position": f"{source_path}/{last}",
        "cache-control": "private, no-cache",
    }
    headers["link"] = f'</{source_path.replace("/", "/v1/")}/feed?after={last}>; rel="next"'
    if events and if_none_match == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(b"[" + b",".join(event.body for event in events) + b"]", 200, headers, BATCH_CONTENT_TYPE)
