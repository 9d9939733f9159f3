"""Decides the commands of roster: places people in units, declares absences, plans work dates by the known policy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar, assert_never
from uuid import UUID

from rpds import HashTrieMap

from services.roster.domain.commands import (
    DeclareAbsence,
    PlaceInSeveralOpd,
    PlacePeople,
    PlanDays,
    RosterCommand,
    placement_stream,
    week_prefixes,
    week_stream,
)
from services.roster.domain.placement import date_order_errors, new_placements, placement_errors
from services.roster.domain.planning import planner
from services.roster.domain.planning.staffing import unit_days
from shared.domain.decider import Context
from shared.domain.errors import Invalid, raise_if_any
from shared.domain.facts.base import Fact
from shared.domain.facts.roster import AbsenceDeclared, EmployeePlaced, Plan, PolicySeen, PresentStaff, RosterAssigned
from shared.domain.messages import Message

ONE_DAY = timedelta(days=1)

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class State:
    """The state of one stream: placements and absences of an OPD in recorded order, or a unit's rosters of a week."""

    # Persistent maps: copying a dict at each of 12,000 placements would be quadratic.
    people: "HashTrieMap[UUID, tuple[EmployeePlaced, ...]]" = field(default_factory=HashTrieMap)
    absences: "HashTrieMap[UUID, tuple[AbsenceDeclared, ...]]" = field(default_factory=HashTrieMap)
    rosters: Mapping[date, RosterAssigned] = field(default_factory=dict)


initial = State()


def stream(command: RosterCommand) -> str:
    """Return the primary stream of a command; for a plan that of the first unit and the first date."""
    match command:
        case PlacePeople() | DeclareAbsence():
            return placement_stream(command.region, command.opd)
        case PlaceInSeveralOpd():
            return stream(command.opds[0])
        case PlanDays():
            # A plan without units is refused by `decide`, but needs a valid stream name to get there.
            first = next(iter(command.planned_units()), "-")
            return week_stream(command.region, command.opd, first, min(command.dates))
    assert_never(command)


def reads(command: RosterCommand) -> tuple[str, ...]:
    """Return the further streams that a decision reads.

    A plan reads the OPD's people, and all its rosters of the planned weeks and of the weeks of the adjacent days: the
    night before and the morning after a planned day limit who can work on it.
    """
    if isinstance(command, PlaceInSeveralOpd):
        return tuple(map(stream, command.opds[1:]))
    if not isinstance(command, PlanDays):
        return ()
    around = (day + step for day in command.dates for step in (-ONE_DAY, timedelta(), ONE_DAY))
    return (placement_stream(command.region, command.opd), *week_prefixes(command.region, command.opd, *around))


def evolve(state: State, fact: Fact) -> State:
    """Return the state after a fact; unknown facts change nothing."""
    match fact:
        case EmployeePlaced():
            return replace(state, people=_with_fact(state.people, fact.employee, fact))
        case AbsenceDeclared():
            return replace(state, absences=_with_fact(state.absences, fact.employee, fact))
        case RosterAssigned():
            return replace(state, rosters={**state.rosters, fact.work_date: fact})  # at most seven
        case _:
            return state


def decide(command: RosterCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """Return the facts of a command by stream; none if the command would repeat what is recorded.

    Raises `Invalid` for a command that has no valid meaning.
    """
    del context
    match command:
        case PlacePeople():
            return _decide_placements([command], states)
        case PlaceInSeveralOpd():
            return _decide_placements(command.opds, states)
        case DeclareAbsence():
            return _on_primary_stream(command, _decide_absence(command, states[stream(command)]))
        case PlanDays():
            return _decide_rosters(command, states)
    assert_never(command)


def _with_fact(
    facts: "HashTrieMap[UUID, tuple[F, ...]]", employee: UUID, fact: F
) -> "HashTrieMap[UUID, tuple[F, ...]]":
    return facts.insert(employee, (*(facts.get(employee) or ()), fact))


def _decide_placements(parts: Sequence[PlacePeople], states: Mapping[str, State]) -> Mapping[str, Sequence[Fact]]:
    raise_if_any(error for part in parts for error in placement_errors(part))
    decided = {stream(part): new_placements(part, states[stream(part)].people) for part in parts}
    return {name: facts for name, facts in decided.items() if facts}


def _on_primary_stream(command: RosterCommand, facts: Sequence[Fact]) -> Mapping[str, Sequence[Fact]]:
    return {stream(command): facts} if facts else {}


def _decide_absence(command: DeclareAbsence, state: State) -> list[Fact]:
    raise_if_any(date_order_errors("", command.from_, command.to))
    if command.employee not in state.people:
        raise Invalid("/employee", Message("Pegawai ini belum ditempatkan di OPD ini; tempatkan dahulu."))
    fact = AbsenceDeclared.model_validate(command.model_dump(by_alias=True))
    return [] if state.absences.get(command.employee, ())[-1:] == (fact,) else [fact]


def _decide_rosters(command: PlanDays, states: Mapping[str, State]) -> Mapping[str, Sequence[Fact]]:
    _require_arrangements(command)
    published = {(r.unit, day): r for state in states.values() for day, r in state.rosters.items()}
    people = states[placement_stream(command.region, command.opd)]
    days, staff = unit_days(command, people.people, people.absences)
    of_units = {(d.unit, d.work_date): len(d.present) for d in days}
    facts: dict[str, list[Fact]] = defaultdict(list)
    # Sorted, so that the same command always gives the same plan, in whatever order the streams were loaded.
    for (unit, day), day_plan in planner.plan(days, [published[key] for key in sorted(published)], staff).items():
        before = published.get((unit, day))
        fact = _roster_assigned(command, unit, day, day_plan, before)
        fact = fact.model_copy(update={"present": PresentStaff(unit=of_units[unit, day], opd=staff[day])})
        if before is None or not _has_same_content(before, fact):
            facts[week_stream(command.region, command.opd, unit, day)].append(fact)
    return facts


def _require_arrangements(command: PlanDays) -> None:
    if not command.planned_units():
        raise Invalid(
            "/units",
            Message(
                "Roster belum melihat pengaturan satu pun unit OPD ini; coba lagi sebentar, atau atur unitnya "
                "di Aturan."
            ),
        )
    for number, unit in enumerate(command.planned_units()):
        if unit not in command.arrangements:
            raise Invalid(
                f"/units/{number}",
                Message(
                    "Roster belum melihat pengaturan unit {unit}; coba lagi sebentar, atau atur unitnya di Aturan.",
                    unit=unit,
                ),
            )


def _roster_assigned(
    command: PlanDays, unit: str, day: date, day_plan: planner.DayPlan, before: RosterAssigned | None
) -> RosterAssigned:
    short, bound = sum(day_plan.shortage.values()), day_plan.unfilled
    roster = RosterAssigned(
        region=command.region,
        opd=command.opd,
        unit=unit,
        work_date=day,
        roster_revision=before.roster_revision + 1 if before else 1,
        status="AMENDED" if before else "PUBLISHED",
        required=day_plan.required,
        assignments=day_plan.assignments,
        policy=PolicySeen(revision=command.policy.revision if command.policy else 0, sequence=command.sequence),
        plan=Plan(solver="flow", version="1", objective=short, bound=bound, proved_optimal=short == bound),
        cause="PLANNED",
    )
    absences_differ = before is not None and _absent_employees(before) != _absent_employees(roster)
    return roster.model_copy(update={"cause": "ABSENCE"}) if absences_differ else roster


def _absent_employees(roster: RosterAssigned) -> set[UUID]:
    return {a.employee for a in roster.assignments if a.reason.code == "ABSENCE"}


def _has_same_content(before: RosterAssigned, after: RosterAssigned) -> bool:
    """Return whether two rosters differ at most in revision, status, cause, policy used and people present."""
    ignored = {"roster_revision": 1, "status": "", "policy": before.policy, "present": None, "cause": ""}
    return before.model_copy(update=ignored) == after.model_copy(update=ignored)
