"""Determines who belongs to which unit on a date and who is absent, by the facts recorded last. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from services.roster.domain.commands import PlanDays
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.roster import AbsenceDeclared, EmployeePlaced

Placements = Mapping[UUID, Sequence[EmployeePlaced]]
Absences = Mapping[UUID, Sequence[AbsenceDeclared]]


def unit_days(command: PlanDays, placements: Placements, absences: Absences) -> tuple[list[UnitDay], dict[date, int]]:
    """Return each unit on each date of a plan, and by date how many people of the whole OPD are present."""
    days: list[UnitDay] = []
    staff: dict[date, int] = {}
    for day in sorted(set(command.dates)):
        people = [p for recorded in placements.values() if (p := placement_on(recorded, day))]
        absent = {employee: kind for employee, recorded in absences.items() if (kind := absence_kind_on(recorded, day))}
        members = _group_by_unit(people)
        staff[day] = sum(p.employee not in absent for p in people)
        days += (
            UnitDay(day, command.arrangements[unit], command.policy, members.get(unit, ()), absent)
            for unit in sorted(set(command.planned_units()))
        )
    return days, staff


def placement_on(placements: Sequence[EmployeePlaced], day: date) -> EmployeePlaced | None:
    """Return the last recorded placement that includes a day."""
    return next((p for p in reversed(placements) if p.from_ <= day <= (p.to or day)), None)


def absence_kind_on(absences: Sequence[AbsenceDeclared], day: date) -> str | None:
    """Return the kind of absence on a day, or None. For each kind the last fact that includes the day counts."""
    last = {a.kind: a for a in absences if a.from_ <= day <= a.to}
    return next((kind for kind, a in sorted(last.items()) if not a.withdrawn), None)


def _group_by_unit(people: Iterable[EmployeePlaced]) -> dict[str, list[EmployeePlaced]]:
    members: dict[str, list[EmployeePlaced]] = defaultdict(list)
    for person in people:
        members[person.unit].append(person)
    return members
