"""Roster: people are placed in units, and a unit's day is assigned from what policy is known to ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never
from uuid import UUID

from pydantic import Field

from services.roster import planner
from shared.command import Context
from shared.facts.fact import Code, Command, Day, Fact, Invalid, Region
from shared.facts.policy import ArrangementChanged, PolicyChanged
from shared.facts.roster import EmployeePlaced, Plan, PolicySeen, RosterAssigned


class Placement(Command):
    """Where an employee belongs, and what they can do."""

    unit: Code
    position_class: str = Field("PELAKSANA", pattern=r"^[A-Z_]{2,40}$")
    job_type: str = Field("UMUM", pattern=r"^[A-Z0-9_]{2,40}$")
    status: Literal["PNS", "PPPK"] = "PNS"
    skills: tuple[Code, ...] = Field((), max_length=20)
    from_: Day = Field(alias="from")
    to: Day | None = None


class PlaceEmployee(Placement):
    """Place an employee, known here by a random id, in a unit."""

    region: Region
    opd: Code
    employee: UUID


class AssignRoster(Command):
    """Plan and publish one unit's work date, by the arrangement and policy that roster has seen."""

    region: Region
    opd: Code
    unit: Code
    work_date: Day
    arrangement: ArrangementChanged | None
    policy: PolicyChanged | None
    sequence: int


RosterCommand = PlaceEmployee | AssignRoster


@dataclass(frozen=True, slots=True)
class State:
    """One stream: the placements of an OPD's people, in order of recording, or the rosters of a unit's week."""

    people: Mapping[UUID, tuple[EmployeePlaced, ...]] = field(default_factory=dict)
    rosters: Mapping[date, RosterAssigned] = field(default_factory=dict)


initial = State()


def placement(region: str, opd: str) -> str:
    """The stream of an OPD's people."""
    return f"placement/{region}/{opd}"


def week(region: str, opd: str, unit: str, day: date) -> str:
    """The stream of a unit's rosters in the ISO week of a day."""
    year, number, _ = day.isocalendar()
    return f"roster/{region}/{opd}/{year}-W{number:02d}/{unit}"


def stream(command: RosterCommand) -> str:
    """The primary stream of a command."""
    match command:
        case PlaceEmployee():
            return placement(command.region, command.opd)
        case AssignRoster():
            return week(command.region, command.opd, command.unit, command.work_date)
    assert_never(command)


def reads(command: RosterCommand) -> tuple[str, ...]:
    """What else a command must see: to plan a unit, the people of its OPD."""
    return (placement(command.region, command.opd),) if isinstance(command, AssignRoster) else ()


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes."""
    match fact:
        case EmployeePlaced():
            placements = (*state.people.get(fact.employee, ()), fact)
            return replace(state, people={**state.people, fact.employee: placements})
        case RosterAssigned():
            return replace(state, rosters={**state.rosters, fact.work_date: fact})
        case _:
            return state


def decide(command: RosterCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """The facts that a command makes; placing or planning the same again changes nothing. Raises `Invalid`."""
    del context
    match command:
        case PlaceEmployee():
            return _place(command, states[stream(command)])
        case AssignRoster():
            return _assign(command, states[stream(command)], states[placement(command.region, command.opd)])
    assert_never(command)


def _place(command: PlaceEmployee, state: State) -> Mapping[str, Sequence[Fact]]:
    if command.to and command.to < command.from_:
        raise Invalid("/to", f"{command.to} mendahului {command.from_}.", f"{command.to} lies before {command.from_}.")
    fact = EmployeePlaced.model_validate(command.model_dump(by_alias=True))
    return {} if state.people.get(command.employee, ())[-1:] == (fact,) else {stream(command): [fact]}


def _assign(command: AssignRoster, rosters: State, people: State) -> Mapping[str, Sequence[Fact]]:
    if command.arrangement is None:
        raise Invalid(
            "/unit",
            f"Roster belum melihat pengaturan unit {command.unit}; coba lagi sebentar, atau atur unitnya di Aturan.",
            f"Roster has not seen an arrangement of unit {command.unit} yet; try again shortly, or arrange the unit.",
        )
    before = rosters.rosters.get(command.work_date)
    fact = _draw(command, command.arrangement, before, _members(people, command))
    unchanged = before and fact == before.model_copy(
        update={"roster_revision": fact.roster_revision, "status": fact.status, "policy": fact.policy}
    )
    return {} if unchanged else {stream(command): [fact]}


def _members(people: State, command: AssignRoster) -> list[EmployeePlaced]:
    holding = (_holding(placements, command.work_date) for placements in people.people.values())
    return [p for p in holding if p and p.unit == command.unit]


def _holding(placements: Sequence[EmployeePlaced], day: date) -> EmployeePlaced | None:
    """Of the placements that a day lies in, the one recorded last."""
    return next((p for p in reversed(placements) if p.from_ <= day <= (p.to or day)), None)


def _draw(
    command: AssignRoster, arrangement: ArrangementChanged, before: RosterAssigned | None, people: list[EmployeePlaced]
) -> RosterAssigned:
    drawn = planner.plan(planner.Day(command.work_date, arrangement, command.policy, people))
    return RosterAssigned(
        region=command.region,
        opd=command.opd,
        unit=command.unit,
        work_date=command.work_date,
        roster_revision=before.roster_revision + 1 if before else 1,
        status="AMENDED" if before else "PUBLISHED",
        required=drawn.required,
        assignments=drawn.assignments,
        policy=PolicySeen(revision=command.policy.revision if command.policy else 0, sequence=command.sequence),
        plan=Plan(solver="weekday", version="1", objective=sum(drawn.shortage.values())),
        cause="PLANNED",
    )
