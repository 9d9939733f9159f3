"""Turns a write request into a stored decision and its response: idempotency key, expected version, position."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from starlette.responses import JSONResponse

from shared.domain.decider import Context, EventRef, Outcome, S, StoreCommand, Transaction
from shared.domain.envelope import FACT_TYPES, Event, SealedEvent
from shared.domain.facts.base import Fact
from shared.identity import Principal
from shared.web.access import authenticate
from shared.web.problem import Problem

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{8,128}$")]
DryRun = Annotated[bool, Query(description="decide, return the events that would be stored, and store nothing")]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,18}"$')]


class CommandStore(Protocol[S]):
    """What a write request needs of an event store."""

    @property
    def service(self) -> str:
        """The service that owns the store."""

    async def execute(self, command: StoreCommand[S]) -> Outcome:
        """Decide and commit a command."""

    async def dry_run(self, command: StoreCommand[S]) -> Sequence[SealedEvent]:
        """Return the events that would be appended, without storing them."""


@dataclass(frozen=True)
class Submission:
    """A write request without its body: who sends it, and how a repeat of it is recognised.

    `fingerprint` is the hash of method, path and body; `expected_version` is the version that the client saw.
    """

    principal: Principal
    key: str
    fingerprint: str
    expected_version: int | None
    dry_run: bool = False


async def read_submission(
    request: Request,
    principal: Annotated[Principal, Depends(authenticate)],
    key: IdempotencyKey,
    if_match: IfMatch = None,
    dry_run: DryRun = False,  # noqa: FBT002 - a query parameter
) -> Submission:
    """Read what every write request carries: token and `Idempotency-Key`; optionally `If-Match` and `dry_run`."""
    expected = int(if_match.strip('"')) if if_match else None
    body_hash = fingerprint(request.method, request.url.path, await request.body())
    return Submission(principal, key, body_hash, expected, dry_run)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return the sha256, in hex, of method, path and the parsed body.

    Requests whose JSON differs only in spelling (spaces, order of members) get the same fingerprint.
    """
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")) if body else ""
    except (ValueError, RecursionError) as unreadable:  # RecursionError: nested too deeply
        raise Problem("malformed") from unreadable
    return hashlib.sha256(f"{method}\n{path}\n{canonical}".encode()).hexdigest()


DryRunDetails = Callable[[Sequence[Event]], Awaitable[Mapping[str, object]]]
"""Computes additional members of a dry run's response from the events that would be stored."""


class RegionalCommand(Protocol):
    """A command of a service."""

    @property
    def region(self) -> str:
        """The region whose source it appends to."""


C_contra = TypeVar("C_contra", bound=RegionalCommand, contravariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class DeciderModule(Protocol[C_contra, S_contra]):
    """A service's decider module, as HTTP endpoints use it."""

    def stream(self, command: C_contra, /) -> str:
        """Return the primary stream of a command."""

    def reads(self, command: C_contra, /) -> Sequence[str]:
        """Return the other streams or prefixes that a command reads."""

    def decide(
        self, command: C_contra, states: Mapping[str, S_contra], context: Context, /
    ) -> Mapping[str, Sequence[Fact]]:
        """Return the facts that a command makes, by stream."""


async def submit(
    submission: Submission,
    store: CommandStore[S],
    decider: DeciderModule[C_contra, S],
    command: C_contra,
    event_id: UUID | None = None,
    also_write: Callable[[Transaction], None] | None = None,
    dry_run_details: DryRunDetails | None = None,
) -> Response:
    """Decide a command with its service's decider, store the events, and return the response.

    201 with events, 200 if nothing changed or it is a dry run, 409 for a recorded refusal.
    """
    store_command = StoreCommand(
        region=command.region,
        stream=decider.stream(command),
        decide=partial(decider.decide, command),
        principal=f"user:{submission.principal.subject}",  # apart from the keys of internal commands, `service:`
        key=submission.key,
        fingerprint=submission.fingerprint,
        reads=decider.reads(command),
        event_id=event_id,
        expected_version=submission.expected_version,
        also_write=also_write,
    )
    if submission.dry_run:
        events = [sealed.event for sealed in await store.dry_run(store_command)]
        return JSONResponse({**dry_run_body(events), **(await dry_run_details(events) if dry_run_details else {})})
    return outcome_response(await store.execute(store_command), f"{store.service}/{command.region}")


def dry_run_body(events: Sequence[Event]) -> dict[str, object]:
    """Return the body of a dry run's response: the events without id, sequence and chain, which they lack."""
    described = [
        {"type": e.type, "subject": e.subject, "data": e.data.model_dump(mode="json", exclude_none=True)}
        for e in events
    ]
    return {"dry_run": True, "events": described}


def outcome_response(outcome: Outcome, source_path: str) -> Response:
    """Return the HTTP response of an outcome. `source_path` is `{service}/{region}`."""
    headers = {
        "etag": f'"{outcome.version}"',
        "piket-position": f"{source_path}/{outcome.position}",
        "cache-control": "no-store",
    } | ({"idempotency-replayed": "true"} if outcome.replayed else {})
    events = [_event_reference(event) for event in outcome.answer.events]
    refusals = [str(event.id) for event in outcome.answer.events if FACT_TYPES[event.type].REFUSAL]
    if refusals:
        return Problem("refused", headers, event=refusals[0], events=events).response()
    return JSONResponse({"events": events}, outcome.answer.status, headers)


def _event_reference(event: EventRef) -> dict[str, str | int]:
    return {**event._asdict(), "id": str(event.id)}
