"""Serves the register of OPD over HTTP: mergers, splits, the list of OPD, and the import of a register file."""

import asyncio
import hashlib
from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from services.policy.domain import decider
from services.policy.domain.decider import State
from services.policy.domain.opd.register import RegisterEntry, register_entry
from services.policy.domain.opd_commands import (
    OpdMerging,
    OpdSplitting,
)
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.import_decider import ImportSummary
from services.policy.domain.register_import.sheet import RegisterSheet, read_register
from services.policy.http import bodies
from services.policy.http.execution import execute, impact
from shared.domain.decider import StoreCommand
from shared.domain.errors import Invalid
from shared.domain.facts.base import Code, Region
from shared.domain.messages import Message
from shared.domain.sheets.rows import FileFormat
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope
from shared.web import authorize
from shared.web.dependencies import PrincipalDep, StoreDep, SubmissionDep
from shared.web.submission import IdempotencyKey, dry_run_body

FILE_FORMATS: Mapping[str, FileFormat] = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in FILE_FORMATS},
    }
}


router = APIRouter(prefix="/policy/v1/{region}")


@router.post("/opd/{opd}/merger", status_code=201, summary="Merge an OPD into another")
async def merge(
    region: Region, opd: Code, body: OpdMerging, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """End an OPD whose duties another OPD takes over."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_merge_opd(region, opd, body))


@router.post("/opd/{opd}/split", status_code=201, summary="Split an OPD into several")
async def split(
    region: Region, opd: Code, body: OpdSplitting, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """End an OPD whose duties several OPD take over."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_split_opd(region, opd, body))


@router.get("/opd", summary="The register of OPD, with successors")
async def register(region: Region, principal: PrincipalDep, store: StoreDep[State]) -> list[RegisterEntry]:
    """Return every OPD of the region, also those that have ended, with their successors."""
    authorize(principal, Action.READ_POLICY, Scope(region))
    states = await store.states(f"policy/{region}/")
    return [register_entry(entry) for entry in decider.register_of(states).values()]


@router.post(
    "/register/import", status_code=201, response_model=ImportSummary, openapi_extra=FILE_BODY,
    summary="Import the OPD, units and posts of a file, all or none",
)  # fmt: skip
async def import_(
    region: Region,
    request: Request,
    principal: PrincipalDep,
    key: IdempotencyKey,
    store: StoreDep[State],
    *,
    dry_run: bool = False,
) -> Response:
    """Import a register file (csv or xlsx) as one transaction; an error in any cell refuses the whole file."""
    # A file both opens OPD and arranges units.
    authorize(principal, Action.ENACT, Scope(region))
    authorize(principal, Action.ARRANGE, Scope(region))
    content = await request.body()
    file_format = _file_format(request.headers.get("content-type", ""))
    # A large workbook takes seconds to parse: a thread keeps the event loop free for other requests.
    sheet = await asyncio.to_thread(lambda: read_register(region, file_format, content))
    command = _store_command(sheet, content, principal, key)
    return await (_dry_run(store, command, sheet) if dry_run else _import(store, command, sheet))


def _file_format(content_type: str) -> FileFormat:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in FILE_FORMATS:
        accepted = ", ".join(FILE_FORMATS)
        raise Invalid("", Message("Kirim berkas sebagai {accepted}.", accepted=accepted))
    return FILE_FORMATS[media_type]


def _store_command(sheet: RegisterSheet, content: bytes, principal: Principal, key: str) -> StoreCommand[State]:
    return StoreCommand(
        region=sheet.region,
        stream=import_decider.stream(sheet),
        decide=partial(import_decider.decide, sheet),
        principal=f"user:{principal.subject}",
        key=key,
        # With the region: the same key and file for another region is another request.
        fingerprint=hashlib.sha256(f"import\n{sheet.region}\n".encode() + content).hexdigest(),
        reads=import_decider.reads(sheet),
    )


async def _dry_run(store: Store[State], command: StoreCommand[State], sheet: RegisterSheet) -> Response:
    """Return the summary, the events and the impact of an import that is not stored."""
    events = [sealed.event for sealed in await store.dry_run(command)]
    summary = import_decider.import_summary(sheet, ((event.subject, event.streamversion) for event in events))
    return JSONResponse({**summary.model_dump(mode="json"), **dry_run_body(events), **await impact(store, events)})


async def _import(store: Store[State], command: StoreCommand[State], sheet: RegisterSheet) -> Response:
    """Store the import and return its summary: 201 with new events, 200 if the file changes nothing."""
    outcome = await store.execute(command)
    events = outcome.answer.events
    summary = import_decider.import_summary(sheet, ((event.subject, event.streamversion) for event in events))
    headers = {"piket-position": f"policy/{sheet.region}/{outcome.position}", "cache-control": "no-store"}
    headers |= {"idempotency-replayed": "true"} if outcome.replayed else {}
    return JSONResponse(summary.model_dump(mode="json"), outcome.answer.status, headers)
