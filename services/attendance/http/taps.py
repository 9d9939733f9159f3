"""A tap comes in over HTTP: the clock is read here, the employee is who the token says, and nothing is judged."""

from datetime import UTC
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from services.attendance.domain import decider
from services.attendance.domain.decider import ApplyOutage, Outage, Press, RecordTap, State
from shared.clock import Clock
from shared.domain.facts.base import Region
from shared.event_store.store import Store
from shared.identity import Action, Scope
from shared.web import Problem, Submission, require, submission, submit

Asked = Annotated[Submission, Depends(submission)]
Kind = Literal["checked-in", "checked-out", "post-taken"]
TAPS: dict[str, Kind] = {"check-ins": "checked-in", "check-outs": "checked-out", "post-takings": "post-taken"}


def router(store: Store[State], now: Clock) -> APIRouter:
    """`POST /attendance/v1/{region}/{check-ins|check-outs|post-takings|outages}`."""
    routes = APIRouter()

    @routes.post("/attendance/v1/{region}/outages", status_code=201, summary="Put an outage on record")
    async def outage(region: Region, body: Outage, asked: Asked) -> Response:
        require(asked.principal, Action.APPLY_OUTAGE, Scope(region))
        return await submit(asked, store, decider, ApplyOutage(region=region, **vars(body)))

    @routes.post("/attendance/v1/{region}/{tap}", status_code=201, summary="One press of the button")
    async def tap(
        region: Region, tap: Literal["check-ins", "check-outs", "post-takings"], press: Press, asked: Asked
    ) -> Response:
        command = command_of(TAPS[tap], region, press, asked, now)
        return await submit(asked, store, decider, command, decider.event_id(command))

    return routes


def command_of(kind: Kind, region: str, press: Press, asked: Submission, now: Clock) -> RecordTap:
    """The press of the person behind the token. Raises a 403 problem where the token is no employee of this region."""
    who = asked.principal
    require(who, Action.TAP, Scope(region, who.opd, who.unit, who.employee))
    if who.opd is None or who.employee is None:
        raise Problem("forbidden", action=Action.TAP.value, region=region)
    received_at = now()
    return RecordTap(
        kind=kind,
        region=region,
        opd=who.opd,
        employee=who.employee,
        occurred_at=(press.occurred_at or received_at).astimezone(UTC),
        received_at=received_at,
        press=press,
    )
