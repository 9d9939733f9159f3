"""Serves the commands on instruments, the calendar and units, and the effective policy of an OPD, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.policy.domain.commands import (
    DayGrant,
    Decline,
    Drafting,
    Enactment,
    HolidayDeclaration,
    Scheduling,
    Transition,
)
from services.policy.domain.decider import State, arrangement_state, opd_state
from services.policy.domain.opd_commands import OpdOpening, UnitArrangement
from services.policy.http import bodies
from services.policy.http.execution import execute
from shared.domain.facts.base import Code, Region
from shared.domain.facts.instruments import InstrumentId
from shared.domain.facts.policy import ArrangementChanged, PolicyChanged
from shared.identity import Action, Scope
from shared.web import authorize, require_found
from shared.web.dependencies import PrincipalDep, StoreDep, SubmissionDep
from shared.web.strict_body import strict_body

# An unknown field in an instrument or an arrangement is an error: a misspelt rule must not be lost silently.
EnactmentBody = Annotated[Enactment, Depends(strict_body(Enactment))]
DraftingBody = Annotated[Drafting, Depends(strict_body(Drafting))]
ArrangementBody = Annotated[UnitArrangement, Depends(strict_body(UnitArrangement))]

router = APIRouter(prefix="/policy/v1/{region}")


@router.post("/instruments", status_code=201, summary="Enact an instrument")
async def enact(region: Region, body: EnactmentBody, submission: SubmissionDep, store: StoreDep[State]) -> Response:
    """Enact an instrument; published before today it binds from today, unless an office attests the publication."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_enact_instrument(region, body))


@router.post("/drafts", status_code=201, summary="Record a draft or a study")
async def draft(region: Region, body: DraftingBody, submission: SubmissionDep, store: StoreDep[State]) -> Response:
    """Record an instrument that does not bind yet, and its stage."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_draft_instrument(region, body))


@router.post("/instruments/{instrument}/amendment", status_code=201, summary="Amend an instrument")
async def amend(
    region: Region, instrument: InstrumentId, body: EnactmentBody, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Change the content of an enacted instrument from a date on."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_amend_instrument(region, instrument, body))


@router.post("/instruments/{instrument}/schedule", status_code=201, summary="Set the effective date")
async def schedule(
    region: Region, instrument: InstrumentId, body: Scheduling, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Set the effective date of an instrument that was enacted without one."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_schedule_instrument(region, instrument, body))


@router.post("/instruments/{instrument}/days", status_code=201, summary="Approve the optional days of an OPD")
async def approve(
    region: Region, instrument: InstrumentId, body: DayGrant, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Approve an OPD's application for the optional weekdays of an instrument."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_approve_days(region, instrument, body))


@router.post("/recommendations/refusal", status_code=201, summary="Decline a recommendation")
async def decline(region: Region, body: Decline, submission: SubmissionDep, store: StoreDep[State]) -> Response:
    """Record that the recommendation of another government is not followed."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_decline_recommendation(region, body))


@router.post("/instruments/{instrument}/suspension", status_code=201, summary="Suspend an instrument")
async def suspend(
    region: Region, instrument: InstrumentId, body: Transition, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Suspend an instrument from a date on, until it is resumed."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_suspend_instrument(region, instrument, body))


@router.post("/instruments/{instrument}/resumption", status_code=201, summary="Resume an instrument")
async def resume(
    region: Region, instrument: InstrumentId, body: Transition, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Resume a suspended instrument from a date on."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_resume_instrument(region, instrument, body))


@router.post("/instruments/{instrument}/revocation", status_code=201, summary="Revoke an instrument")
async def revoke(
    region: Region, instrument: InstrumentId, body: Transition, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Revoke an instrument from a date on."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_revoke_instrument(region, instrument, body))


@router.post("/holidays", status_code=201, summary="Declare days without duty")
async def declare(
    region: Region, body: HolidayDeclaration, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Add days without duty to the calendar of the region."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_declare_holidays(region, body))


@router.post("/opd", status_code=201, summary="Add an OPD to the register")
async def open_opd(region: Region, body: OpdOpening, submission: SubmissionDep, store: StoreDep[State]) -> Response:
    """Add an OPD to the register of the region."""
    authorize(submission.principal, Action.ENACT, Scope(region))
    return await execute(submission, store, bodies.to_open_opd(region, body))


@router.post("/opd/{opd}/units", status_code=201, summary="Arrange a unit")
async def arrange(
    region: Region, opd: Code, body: ArrangementBody, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    """Define what service a unit of an OPD must provide, from a date on."""
    authorize(submission.principal, Action.ARRANGE, Scope(region, opd))
    return await execute(submission, store, bodies.to_arrange_unit(region, opd, body))


@router.get("/opd/{opd}", summary="The effective policy of an OPD")
async def effective(
    region: Region, opd: Code, principal: PrincipalDep, store: StoreDep[State], response: Response
) -> PolicyChanged:
    """Return the last `PolicyChanged` of an OPD; the header `etag` holds the version of its stream."""
    authorize(principal, Action.READ_POLICY, Scope(region, opd))
    state, version = await store.state(f"policy/{region}/{opd}")
    response.headers["etag"] = f'"{version}"'
    opd_or_none = opd_state(state)
    return require_found(opd_or_none.policy if opd_or_none else None)


@router.get("/opd/{opd}/units/{unit}", summary="The arrangement of a unit")
async def arrangement(
    region: Region, opd: Code, unit: Code, principal: PrincipalDep, store: StoreDep[State], response: Response
) -> ArrangementChanged:
    """Return the last recorded arrangement of a unit; the header `etag` holds the version of its stream."""
    authorize(principal, Action.READ_POLICY, Scope(region, opd))
    state, version = await store.state(f"arrangement/{region}/{opd}/{unit}")
    response.headers["etag"] = f'"{version}"'
    return require_found(arrangement_state(state).last)
