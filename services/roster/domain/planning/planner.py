"""Plans the work dates of an OPD: who fills which post, who works from home, and why. Pure.

1. Posts, one min-cost flow for each unit and date: service has priority over home days, shares and seniority.
2. Home days, one flow for all units and dates together.
3. A verifier that shares no code with steps 1 and 2 checks the finished plan.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.roster.domain.planning import verifier, wfh_allocation
from services.roster.domain.planning.post_assignment import Continuity, assign_posts
from services.roster.domain.planning.published_rosters import PublishedRosters, published_rosters
from services.roster.domain.planning.shift_builder import (
    AllocationResult,
    build_assignments,
    needs_rest,
    post_shortage,
)
from services.roster.domain.planning.unit_day import PostShift, UnitDay
from services.roster.domain.planning.wfh_allocation import EmployeeDates
from shared.domain.facts.roster import Assignment, Required, RosterAssigned

ONE_DAY = timedelta(days=1)

UnitDate = tuple[str, date]
"""A unit and a work date."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The plan of one unit on one work date: required posts, all assignments, missing heads by post.

    `unfilled` is the number of heads below the minimums that the flow could not assign. It is a proved lower bound: no
    plan misses fewer.
    """

    required: tuple[Required, ...]
    assignments: tuple[Assignment, ...]
    shortage: Mapping[str, int]
    unfilled: int


@dataclass(frozen=True, slots=True)
class StaffedDay:
    """One unit on one work date after its posts were assigned."""

    day: UnitDay
    continuity: Continuity
    staff_by_post: Mapping[str, Sequence[UUID]]


def plan(
    days: Sequence[UnitDay], published: Sequence[RosterAssigned] = (), staff: Mapping[date, int] | None = None
) -> dict[UnitDate, DayPlan]:
    """Plan work dates of units of one OPD together. A shortage is reported in the plan, never raised.

    `published`: the rosters of the same ISO weeks and of adjacent days; those of other units and dates remain and count
    against caps and shares. `staff`: people of the whole OPD who are present, by date; default: those in `days`.
    Raises `verifier.RuleBroken` if the plan breaks a rule, which is a bug of the planner.
    """
    ordered = sorted(days, key=lambda d: (d.work_date, d.unit))
    rosters = published_rosters(ordered, published)
    present = staff if staff is not None else _present_counts(ordered)
    staffed_days = _staff_posts(ordered, rosters)
    unavailable = _unavailable_for_home(staffed_days)
    home_dates = wfh_allocation.allocate_wfh(ordered, unavailable, rosters, present)
    full_dates = _full_dates(home_dates, wfh_allocation.opd_limits(ordered, unavailable, rosters, present))
    plans: dict[UnitDate, DayPlan] = {}
    for staffed in staffed_days:
        limit = wfh_allocation.home_limit(staffed.day, rosters, present)
        result = _allocation_result(staffed, home_dates, full_dates, limit)
        plans[staffed.day.unit, staffed.day.work_date] = _day_plan(staffed, result, rosters)
    verifier.verify(ordered, {key: p.assignments for key, p in plans.items()}, published, present)
    return plans


def _present_counts(days: Iterable[UnitDay]) -> dict[date, int]:
    counts: dict[date, int] = {}
    for day in days:
        counts[day.work_date] = counts.get(day.work_date, 0) + len(day.present)
    return counts


def _staff_posts(days: Sequence[UnitDay], rosters: PublishedRosters) -> list[StaffedDay]:
    """Assign the posts in date order, because a night shift limits who can work on the next day."""
    shifts: dict[date, dict[UUID, PostShift]] = {day: dict(of_day) for day, of_day in rosters.post_shifts.items()}
    staffed_days = []
    for day in days:
        continuity = _continuity(day, rosters, shifts)
        staff_by_post = assign_posts(day, continuity)
        assigned = {e: day.shift_at(post) for post in day.open_posts for e in staff_by_post[post.post]}
        shifts[day.work_date] = shifts.get(day.work_date, {}) | assigned
        staffed_days.append(StaffedDay(day, continuity, staff_by_post))
    return staffed_days


def _continuity(day: UnitDay, rosters: PublishedRosters, shifts: Mapping[date, Mapping[UUID, PostShift]]) -> Continuity:
    replaced = rosters.replaced.get(day.work_date, {})
    return Continuity(
        published_post={e: a.post for e, a in replaced.items() if a.post},
        shifts_yesterday=shifts.get(day.work_date - ONE_DAY, {}),
        shifts_tomorrow=rosters.post_shifts.get(day.work_date + ONE_DAY, {}),
        home_days={p.employee: rosters.days_at_home(p.employee, day.week) for p in day.present},
    )


def _unavailable_for_home(staffed_days: Iterable[StaffedDay]) -> EmployeeDates:
    """Return who cannot work from home on which date, because of a post or of rest after a night shift."""
    at_post: set[tuple[UUID, date]] = set()
    resting: set[tuple[UUID, date]] = set()
    for staffed in staffed_days:
        day = staffed.day
        at_post |= {(e, day.work_date) for staff in staffed.staff_by_post.values() for e in staff}
        employees = (person.employee for person in day.present)
        resting |= {(e, day.work_date) for e in employees if needs_rest(day, e, staffed.continuity)}
    return at_post | resting


def _full_dates(home_dates: EmployeeDates, opd_limits: Mapping[date, int]) -> AbstractSet[date]:
    """Return the dates on which the share of the OPD lets nobody else work from home."""
    home_counts = Counter(work_date for _, work_date in home_dates)
    return {work_date for work_date, limit in opd_limits.items() if home_counts[work_date] >= limit}


def _allocation_result(
    staffed: StaffedDay, home_dates: EmployeeDates, full_dates: AbstractSet[date], limit: int
) -> AllocationResult:
    day = staffed.day
    at_home = frozenset(p.employee for p in day.present if (p.employee, day.work_date) in home_dates)
    unit_is_full = day.rules.share_of == "UNIT" and len(at_home) >= limit
    return AllocationResult(staffed.staff_by_post, at_home, unit_is_full or day.work_date in full_dates)


def _day_plan(staffed: StaffedDay, result: AllocationResult, rosters: PublishedRosters) -> DayPlan:
    day = staffed.day
    assignments = build_assignments(day, result, staffed.continuity, rosters.replaced.get(day.work_date, {}))
    required = tuple(
        Required(post=p.post, from_minute=p.opens_minute, to_minute=p.closes_minute, minimum=p.minimum)
        for p in day.open_posts
    )
    short = {p.post: post_shortage(p, [a for a in assignments if a.post == p.post]) for p in day.open_posts}
    unfilled = sum(max(p.minimum - len(staffed.staff_by_post[p.post]), 0) for p in day.open_posts)
    return DayPlan(required, assignments, {post: heads for post, heads in short.items() if heads}, unfilled)
