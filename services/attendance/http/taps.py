# ruff: noqa: D103 - the docstring of an endpoint would become a part of the OpenAPI document; the summary is enough
"""Serves taps and outages over HTTP: `POST /attendance/v1/{region}/{check-ins|check-outs|post-takings|outages}`.

Reads the clock and takes the employee from the token. The decider decides everything else.
"""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Response

from services.attendance.domain import decider
from services.attendance.domain.commands import OutageRequest, RecordTap, TapKind, TapRequest
from services.attendance.domain.decider import State
from services.attendance.domain.recorded_outages import RecordedOutage, recorded_outages
from shared.domain.facts.base import Region
from shared.identity import Action, Principal, Scope
from shared.web import Problem, authorize, submit
from shared.web.dependencies import ClockDep, PrincipalDep, StoreDep, SubmissionDep

KIND_OF_PATH: dict[str, TapKind] = {
    "check-ins": "checked-in",
    "check-outs": "checked-out",
    "post-takings": "post-taken",
}

router = APIRouter(prefix="/attendance/v1/{region}")


# Both routes match `/outages`, and the first one answers.
@router.post("/outages", status_code=201, summary="Record an outage", name="outage")
async def apply_outage(
    region: Region, body: OutageRequest, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    authorize(submission.principal, Action.APPLY_OUTAGE, Scope(region))
    return await submit(submission, store, decider, body.to_command(region))


@router.get("/outages", summary="The outages on record, the newest first", name="outages")
async def list_outages(region: Region, principal: PrincipalDep, store: StoreDep[State]) -> list[RecordedOutage]:
    authorize(principal, Action.OPERATE, Scope(region))
    states = await store.states(decider.outages_stream(region, ""))
    return recorded_outages(outage for state in states.values() for outage in state.outages)


@router.post("/{tap}", status_code=201, summary="Record a check-in, a check-out or a take-over", name="tap")
async def record_tap(
    region: Region,
    tap: Literal["check-ins", "check-outs", "post-takings"],
    body: TapRequest,
    submission: SubmissionDep,
    store: StoreDep[State],
    now: ClockDep,
) -> Response:
    command = tap_command(KIND_OF_PATH[tap], region, body, submission.principal, now())
    # The event id recognises a repeated tap also if the phone sends it with another Idempotency-Key.
    return await submit(submission, store, decider, command, decider.event_id(command))


def tap_command(
    kind: TapKind, region: str, request: TapRequest, principal: Principal, received_at: datetime
) -> RecordTap:
    """Return the command for a tap by the person of the token.

    Raises a 403 problem if the token is not that of an employee of this region.
    """
    authorize(principal, Action.TAP, Scope(region, principal.opd, principal.unit, principal.employee))
    if principal.opd is None or principal.employee is None:
        raise Problem("forbidden", action=Action.TAP.value, region=region)
    return RecordTap(
        kind=kind,
        region=region,
        opd=principal.opd,
        employee=principal.employee,
        occurred_at=(request.occurred_at or received_at).astimezone(UTC),
        received_at=received_at,
        request=request,
    )
