"""Allocates home days to the people of an OPD: as many as the rules allow, as fairly as possible. Pure.

Priorities: number of home days; fairness (the least sum of squares of home days per person, which is also
leximax where the rules form a flow); stability (what was published before); a hash.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from fractions import Fraction
from math import floor
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np

from services.roster.domain.planning.published_rosters import HOME_MODES, PublishedRosters
from services.roster.domain.planning.unit_day import UnitDay
from services.roster.domain.solver.min_cost_flow import IntArray
from services.roster.domain.solver.wfh_flow import NestedLimit, WfhProblem, solve

HASH_MASK = 0xFF
STABILITY_WEIGHT = HASH_MASK + 1
DAYS_PER_WEEK = 7


class HomeCandidate(NamedTuple):
    """A person who could work from home on the date of a unit day."""

    day: UnitDay
    employee: UUID


EmployeeDates = AbstractSet[tuple[UUID, date]]
"""A set of employees on dates."""


def allocate_wfh(
    days: Sequence[UnitDay], unavailable: EmployeeDates, rosters: PublishedRosters, staff: Mapping[date, int]
) -> frozenset[tuple[UUID, date]]:
    """Return who works from home on which date.

    `unavailable`: who has a post or rests on a date. `staff`: people of the whole OPD who are present, by date.
    """
    allowed = (HomeCandidate(day, employee) for day in days for employee in day.may_work_from_home)
    # Sorted, because the solver chooses among equal optima by the order of its input.
    candidates = sorted(
        (c for c in allowed if (c.employee, c.day.work_date) not in unavailable),
        key=lambda c: (str(c.employee), c.day.work_date),
    )
    if not candidates:
        return frozenset()
    limits = _share_limits(candidates, rosters, staff, opd_limits(days, unavailable, rosters, staff))
    at_home = solve(_wfh_problem(candidates, rosters, limits))
    return frozenset((c.employee, c.day.work_date) for c, chosen in zip(candidates, at_home, strict=True) if chosen)


def home_share(day: UnitDay) -> Fraction:
    """Return the highest share at home: the rule if it is set, else one group of several, else everybody.

    Exact: the decimal digits of the rule are used, because 0.29 as a binary fraction is a little less than 29 of 100.
    """
    share, groups = day.rules.max_share, day.rules.pattern.groups if day.rules.pattern else None
    cap = Fraction(str(share)) if share is not None else Fraction(1, groups or 1)
    return min(cap, 1 - Fraction(str(day.rules.min_on_site_share or 0)))


def home_limit(day: UnitDay, rosters: PublishedRosters, staff: Mapping[date, int]) -> int:
    """Return how many people the plan may send home: of the unit, or of the OPD besides those in other rosters."""
    if day.rules.share_of == "UNIT":
        return floor(home_share(day) * len(day.present))
    return max(floor(home_share(day) * staff[day.work_date]) - len(rosters.at_home.get(day.work_date, ())), 0)


def opd_limits(
    days: Sequence[UnitDay], unavailable: EmployeeDates, rosters: PublishedRosters, staff: Mapping[date, int]
) -> dict[date, int]:
    """Return how many people the plan may send home on each date on which a share of the OPD limits them.

    If sites have different rules, the strictest share of those who could work from home on the date counts.
    """
    limits: dict[date, list[int]] = defaultdict(list)
    for day in days:
        has_candidates = any((employee, day.work_date) not in unavailable for employee in day.may_work_from_home)
        if day.rules.share_of != "UNIT" and has_candidates:
            limits[day.work_date].append(home_limit(day, rosters, staff))
    return {work_date: min(of_date) for work_date, of_date in limits.items()}


def _wfh_problem(
    candidates: Sequence[HomeCandidate], rosters: PublishedRosters, limits: Sequence[NestedLimit]
) -> WfhProblem:
    people = {employee: number for number, employee in enumerate(dict.fromkeys(c.employee for c in candidates))}
    weeks = {week: number for number, week in enumerate(sorted({c.day.week for c in candidates}))}
    history = np.array([[rosters.days_at_home(employee, week) for week in weeks] for employee in people])
    # One unit of fairness outweighs stability and hash of all candidates together.
    fairness = 2 * STABILITY_WEIGHT * (len(candidates) + 1)
    dates = len({c.day.work_date for c in candidates})
    # One more home day outweighs its own cost of fairness, for any person.
    home_day = fairness * (2 * (int(history.sum(axis=1).max()) + dates) + 1) + fairness
    return WfhProblem(
        person=np.array([people[c.employee] for c in candidates]),
        week=np.array([weeks[c.day.week] for c in candidates]),
        cost=np.array([_stability_cost(c, rosters) - home_day for c in candidates]),
        pinned=np.zeros(len(candidates), np.int64),
        min_days=np.zeros_like(history),
        # Published rosters that remain can exceed the cap by themselves; the plan then adds nobody.
        max_days=np.maximum(_weekly_caps(candidates, weeks) - history, 0),
        history=history.sum(axis=1),
        fairness=fairness,
        limits=limits,
    )


def _stability_cost(candidate: HomeCandidate, rosters: PublishedRosters) -> int:
    """Return the cost of home besides fairness: lower if home was published before, higher if the office was."""
    published = rosters.replaced.get(candidate.day.work_date, {}).get(candidate.employee)
    stability = 0
    if published is not None:
        stability = -STABILITY_WEIGHT if published.mode in HOME_MODES else STABILITY_WEIGHT
    return stability + (crc32(candidate.employee.bytes + candidate.day.work_date.isoformat().encode()) & HASH_MASK)


def _weekly_caps(candidates: Sequence[HomeCandidate], weeks: Mapping[tuple[int, int], int]) -> IntArray:
    """Return the lowest cap of home days of any date in each week, shape (weeks,)."""
    caps = np.full(len(weeks), DAYS_PER_WEEK)
    for candidate in candidates:
        cap = candidate.day.rules.weekly_cap_days
        if cap is not None:
            week = weeks[candidate.day.week]
            caps[week] = min(caps[week], cap)
    return caps


def _share_limits(
    candidates: Sequence[HomeCandidate],
    rosters: PublishedRosters,
    staff: Mapping[date, int],
    limit_of_opd: Mapping[date, int],
) -> list[NestedLimit]:
    """Return the limit of people at home on each date: of the whole OPD, and inside it of each unit with its own share.

    A share of the OPD counts everybody at home. So it also limits units with their own share that are planned with it.
    """
    cells: dict[tuple[date, str | None], list[int]] = defaultdict(list)
    limits: dict[tuple[date, str | None], int] = {(work_date, None): most for work_date, most in limit_of_opd.items()}
    for number, (day, _) in enumerate(candidates):
        if day.work_date in limit_of_opd:
            cells[day.work_date, None].append(number)
        if day.rules.share_of == "UNIT":
            cells[day.work_date, day.unit].append(number)
            limits[day.work_date, day.unit] = home_limit(day, rosters, staff)
    return [NestedLimit(np.array(numbers), 0, limits[group]) for group, numbers in cells.items()]
