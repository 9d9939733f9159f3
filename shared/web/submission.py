"""From a request to a stored decision and back: idempotency key, expected version, position."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from starlette.responses import JSONResponse

from shared.domain.decider import Command, Context, EventRef, Outcome, S, Transaction
from shared.domain.envelope import FACTS, Event, Sealed
from shared.domain.facts.base import Fact
from shared.identity import Principal
from shared.web.access import principal
from shared.web.problem import Problem

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{8,128}$")]
DryRun = Annotated[bool, Query(description="decide, answer with the would-be events, and store nothing")]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,18}"$')]


class Stores(Protocol[S]):
    """What a write needs of a store."""

    @property
    def service(self) -> str:
        """The service whose source it keeps."""

    async def execute(self, command: Command[S]) -> Outcome:
        """Answer after the commit."""

    async def rehearse(self, command: Command[S]) -> Sequence[Sealed]:
        """The events that would be appended."""


@dataclass(frozen=True)
class Submission:
    """Who asks, and how the request proves to be the same one when it comes again."""

    principal: Principal
    key: str
    fingerprint: str
    expected: int | None
    dry_run: bool = False


async def submission(
    request: Request,
    who: Annotated[Principal, Depends(principal)],
    key: IdempotencyKey,
    if_match: IfMatch = None,
    dry_run: DryRun = False,  # noqa: FBT002 - a query parameter
) -> Submission:
    """Read what every write carries: a token, `Idempotency-Key` (mandatory), `If-Match` and `dry_run` (optional)."""
    expected = int(if_match.strip('"')) if if_match else None
    meant = fingerprint(request.method, request.url.path, await request.body())
    return Submission(who, key, meant, expected, dry_run)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same: method, path and the meaning of the body, not its spelling. Hex sha256."""
    try:
        meaning = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")) if body else ""
    except (ValueError, RecursionError) as unreadable:
        raise Problem("malformed") from unreadable
    return hashlib.sha256(f"{method}\n{path}\n{meaning}".encode()).hexdigest()


Previewed = Callable[[Sequence[Event]], Awaitable[Mapping[str, object]]]
"""What else a dry run tells of the events that it made."""


class Asked(Protocol):
    """A service's command."""

    @property
    def region(self) -> str:
        """Whose source it appends to."""


C_contra = TypeVar("C_contra", bound=Asked, contravariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class Decisions(Protocol[C_contra, S_contra]):
    """A service's decider module, as the edge calls it."""

    def stream(self, command: C_contra, /) -> str:
        """The primary stream."""

    def reads(self, command: C_contra, /) -> Sequence[str]:
        """What else the command must see."""

    def decide(
        self, command: C_contra, states: Mapping[str, S_contra], context: Context, /
    ) -> Mapping[str, Sequence[Fact]]:
        """The facts it makes."""


async def submit(
    asked: Submission,
    store: Stores[S],
    decider: Decisions[C_contra, S],
    command: C_contra,
    event_id: UUID | None = None,
    beside: Callable[[Transaction], None] | None = None,
    previewed: Previewed | None = None,
) -> Response:
    """Decide a command by its service's decider, store, and answer.

    201 with events, 200 if there was nothing to do or it is a dry run, 409 for a recorded refusal.
    """
    wanted = Command(
        region=command.region,
        stream=decider.stream(command),
        decide=partial(decider.decide, command),
        principal=f"user:{asked.principal.subject}",
        key=asked.key,
        fingerprint=asked.fingerprint,
        reads=decider.reads(command),
        event_id=event_id,
        expected=asked.expected,
        beside=beside,
    )
    if asked.dry_run:
        events = [sealed.event for sealed in await store.rehearse(wanted)]
        return JSONResponse({**would_be(events), **(await previewed(events) if previewed else {})})
    return render(await store.execute(wanted), f"{store.service}/{command.region}")


def would_be(events: Sequence[Event]) -> dict[str, object]:
    """Events that were not stored, for whoever asked for a dry run: without an id, place or chain."""
    told = [
        {"type": e.type, "subject": e.subject, "data": e.data.model_dump(mode="json", exclude_none=True)}
        for e in events
    ]
    return {"dry_run": True, "events": told}


def render(outcome: Outcome, place: str) -> Response:
    """The HTTP answer of an outcome. `place` is `{service}/{region}`."""
    headers = {
        "etag": f'"{outcome.version}"',
        "piket-position": f"{place}/{outcome.position}",
        "cache-control": "no-store",
    } | ({"idempotency-replayed": "true"} if outcome.replayed else {})
    events = [_shown(event) for event in outcome.answer.events]
    refusals = [str(event.id) for event in outcome.answer.events if FACTS[event.type].REFUSAL]
    if refusals:
        return Problem("refused", headers, event=refusals[0], events=events).response()
    return JSONResponse({"events": events}, outcome.answer.status, headers)


def _shown(event: EventRef) -> dict[str, str | int]:
    return {**event._asdict(), "id": str(event.id)}
