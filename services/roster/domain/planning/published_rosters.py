"""The published rosters around a plan: what stands and counts, and what stood where the plan is drawn anew. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.roster.domain.planning.unit_day import Turn, UnitDay
from shared.domain.facts.roster import Assignment, RosterAssigned

HOME = frozenset({"WFH", "WFA"})

Shifts = Mapping[UUID, Assignment]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who was assigned what. A person who is planned anew on a date stands nowhere else on it."""

    before: Mapping[date, Shifts]
    """By date: the people planned anew, as they were published."""
    home: Mapping[date, frozenset[UUID]]
    """By date: who stays published at home."""
    turns: Mapping[date, Mapping[UUID, Turn]]
    """By date: the posts that stay published."""

    def days_at_home(self, employee: UUID, week: tuple[int, int]) -> int:
        """How many days of an ISO week somebody stays published at home."""
        return sum(employee in there for day, there in self.home.items() if day.isocalendar()[:2] == week)


def standing(days: Sequence[UnitDay], published: Iterable[RosterAssigned]) -> Standing:
    """Tell what stays from what is planned anew; withdrawn rosters count for nothing."""
    planned: dict[date, set[UUID]] = defaultdict(set)
    for day in days:
        planned[day.work_date] |= {p.employee for p in day.people}
    anew = {(day.unit, day.work_date) for day in days}
    before: dict[date, dict[UUID, Assignment]] = defaultdict(dict)
    stays: dict[date, dict[UUID, Assignment]] = defaultdict(dict)
    for roster in (r for r in published if r.status != "WITHDRAWN"):
        date_ = roster.work_date
        shifts = {a.employee: a for a in roster.assignments}
        if (roster.unit, date_) in anew:
            before[date_] |= shifts
        else:
            stays[date_] |= {e: a for e, a in shifts.items() if e not in planned[date_]}
    return Standing(before, _home(stays), {date_: turns(shifts.values()) for date_, shifts in stays.items()})


def turns(shifts: Iterable[Assignment]) -> dict[UUID, Turn]:
    """The posts that people were given."""
    return {a.employee: Turn(a.post, a.from_minute, a.to_minute) for a in shifts if a.post}


def _home(stays: Mapping[date, Shifts]) -> dict[date, frozenset[UUID]]:
    return {day: frozenset(e for e, a in shifts.items() if a.mode in HOME) for day, shifts in stays.items()}
