# ruff: noqa: D103 - the docstring of an endpoint would become a part of the OpenAPI document; the summary is enough
"""Serves people and rosters over HTTP: `/roster/v1/{region}/opd/{opd}/…`.

Names leave the registry only through `list_people`, which records who reads them.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Response

from services.roster.domain import decider
from services.roster.domain.commands import (
    AbsenceRequest,
    PlanDays,
    PlanRequest,
    week_prefixes,
    week_stream,
)
from services.roster.domain.decider import State
from services.roster.http import plan_metrics
from services.roster.http.enrolment import Enrolment, Enrolments, reject_duplicate_nips
from services.roster.http.placing import place_people
from services.roster.storage import people as registry
from services.roster.storage.people import EnrolledPerson
from services.roster.storage.policy_projection import policy_view
from shared.domain.facts.base import Code, Day, Region
from shared.domain.facts.roster import RosterAssigned
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Action, Scope
from shared.web import Submission, authorize, require_found, submit
from shared.web.dependencies import ClockDep, DatabaseDep, PrincipalDep, StoreDep, SubmissionDep

router = APIRouter(prefix="/roster/v1/{region}/opd/{opd}")


@router.post("/people", status_code=201, summary="Place a person in a unit")
async def place(
    region: Region, opd: Code, body: Enrolment, submission: SubmissionDep, store: StoreDep[State], database: DatabaseDep
) -> Response:
    return await _place(store, database, submission, Scope(region, opd), {"": body})


@router.post("/people/batch", status_code=201, summary="Place up to 2,000 people, all or none")
async def place_together(
    region: Region,
    opd: Code,
    body: Enrolments,
    submission: SubmissionDep,
    store: StoreDep[State],
    database: DatabaseDep,
) -> Response:
    rows = {f"/people/{number}": person for number, person in enumerate(body.people)}
    return await _place(store, database, submission, Scope(region, opd), rows)


@router.get("/people", summary="The people of an OPD by name; each request is recorded", name="people")
async def list_people(
    region: Region, opd: Code, principal: PrincipalDep, database: DatabaseDep, now: ClockDep
) -> list[EnrolledPerson]:
    authorize(principal, Action.READ_ROSTER, Scope(region, opd))
    return await registry.read_people(database, region, opd, principal.subject, now())


@router.post("/absences", status_code=201, summary="Declare or withdraw leave or travel")
async def declare(
    region: Region, opd: Code, body: AbsenceRequest, submission: SubmissionDep, store: StoreDep[State]
) -> Response:
    authorize(submission.principal, Action.PLAN, Scope(region, opd))
    return await submit(submission, store, decider, body.to_command(region, opd))


@router.post("/plans", status_code=201, summary="Plan and publish days of all units together")
async def plan(
    region: Region,
    opd: Code,
    body: PlanRequest,
    submission: SubmissionDep,
    store: StoreDep[State],
    database: DatabaseDep,
) -> Response:
    return await _plan(store, database, submission, Scope(region, opd), body)


@router.post("/units/{unit}/days/{work_date}", status_code=201, summary="Plan and publish a unit's day")
async def assign(
    region: Region,
    opd: Code,
    unit: Code,
    work_date: Day,
    submission: SubmissionDep,
    store: StoreDep[State],
    database: DatabaseDep,
) -> Response:
    return await _plan(store, database, submission, Scope(region, opd), PlanRequest(dates=(work_date,), units=(unit,)))


@router.get("/units/{unit}/days/{work_date}", summary="The roster of a unit's day", name="assigned")
async def unit_roster(
    region: Region,
    opd: Code,
    unit: Code,
    work_date: Day,
    principal: PrincipalDep,
    store: StoreDep[State],
    response: Response,
) -> RosterAssigned:
    authorize(principal, Action.READ_ROSTER, Scope(region, opd))
    state, version = await store.state(week_stream(region, opd, unit, work_date))
    response.headers["etag"] = f'"{version}"'
    return require_found(state.rosters.get(work_date))


@router.get("/days/{work_date}", summary="The rosters of all units on a date", name="day")
async def rosters_of_date(
    region: Region, opd: Code, work_date: Day, principal: PrincipalDep, store: StoreDep[State]
) -> list[RosterAssigned]:
    authorize(principal, Action.READ_ROSTER, Scope(region, opd))
    (prefix,) = week_prefixes(region, opd, work_date)
    states = await store.states(prefix)
    return [states[unit].rosters[work_date] for unit in sorted(states) if work_date in states[unit].rosters]


async def _place(
    store: Store[State], database: Database, submission: Submission, scope: Scope, rows: Mapping[str, Enrolment]
) -> Response:
    authorize(submission.principal, Action.PLACE, scope)
    reject_duplicate_nips(rows)
    return await place_people(store, database, submission, scope.region, {scope.opd or "": rows})


async def _plan(
    store: Store[State], database: Database, submission: Submission, scope: Scope, request: PlanRequest
) -> Response:
    region, opd = scope.region, scope.opd or ""
    authorize(submission.principal, Action.PLAN, scope)
    view = await policy_view(database, region, opd)
    command = PlanDays(
        region=region,
        opd=opd,
        dates=request.dates,
        units=request.units,
        arrangements=view.arrangements,
        policy=view.policy,
        sequence=view.sequence,
    )
    return await submit(submission, store, decider if submission.dry_run else plan_metrics, command)
