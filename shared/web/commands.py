"""From a request to a stored decision and back: idempotency key, expected version, position."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from starlette.responses import JSONResponse

from shared.command import Command, Context, Decide, EventRef, Outcome, S, Transaction
from shared.events import FACTS
from shared.facts.fact import Fact
from shared.identity import Principal
from shared.web.access import principal
from shared.web.problem import Problem

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{8,128}$")]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,18}"$')]


class Stores(Protocol[S]):
    """What a write needs of a store."""

    @property
    def service(self) -> str:
        """The service whose source it keeps."""

    async def execute(self, command: Command[S]) -> Outcome:
        """Answer after the commit."""


@dataclass(frozen=True)
class Submission:
    """Who asks, and how the request proves to be the same one when it comes again."""

    principal: Principal
    key: str
    fingerprint: str
    expected: int | None


async def submission(
    request: Request,
    who: Annotated[Principal, Depends(principal)],
    key: IdempotencyKey,
    if_match: IfMatch = None,
) -> Submission:
    """Read what every write carries: a token, `Idempotency-Key` (mandatory), `If-Match` (optional)."""
    expected = int(if_match.strip('"')) if if_match else None
    return Submission(who, key, fingerprint(request.method, request.url.path, await request.body()), expected)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same: method, path and the meaning of the body, not its spelling. Hex sha256."""
    try:
        meaning = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")) if body else ""
    except (ValueError, RecursionError) as unreadable:
        raise Problem("malformed") from unreadable
    return hashlib.sha256(f"{method}\n{path}\n{meaning}".encode()).hexdigest()


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
) -> Response:
    """Decide a command by its service's decider, store, and answer."""
    decide = partial(decider.decide, command)
    return await execute(
        asked, store, command.region, decider.stream(command), decide, decider.reads(command), event_id, beside
    )


async def execute(
    asked: Submission,
    store: Stores[S],
    region: str,
    stream: str,
    decide: Decide[S],
    reads: Sequence[str] = (),
    event_id: UUID | None = None,
    beside: Callable[[Transaction], None] | None = None,
) -> Response:
    """Decide and store, then answer: 201 with events, 200 if there was nothing to do, 409 for a recorded refusal."""
    command = Command(
        region=region,
        stream=stream,
        decide=decide,
        principal=f"user:{asked.principal.subject}",
        key=asked.key,
        fingerprint=asked.fingerprint,
        reads=reads,
        event_id=event_id,
        expected=asked.expected,
        beside=beside,
    )
    return render(await store.execute(command), f"{store.service}/{region}")


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
