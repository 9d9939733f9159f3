"""Who belongs to which unit on a date, and who is away, by what was recorded last. Pure."""

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
    """What a plan asks of each unit on each date, and how many people of the whole OPD are present by date."""
    days: list[UnitDay] = []
    staff: dict[date, int] = {}
    for day in sorted(set(command.dates)):
        people = [p for told in placements.values() if (p := holding(told, day))]
        away = {employee: kind for employee, told in absences.items() if (kind := absent(told, day))}
        members = _by_unit(people)
        staff[day] = sum(p.employee not in away for p in people)
        days += (
            UnitDay(day, command.arrangements[unit], command.policy, members.get(unit, ()), away)
            for unit in sorted(set(command.asked()))
        )
    return days, staff


def holding(placements: Sequence[EmployeePlaced], day: date) -> EmployeePlaced | None:
    """Of the placements that a day lies in, the one recorded last."""
    return next((p for p in reversed(placements) if p.from_ <= day <= (p.to or day)), None)


def absent(absences: Sequence[AbsenceDeclared], day: date) -> str | None:
    """The kind of an absence that stands on a day: of each kind, what was recorded last about that day."""
    last = {a.kind: a for a in absences if a.from_ <= day <= a.to}
    return next((kind for kind, a in sorted(last.items()) if not a.withdrawn), None)


def _by_unit(people: Iterable[EmployeePlaced]) -> dict[str, list[EmployeePlaced]]:
    members: dict[str, list[EmployeePlaced]] = defaultdict(list)
    for person in people:
        members[person.unit].append(person)
    return members
