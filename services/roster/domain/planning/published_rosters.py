"""Separates the published rosters around a plan into those that the plan replaces and those that remain. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.roster.domain.planning.unit_day import PostShift, UnitDay
from shared.domain.facts.roster import Assignment, RosterAssigned

HOME_MODES = frozenset({"WFH", "WFA"})

AssignmentsByEmployee = Mapping[UUID, Assignment]


@dataclass(frozen=True, slots=True)
class PublishedRosters:
    """The published assignments by date. A person who is planned on a date is left out of those that remain."""

    replaced: Mapping[date, AssignmentsByEmployee]
    """By date: the published assignments of rosters that the plan replaces."""
    at_home: Mapping[date, frozenset[UUID]]
    """By date: people who work from home by a roster that remains."""
    post_shifts: Mapping[date, Mapping[UUID, PostShift]]
    """By date: shifts at posts in rosters that remain."""

    def days_at_home(self, employee: UUID, week: tuple[int, int]) -> int:
        """Return how many days of an ISO week (year, week) an employee works from home by rosters that remain."""
        return sum(employee in at_home for day, at_home in self.at_home.items() if day.isocalendar()[:2] == week)


def published_rosters(days: Sequence[UnitDay], published: Iterable[RosterAssigned]) -> PublishedRosters:
    """Return the published rosters, separated by whether `days` replace them. Withdrawn rosters are ignored."""
    planned: dict[date, set[UUID]] = defaultdict(set)
    for day in days:
        planned[day.work_date] |= {p.employee for p in day.people}
    planned_unit_dates = {(day.unit, day.work_date) for day in days}
    replaced: dict[date, dict[UUID, Assignment]] = defaultdict(dict)
    remaining: dict[date, dict[UUID, Assignment]] = defaultdict(dict)
    for roster in (r for r in published if r.status != "WITHDRAWN"):
        work_date = roster.work_date
        assignments = {a.employee: a for a in roster.assignments}
        if (roster.unit, work_date) in planned_unit_dates:
            replaced[work_date] |= assignments
        else:
            # Somebody who has moved to a planned unit is counted once, by the plan.
            remaining[work_date] |= {e: a for e, a in assignments.items() if e not in planned[work_date]}
    shifts = {work_date: post_shifts(assignments.values()) for work_date, assignments in remaining.items()}
    return PublishedRosters(replaced, _home_workers(remaining), shifts)


def post_shifts(assignments: Iterable[Assignment]) -> dict[UUID, PostShift]:
    """Return the shifts at posts by employee."""
    return {a.employee: PostShift(a.post, a.from_minute, a.to_minute) for a in assignments if a.post}


def _home_workers(remaining: Mapping[date, AssignmentsByEmployee]) -> dict[date, frozenset[UUID]]:
    return {
        work_date: frozenset(e for e, a in assignments.items() if a.mode in HOME_MODES)
        for work_date, assignments in remaining.items()
    }
