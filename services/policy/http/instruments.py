"""Instruments, the calendar, the register of OPD and the arrangement of units, over HTTP."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.policy.domain import decider
from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    Arrangement,
    ArrangeUnit,
    DaysGranted,
    Declaration,
    DeclareHolidays,
    DeclineRecommendation,
    Drafting,
    DraftInstrument,
    EnactInstrument,
    Enactment,
    Opening,
    OpenOpd,
    PolicyCommand,
    Refusal,
    ResumeInstrument,
    RevokeInstrument,
    Schedule,
    ScheduleInstrument,
    SuspendInstrument,
    Turn,
)
from services.policy.domain.decider import State
from services.policy.http.queries import previewing
from shared.domain.facts.base import Code, Invalid, Region
from shared.domain.facts.policy import ArrangementChanged, Id, PolicyChanged
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope
from shared.web import Submission, found, principal, require, submission, submit
from shared.web.strict_body import closed

Asked = Annotated[Submission, Depends(submission)]
Who = Annotated[Principal, Depends(principal)]
Turned = SuspendInstrument | ResumeInstrument | RevokeInstrument
TURNS: Mapping[str, tuple[str, type[Turned]]] = {
    "suspension": ("Suspend an instrument", SuspendInstrument),
    "resumption": ("Resume an instrument", ResumeInstrument),
    "revocation": ("Revoke an instrument", RevokeInstrument),
}


def router(store: Store[State]) -> APIRouter:
    """`/policy/v1/{region}/…`."""
    routes = APIRouter(prefix="/policy/v1/{region}")
    _instruments(routes, store)
    for path, (summary, turned) in TURNS.items():
        _turns(routes, store, path, summary, turned)
    _register(routes, store)
    _reads(routes, store)
    return routes


def _instruments(routes: APIRouter, store: Store[State]) -> None:
    @routes.post("/instruments", status_code=201, summary="Enact an instrument")
    async def enact(region: Region, body: Annotated[Enactment, Depends(closed(Enactment))], asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, EnactInstrument(region=region, **fields(body)))

    @routes.post("/drafts", status_code=201, summary="Put a draft or a study on the table")
    async def draft(region: Region, body: Annotated[Drafting, Depends(closed(Drafting))], asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, DraftInstrument(region=region, **fields(body)))

    @routes.post("/instruments/{instrument}/amendment", status_code=201, summary="Amend an instrument")
    async def amend(
        region: Region, instrument: Id, body: Annotated[Enactment, Depends(closed(Enactment))], asked: Asked
    ) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        same_name(instrument, body)
        return await tell(asked, store, AmendInstrument(region=region, **fields(body)))

    @routes.post("/instruments/{instrument}/schedule", status_code=201, summary="Bring into force")
    async def schedule(region: Region, instrument: Id, body: Schedule, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        command = ScheduleInstrument(region=region, instrument=instrument, **fields(body))
        return await tell(asked, store, command)

    @routes.post("/instruments/{instrument}/days", status_code=201, summary="Approve the optional days of an OPD")
    async def approve(region: Region, instrument: Id, body: DaysGranted, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        command = ApproveDays(region=region, instrument=instrument, **fields(body))
        return await tell(asked, store, command)

    @routes.post("/recommendations/refusal", status_code=201, summary="Decline a recommendation")
    async def decline(region: Region, body: Refusal, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, DeclineRecommendation(region=region, **fields(body)))


def _turns(routes: APIRouter, store: Store[State], path: str, summary: str, turned: type[Turned]) -> None:
    @routes.post(f"/instruments/{{instrument}}/{path}", status_code=201, summary=summary)
    async def turn(region: Region, instrument: Id, body: Turn, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, turned(region=region, instrument=instrument, **fields(body)))


def _register(routes: APIRouter, store: Store[State]) -> None:
    @routes.post("/holidays", status_code=201, summary="Declare days without duty")
    async def declare(region: Region, body: Declaration, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, DeclareHolidays(region=region, **fields(body)))

    @routes.post("/opd", status_code=201, summary="Enter an OPD into the register")
    async def open_opd(region: Region, body: Opening, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await tell(asked, store, OpenOpd(region=region, **fields(body)))

    @routes.post("/opd/{opd}/units", status_code=201, summary="Arrange a unit")
    async def arrange(
        region: Region, opd: Code, body: Annotated[Arrangement, Depends(closed(Arrangement))], asked: Asked
    ) -> Response:
        require(asked.principal, Action.ARRANGE, Scope(region, opd))
        return await tell(asked, store, ArrangeUnit(region=region, opd=opd, **fields(body)))


def _reads(routes: APIRouter, store: Store[State]) -> None:
    @routes.get("/opd/{opd}", summary="The effective policy of an OPD")
    async def effective(region: Region, opd: Code, who: Who, response: Response) -> PolicyChanged:
        require(who, Action.READ_POLICY, Scope(region, opd))
        state, version = await store.state(f"policy/{region}/{opd}")
        response.headers["etag"] = f'"{version}"'
        return found(state.policy)

    @routes.get("/opd/{opd}/units/{unit}", summary="The arrangement of a unit")
    async def arranged(region: Region, opd: Code, unit: Code, who: Who, response: Response) -> ArrangementChanged:
        require(who, Action.READ_POLICY, Scope(region, opd))
        state, version = await store.state(f"arrangement/{region}/{opd}/{unit}")
        response.headers["etag"] = f'"{version}"'
        return found(state.arrangement)


async def tell(asked: Submission, store: Store[State], command: PolicyCommand) -> Response:
    """Decide and answer; a dry run tells every OPD-day that would change."""
    return await submit(asked, store, decider, command, previewed=previewing(store))


def fields(body: object) -> Mapping[str, object]:
    """The fields of a body as they were validated."""
    return dict(vars(body))


def same_name(instrument: str, body: Enactment) -> None:
    """Raise `Invalid` unless an amendment is of the instrument that its address names."""
    if body.instrument.instrument != instrument:
        raise Invalid(
            "/instrument/instrument",
            f"Alamat menyebut {instrument}, isinya {body.instrument.instrument}.",
            f"The address names {instrument}, the body {body.instrument.instrument}.",
        )
