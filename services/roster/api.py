"""People and rosters over HTTP. Names come out of the registry only through `people`, which records who read."""

from functools import partial
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.roster import decider, registry
from services.roster.decider import AssignRoster, PlaceEmployee, Placement, State
from services.roster.projections import seen
from shared.clock import Clock
from shared.database import Database
from shared.facts.fact import Code, Day, Region
from shared.facts.roster import RosterAssigned
from shared.identity import Action, Principal, Scope, may
from shared.store import Store
from shared.web import Problem, Submission, found, principal, require, submission, submit

Asked = Annotated[Submission, Depends(submission)]
Who = Annotated[Principal, Depends(principal)]


class Enrolment(Placement):
    """A person with a name, for the registry, and a placement, for everybody."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
    nip: str = Field(pattern=r"^[0-9]{18}$")


def router(store: Store[State], database: Database, now: Clock) -> APIRouter:
    """`/roster/v1/{region}/opd/{opd}/…`."""
    routes = APIRouter(prefix="/roster/v1/{region}/opd/{opd}")
    _people(routes, store, database, now)
    _rosters(routes, store, database)
    return routes


def _people(routes: APIRouter, store: Store[State], database: Database, now: Clock) -> None:
    @routes.post("/people", status_code=201, summary="Place a person in a unit")
    async def place(region: Region, opd: Code, body: Enrolment, asked: Asked) -> Response:
        require(asked.principal, Action.PLACE, Scope(region, opd))
        employee = await registry.known(database, region, body.nip) or new_employee()
        placement = {k: v for k, v in vars(body).items() if k not in {"name", "nip"}}
        command = PlaceEmployee(region=region, opd=opd, employee=employee, **placement)
        person = registry.Person(employee=employee, name=body.name, nip=body.nip)
        enrol = partial(registry.enrol, person, region, opd, partial(_may_leave, asked.principal, region))
        return await submit(asked, store, decider, command, beside=enrol)

    @routes.get("/people", summary="The people of an OPD by name; the reading is recorded")
    async def people(region: Region, opd: Code, who: Who) -> list[registry.Person]:
        require(who, Action.READ_ROSTER, Scope(region, opd))
        return await registry.people(database, region, opd, who.subject, now())


def _rosters(routes: APIRouter, store: Store[State], database: Database) -> None:
    @routes.post("/units/{unit}/days/{work_date}", status_code=201, summary="Plan and publish a unit's day")
    async def assign(region: Region, opd: Code, unit: Code, work_date: Day, asked: Asked) -> Response:
        require(asked.principal, Action.PLAN, Scope(region, opd))
        known = await seen(database, region, opd, unit)
        return await submit(
            asked,
            store,
            decider,
            AssignRoster(region=region, opd=opd, unit=unit, work_date=work_date, **known._asdict()),
        )

    @routes.get("/units/{unit}/days/{work_date}", summary="The roster of a unit's day")
    async def assigned(
        region: Region, opd: Code, unit: Code, work_date: Day, who: Who, response: Response
    ) -> RosterAssigned:
        require(who, Action.READ_ROSTER, Scope(region, opd))
        state, version = await store.state(decider.week(region, opd, unit, work_date))
        response.headers["etag"] = f'"{version}"'
        return found(state.rosters.get(work_date))


def _may_leave(who: Principal, region: str, opd: str) -> None:
    """Whoever takes a person over must be in charge where they are now, too; a 403 does not tell where that is."""
    if not may(who, Action.PLACE, Scope(region, opd)):
        raise Problem("forbidden", action=Action.PLACE.value, region=region)


def new_employee() -> UUID:
    """A random id: nothing about the person can be read from it."""
    return uuid4()
