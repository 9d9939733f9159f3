"""Roster: people are placed in units, may be away, and work dates are assigned from what policy is known to ask."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar, assert_never
from uuid import UUID

from rpds import HashTrieMap

from services.roster.domain.commands import DeclareAbsence, PlacePeople, PlanDays, RosterCommand, placement, week, weeks
from services.roster.domain.planning import planner
from services.roster.domain.planning.staffing import unit_days
from shared.domain.decider import Context
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.roster import AbsenceDeclared, EmployeePlaced, Plan, PolicySeen, RosterAssigned

DAY = timedelta(days=1)

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class State:
    """One stream: an OPD's people and absences in order of recording, or the rosters of a unit's week."""

    people: "HashTrieMap[UUID, tuple[EmployeePlaced, ...]]" = field(default_factory=HashTrieMap)
    absences: "HashTrieMap[UUID, tuple[AbsenceDeclared, ...]]" = field(default_factory=HashTrieMap)
    rosters: Mapping[date, RosterAssigned] = field(default_factory=dict)


initial = State()


def stream(command: RosterCommand) -> str:
    """The primary stream of a command: to plan, that of the first unit and date."""
    match command:
        case PlacePeople() | DeclareAbsence():
            return placement(command.region, command.opd)
        case PlanDays():
            first = next(iter(command.asked()), "-")
            return week(command.region, command.opd, first, min(command.dates))
    assert_never(command)


def reads(command: RosterCommand) -> tuple[str, ...]:
    """What else a command must see: to plan, the OPD's people and its rosters of these weeks and the days around."""
    if not isinstance(command, PlanDays):
        return ()
    around = (day + step for day in command.dates for step in (-DAY, timedelta(), DAY))
    return (placement(command.region, command.opd), *weeks(command.region, command.opd, *around))


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes."""
    match fact:
        case EmployeePlaced():
            return replace(state, people=_added(state.people, fact.employee, fact))
        case AbsenceDeclared():
            return replace(state, absences=_added(state.absences, fact.employee, fact))
        case RosterAssigned():
            return replace(state, rosters={**state.rosters, fact.work_date: fact})
        case _:
            return state


def decide(command: RosterCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """The facts that a command makes; saying or planning the same again changes nothing. Raises `Invalid`."""
    del context
    match command:
        case PlacePeople():
            return _told(command, _place(command, states[stream(command)]))
        case DeclareAbsence():
            return _told(command, _declare(command, states[stream(command)]))
        case PlanDays():
            return _plan(command, states)
    assert_never(command)


def _added(known: "HashTrieMap[UUID, tuple[F, ...]]", employee: UUID, fact: F) -> "HashTrieMap[UUID, tuple[F, ...]]":
    return known.insert(employee, (*(known.get(employee) or ()), fact))


def _told(command: RosterCommand, facts: Sequence[Fact]) -> Mapping[str, Sequence[Fact]]:
    return {stream(command): facts} if facts else {}


def _reversed(at: str, first: date, last: date | None) -> Iterator[Invalid]:
    if last and last < first:
        yield Invalid(f"{at}/to", f"{last} mendahului {first}.", f"{last} lies before {first}.")


def _place(command: PlacePeople, state: State) -> list[Fact]:
    faults = [fault for at, p in command.people.items() for fault in _reversed(at, p.from_, p.to)]
    if faults:
        raise Invalid.together(faults)
    place = {"region": command.region, "opd": command.opd}
    facts = (EmployeePlaced.model_validate(p.model_dump(by_alias=True) | place) for p in command.people.values())
    return [fact for fact in facts if state.people.get(fact.employee, ())[-1:] != (fact,)]


def _declare(command: DeclareAbsence, state: State) -> list[Fact]:
    for fault in _reversed("", command.from_, command.to):
        raise fault
    if command.employee not in state.people:
        raise Invalid(
            "/employee",
            "Pegawai ini belum ditempatkan di OPD ini; tempatkan dahulu.",
            "This employee has not been placed in this OPD; place them first.",
        )
    fact = AbsenceDeclared.model_validate(command.model_dump(by_alias=True))
    return [] if state.absences.get(command.employee, ())[-1:] == (fact,) else [fact]


def _plan(command: PlanDays, states: Mapping[str, State]) -> Mapping[str, Sequence[Fact]]:
    _refuse_unseen(command)
    published = {(r.unit, day): r for state in states.values() for day, r in state.rosters.items()}
    people = states[placement(command.region, command.opd)]
    days, staff = unit_days(command, people.people, people.absences)
    facts: dict[str, list[Fact]] = defaultdict(list)
    for (unit, day), drawn in planner.plan(days, [published[key] for key in sorted(published)], staff).items():
        before = published.get((unit, day))
        fact = _roster(command, unit, day, drawn, before)
        if before is None or not _same(before, fact):
            facts[week(command.region, command.opd, unit, day)].append(fact)
    return facts


def _refuse_unseen(command: PlanDays) -> None:
    if not command.asked():
        raise Invalid(
            "/units",
            "Roster belum melihat pengaturan satu pun unit OPD ini; coba lagi sebentar, atau atur unitnya di Aturan.",
            "Roster has not seen an arrangement of any unit of this OPD yet; try again shortly, or arrange its units.",
        )
    for number, unit in enumerate(command.asked()):
        if unit not in command.arrangements:
            raise Invalid(
                f"/units/{number}",
                f"Roster belum melihat pengaturan unit {unit}; coba lagi sebentar, atau atur unitnya di Aturan.",
                f"Roster has not seen an arrangement of unit {unit} yet; try again shortly, or arrange the unit.",
            )


def _roster(
    command: PlanDays, unit: str, day: date, drawn: planner.Drawn, before: RosterAssigned | None
) -> RosterAssigned:
    short = sum(drawn.shortage.values())
    roster = RosterAssigned(
        region=command.region,
        opd=command.opd,
        unit=unit,
        work_date=day,
        roster_revision=before.roster_revision + 1 if before else 1,
        status="AMENDED" if before else "PUBLISHED",
        required=drawn.required,
        assignments=drawn.assignments,
        policy=PolicySeen(revision=command.policy.revision if command.policy else 0, sequence=command.sequence),
        plan=Plan(
            solver="flow", version="1", objective=short, bound=drawn.unfilled, proved_optimal=short == drawn.unfilled
        ),
        cause="PLANNED",
    )
    absent = before is not None and _away(before) != _away(roster)
    return roster.model_copy(update={"cause": "ABSENCE"}) if absent else roster


def _away(roster: RosterAssigned) -> set[UUID]:
    return {a.employee for a in roster.assignments if a.reason.code == "ABSENCE"}


def _same(before: RosterAssigned, after: RosterAssigned) -> bool:
    """Whether two rosters put everybody in the same place for the same reason."""
    kept = {"roster_revision": 1, "status": "", "policy": before.policy, "cause": ""}
    return before.model_copy(update=kept) == after.model_copy(update=kept)
