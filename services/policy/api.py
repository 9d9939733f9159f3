"""Instruments, the calendar, the register of OPD and the arrangement of units, over HTTP."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.policy import decider
from services.policy.commands import (
    Arrangement,
    ArrangeUnit,
    Declaration,
    DeclareHolidays,
    EnactInstrument,
    Enactment,
    Opening,
    OpenOpd,
    Revocation,
    RevokeInstrument,
)
from services.policy.decider import State
from shared.facts.fact import Code, Region
from shared.facts.policy import ArrangementChanged, PolicyChanged
from shared.identity import Action, Principal, Scope
from shared.store import Store
from shared.web import Submission, found, principal, require, submission, submit
from shared.web.body import closed

Asked = Annotated[Submission, Depends(submission)]
Who = Annotated[Principal, Depends(principal)]


def router(store: Store[State]) -> APIRouter:
    """`/policy/v1/{region}/…`."""
    routes = APIRouter(prefix="/policy/v1/{region}")
    _decisions(routes, store)
    _reads(routes, store)
    return routes


def _decisions(routes: APIRouter, store: Store[State]) -> None:
    @routes.post("/instruments", status_code=201, summary="Enact an instrument")
    async def enact(region: Region, body: Annotated[Enactment, Depends(closed(Enactment))], asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await submit(asked, store, decider, EnactInstrument(region=region, **fields(body)))

    @routes.post("/instruments/{instrument}/revocation", status_code=201, summary="Revoke an instrument")
    async def revoke(region: Region, instrument: str, body: Revocation, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await submit(
            asked, store, decider, RevokeInstrument(region=region, instrument=instrument, **fields(body))
        )

    @routes.post("/holidays", status_code=201, summary="Declare days without duty")
    async def declare(region: Region, body: Declaration, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await submit(asked, store, decider, DeclareHolidays(region=region, **fields(body)))

    @routes.post("/opd", status_code=201, summary="Enter an OPD into the register")
    async def open_opd(region: Region, body: Opening, asked: Asked) -> Response:
        require(asked.principal, Action.ENACT, Scope(region))
        return await submit(asked, store, decider, OpenOpd(region=region, **fields(body)))

    @routes.post("/opd/{opd}/units", status_code=201, summary="Arrange a unit")
    async def arrange(
        region: Region, opd: Code, body: Annotated[Arrangement, Depends(closed(Arrangement))], asked: Asked
    ) -> Response:
        require(asked.principal, Action.ARRANGE, Scope(region, opd))
        return await submit(asked, store, decider, ArrangeUnit(region=region, opd=opd, **fields(body)))


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


def fields(body: object) -> Mapping[str, object]:
    """The fields of a body as they were validated."""
    return dict(vars(body))
