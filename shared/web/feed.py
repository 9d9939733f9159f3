"""A source as integrators read it over HTTP: batches with long polling, or a stream; the same events as on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope as Connection

from shared.domain.facts.base import Region
from shared.event_store.store import Stored
from shared.identity import Action, Principal, Scope
from shared.web.access import principal, require

BATCH = "application/cloudevents-batch+json"
POLL_SECONDS = 0.2
"""How often a waiting reader looks for new events: a look is one read by primary key."""


class Source(Protocol):
    """What a feed reads."""

    service: str

    async def read_feed(self, region: str, after: int = 0, limit: int = 500) -> Sequence[Stored]:
        """Committed events after a position, contiguous."""

    async def head(self, region: str) -> int:
        """The last position."""


class Stream(APIRoute):
    """Answers only those who ask for `text/event-stream`."""

    def matches(self, scope: Connection) -> tuple[Match, Connection]:
        """No match for other readers: the route of batches follows."""
        wanted = scope["type"] == "http" and "text/event-stream" in Headers(scope=scope).get("accept", "")
        return super().matches(scope) if wanted else (Match.NONE, {})


BEYOND = 2**63
"""No store counts so far."""

After = Annotated[int, Query(ge=0, lt=BEYOND, description="The last sequence already read.")]
LastRead = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, lt=BEYOND)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Patience = Annotated[float, Query(alias="timeout", ge=0, le=30, description="Seconds to wait for the first event.")]


async def _reader(region: Region, who: Annotated[Principal, Depends(principal)]) -> str:
    require(who, Action.READ_FEED, Scope(region))
    return region


Readable = Annotated[str, Depends(_reader)]


def feed_router(source: Source) -> APIRouter:
    """`GET /{service}/v1/{region}/feed`, in both forms."""
    path = f"/{source.service}/v1/{{region}}/feed"
    streams, batches = APIRouter(route_class=Stream), APIRouter()

    @streams.get(path, response_class=EventSourceResponse, include_in_schema=False)
    async def stream(
        region: Readable,
        after: After = 0,
        last_event_id: LastRead = None,
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in follow(source, region, after if last_event_id is None else last_event_id):
            yield ServerSentEvent(raw_data=event.body.decode(), id=str(event.sequence))

    @batches.get(path, response_class=Response, responses=_DOCUMENTED, summary="Events after a position")
    async def batch(
        region: Readable,
        after: After = 0,
        limit: Limit = 500,
        patience: Patience = 0,
        if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
    ) -> Response:
        await _await_event(source, region, after, patience)
        return _batch(await source.read_feed(region, after, limit), f"{source.service}/{region}", after, if_none_match)

    streams.include_router(batches)
    return streams


async def follow(source: Source, region: str, after: int) -> AsyncIterator[Stored]:
    """Every event after a position, for ever, each once and in order."""
    while True:
        for event in await source.read_feed(region, after):
            yield event
            after = event.sequence
        await _await_event(source, region, after, 3600)


async def _await_event(source: Source, region: str, after: int, seconds: float) -> None:
    for _ in range(round(seconds / POLL_SECONDS)):
        if await source.head(region) > after:
            return
        await asyncio.sleep(POLL_SECONDS)


def _batch(events: Sequence[Stored], place: str, after: int, if_none_match: str | None) -> Response:
    last = events[-1].sequence if events else after
    headers = {"etag": f'"{after}-{last}"', "piket-position": f"{place}/{last}", "cache-control": "private, no-cache"}
    headers["link"] = f'</{place.replace("/", "/v1/")}/feed?after={last}>; rel="next"'
    if events and if_none_match == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(b"[" + b",".join(event.body for event in events) + b"]", 200, headers, BATCH)


_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {BATCH: {"schema": {"type": "array", "items": {"type": "object"}}}}},
    304: {"description": "Nothing but what If-None-Match names."},
}
