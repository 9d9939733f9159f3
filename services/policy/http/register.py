"""The register of OPD over HTTP: what ends, what became of each, and a whole file of it at once."""

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from services.policy.domain import decider
from services.policy.domain.commands import MergeOpd, Merging, SplitOpd, Splitting
from services.policy.domain.decider import State
from services.policy.domain.opd_register import Listed, listed
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.import_decider import Tally
from services.policy.domain.register_import.rows import Kind, table
from services.policy.domain.register_import.sheet import Sheet, sheet
from services.policy.http.instruments import tell
from services.policy.http.queries import previewing
from shared.domain.decider import Command
from shared.domain.facts.base import Code, Invalid, Region
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope
from shared.web import Submission, principal, require, submission
from shared.web.submission import IdempotencyKey, would_be

Asked = Annotated[Submission, Depends(submission)]
Who = Annotated[Principal, Depends(principal)]


KINDS: Mapping[str, Kind] = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
FILE = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS},
    }
}


def router(store: Store[State]) -> APIRouter:
    """`/policy/v1/{region}/opd…`."""
    routes = APIRouter(prefix="/policy/v1/{region}")

    @routes.post("/opd/{opd}/merger", status_code=201, summary="End an OPD that goes into another")
    async def merge(region: Region, opd: Code, body: Merging, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, MergeOpd(region=region, opd=opd, **dict(body)))

    @routes.post("/opd/{opd}/split", status_code=201, summary="End an OPD that is split into several")
    async def split(region: Region, opd: Code, body: Splitting, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, SplitOpd(region=region, opd=opd, **dict(body)))

    @routes.get("/opd", summary="The register of OPD, and what became of each")
    async def register(region: Region, who: Who) -> list[Listed]:
        require(who, Action.READ_POLICY, Scope(region))
        states = await store.states(f"policy/{region}/")
        return [listed(entry) for entry in decider.registered(states).values()]

    @routes.post(
        "/register/import", status_code=201, response_model=Tally, openapi_extra=FILE,
        summary="Enter the OPD, units and posts of a file: the whole file, or nothing of it",
    )  # fmt: skip
    async def import_(
        region: Region, request: Request, who: Who, key: IdempotencyKey, *, dry_run: bool = False
    ) -> Response:
        require(who, Action.ENACT, Scope(region))
        require(who, Action.ARRANGE, Scope(region))
        content = await request.body()
        kind = _kind(request.headers.get("content-type", ""))
        read = await asyncio.to_thread(lambda: sheet(region, table(kind, content)))
        command = _command(read, content, who, key)
        if dry_run:
            return await _rehearsed(store, command, read)
        return await _stored(store, command, read)

    return routes


def _kind(content_type: str) -> Kind:
    media = content_type.partition(";")[0].strip().lower()
    if media not in KINDS:
        known = ", ".join(KINDS)
        raise Invalid("", f"Kirim berkas sebagai {known}.", f"Send the file as {known}.")
    return KINDS[media]


def _command(read: Sheet, content: bytes, who: Principal, key: str) -> Command[State]:
    return Command(
        region=read.region,
        stream=import_decider.stream(read),
        decide=partial(import_decider.decide, read),
        principal=f"user:{who.subject}",
        key=key,
        fingerprint=hashlib.sha256(f"import\n{read.region}\n".encode() + content).hexdigest(),
        reads=import_decider.reads(read),
    )


async def _rehearsed(store: Store[State], command: Command[State], read: Sheet) -> Response:
    """What would be stored: how much of what, every event, and every day that changes."""
    events = [sealed.event for sealed in await store.rehearse(command)]
    told = import_decider.tally(read, ((event.subject, event.streamversion) for event in events))
    return JSONResponse({**told.model_dump(mode="json"), **would_be(events), **await previewing(store)(events)})


async def _stored(store: Store[State], command: Command[State], read: Sheet) -> Response:
    """201 with what was stored, 200 where the register stood so already."""
    outcome = await store.execute(command)
    told = import_decider.tally(read, ((event.subject, event.streamversion) for event in outcome.answer.events))
    headers = {"piket-position": f"policy/{read.region}/{outcome.position}", "cache-control": "no-store"}
    headers |= {"idempotency-replayed": "true"} if outcome.replayed else {}
    return JSONResponse(told.model_dump(mode="json"), outcome.answer.status, headers)
