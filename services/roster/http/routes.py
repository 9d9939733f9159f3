"""People and rosters over HTTP. Names come out of the registry only through `people`, which records who read."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.roster.domain import commands, decider
from services.roster.domain.commands import Absence, Days, DeclareAbsence, Placed, Placement, PlacePeople, PlanDays
from services.roster.domain.decider import State
from services.roster.storage import people as registry
from services.roster.storage.policy_projection import seen
from shared.clock import Clock
from shared.domain.facts.base import Code, Command, Day, Invalid, Region
from shared.domain.facts.roster import RosterAssigned
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope, may
from shared.web import Problem, Submission, found, principal, require, submission, submit

Asked = Annotated[Submission, Depends(submission)]
Who = Annotated[Principal, Depends(principal)]


class Enrolment(Placement):
    """A person with a name, for the registry, and a placement, for everybody."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
    nip: str = Field(pattern=r"^[0-9]{18}$")


class Enrolments(Command):
    """People who are placed together."""

    people: tuple[Enrolment, ...] = Field(min_length=1, max_length=2000)


def router(store: Store[State], database: Database, now: Clock) -> APIRouter:
    """`/roster/v1/{region}/opd/{opd}/…`."""
    routes = APIRouter(prefix="/roster/v1/{region}/opd/{opd}")
    _people(routes, store, database, now)
    _absences(routes, store)
    _plans(routes, store, database)
    _rosters(routes, store)
    return routes


def _people(routes: APIRouter, store: Store[State], database: Database, now: Clock) -> None:
    @routes.post("/people", status_code=201, summary="Place a person in a unit")
    async def place(region: Region, opd: Code, body: Enrolment, asked: Asked) -> Response:
        return await _place(store, database, asked, Scope(region, opd), {"": body})

    @routes.post("/people/batch", status_code=201, summary="Place up to 2,000 people, all or none")
    async def place_together(region: Region, opd: Code, body: Enrolments, asked: Asked) -> Response:
        rows = {f"/people/{number}": person for number, person in enumerate(body.people)}
        return await _place(store, database, asked, Scope(region, opd), rows)

    @routes.get("/people", summary="The people of an OPD by name; the reading is recorded")
    async def people(region: Region, opd: Code, who: Who) -> list[registry.Person]:
        require(who, Action.READ_ROSTER, Scope(region, opd))
        return await registry.people(database, region, opd, who.subject, now())


async def _place(
    store: Store[State], database: Database, asked: Submission, where: Scope, rows: Mapping[str, Enrolment]
) -> Response:
    region, opd = where.region, where.opd or ""
    require(asked.principal, Action.PLACE, where)
    once(rows)
    known = await registry.known(database, region, [row.nip for row in rows.values()])
    ids = {row.nip: known.get(row.nip) or uuid4() for row in rows.values()}  # random: nothing can be read from it
    placements = {at: Placed(employee=ids[row.nip], **_placement(row)) for at, row in rows.items()}
    people = [registry.Person(employee=ids[row.nip], name=row.name, nip=row.nip) for row in rows.values()]
    enrol = partial(registry.enrol, people, region, opd, partial(_may_leave, asked.principal, region))
    return await submit(asked, store, decider, PlacePeople(region=region, opd=opd, people=placements), beside=enrol)


def once(rows: Mapping[str, Enrolment]) -> None:
    """Raise `Invalid` for every NIP that stands in a row before."""
    first: dict[str, str] = {}
    again = [
        Invalid(f"{at}/nip", f"NIP ini sudah ada di {first[row.nip]}.", f"This NIP stands in {first[row.nip]} already.")
        for at, row in rows.items()
        if first.setdefault(row.nip, at) != at
    ]
    if again:
        raise Invalid.together(again)


def _placement(row: Enrolment) -> Mapping[str, object]:
    return {name: value for name, value in vars(row).items() if name in Placement.model_fields}


def _may_leave(who: Principal, region: str, opd: str) -> None:
    """Whoever takes a person over must be in charge where they are now, too; a 403 does not tell where that is."""
    if not may(who, Action.PLACE, Scope(region, opd)):
        raise Problem("forbidden", action=Action.PLACE.value, region=region)


def _absences(routes: APIRouter, store: Store[State]) -> None:
    @routes.post("/absences", status_code=201, summary="Declare or withdraw leave or travel")
    async def declare(region: Region, opd: Code, body: Absence, asked: Asked) -> Response:
        require(asked.principal, Action.PLAN, Scope(region, opd))
        return await submit(asked, store, decider, DeclareAbsence(region=region, opd=opd, **vars(body)))


def _plans(routes: APIRouter, store: Store[State], database: Database) -> None:
    @routes.post("/plans", status_code=201, summary="Plan and publish days of all units together")
    async def plan(region: Region, opd: Code, body: Days, asked: Asked) -> Response:
        return await _plan(store, database, asked, Scope(region, opd), body)

    @routes.post("/units/{unit}/days/{work_date}", status_code=201, summary="Plan and publish a unit's day")
    async def assign(region: Region, opd: Code, unit: Code, work_date: Day, asked: Asked) -> Response:
        return await _plan(store, database, asked, Scope(region, opd), Days(dates=(work_date,), units=(unit,)))


async def _plan(store: Store[State], database: Database, asked: Submission, where: Scope, days: Days) -> Response:
    region, opd = where.region, where.opd or ""
    require(asked.principal, Action.PLAN, where)
    known = await seen(database, region, opd)
    return await submit(asked, store, decider, PlanDays(region=region, opd=opd, **vars(days), **known._asdict()))


def _rosters(routes: APIRouter, store: Store[State]) -> None:
    @routes.get("/units/{unit}/days/{work_date}", summary="The roster of a unit's day")
    async def assigned(
        region: Region, opd: Code, unit: Code, work_date: Day, who: Who, response: Response
    ) -> RosterAssigned:
        require(who, Action.READ_ROSTER, Scope(region, opd))
        state, version = await store.state(commands.week(region, opd, unit, work_date))
        response.headers["etag"] = f'"{version}"'
        return found(state.rosters.get(work_date))

    @routes.get("/days/{work_date}", summary="The rosters of all units on a date")
    async def day(region: Region, opd: Code, work_date: Day, who: Who) -> list[RosterAssigned]:
        require(who, Action.READ_ROSTER, Scope(region, opd))
        (week,) = commands.weeks(region, opd, work_date)
        units = await store.states(week)
        return [units[unit].rosters[work_date] for unit in sorted(units) if work_date in units[unit].rosters]
