"""Builds the assignment of every person of a unit from the decisions of a plan: hours, breaks and the reason. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from services.roster.domain.planning.post_assignment import Continuity
from services.roster.domain.planning.published_rosters import AssignmentsByEmployee
from services.roster.domain.planning.unit_day import UnitDay, keeps_office_hours
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import Assignment, Break, Reason

AFTER_NIGHT = Reason(rule="rest", code="AFTER_NIGHT")
ABSENCE = Reason(rule="absence", code="ABSENCE")
MODE_OF_ABSENCE: Mapping[str, str] = {"TRAVEL": "AWAY"}
"""The mode of an assignment by the kind of absence; OFF for all other kinds."""

OFFICE_REASON_CODES: Mapping[str, str] = {
    "excluded_classes": "DIRECT_SERVICE",
    "excluded_units": "EXCLUDED_UNIT",
    "forced_on_site_positions": "POSITION",
    "eligible_job_types": "JOB_TYPE",
    "unit_head_decides": "UNIT_HEAD",
    "max_share": "WFO_SHARE",
}
"""The reason code by the rule that keeps a person in the office on a flexible day."""


@dataclass(frozen=True, slots=True)
class AllocationResult:
    """What the flows decided about one unit's day. `share_is_full`: no further person may work from home."""

    staff_by_post: Mapping[str, Sequence[UUID]]
    at_home: frozenset[UUID]
    share_is_full: bool


def build_assignments(
    day: UnitDay, result: AllocationResult, continuity: Continuity, replaced: AssignmentsByEmployee
) -> tuple[Assignment, ...]:
    """Return the assignments of all people of the unit: posts in order of the arrangement, then others by id.

    `replaced`: the published assignments of the same date.
    """
    at_posts: list[Assignment] = []
    for post in day.open_posts:
        at_posts += _post_assignments(day, post, result.staff_by_post[post.post], continuity, replaced)
    busy = {a.employee for a in at_posts}
    others = (e for e in sorted((p.employee for p in day.people), key=str) if e not in busy)
    return (*at_posts, *(_assignment_without_post(day, employee, result, continuity) for employee in others))


def post_shortage(post: Post, assignments: Sequence[Assignment]) -> int:
    """Return the largest number of heads below the minimum at any minute in which the post is open."""
    # All people are present from opening to closing, so the number falls only at the start of a break.
    breaks = [break_ for assignment in assignments for break_ in assignment.breaks]
    starts = {b.from_minute for b in breaks if post.opens_minute < b.from_minute < post.closes_minute}
    minutes = {post.opens_minute, *starts}
    resting = max(sum(b.from_minute <= minute < b.to_minute for b in breaks) for minute in minutes)
    return max(post.minimum - len(assignments) + resting, 0)


def _post_assignments(
    day: UnitDay, post: Post, employees: Sequence[UUID], continuity: Continuity, replaced: AssignmentsByEmployee
) -> list[Assignment]:
    shift = day.shift_at(post)
    breaks = _breaks_by_employee(day, post, employees, replaced)
    return [
        Assignment(
            employee=employee,
            mode="WFO",
            place=day.arrangement.site.site,
            post=post.post,
            from_minute=shift.from_minute,
            to_minute=shift.to_minute,
            breaks=breaks[employee],
            reason=_post_reason(day, short_rest=continuity.breaks_rest(employee, shift)),
        )
        for employee in employees
    ]


def _post_reason(day: UnitDay, *, short_rest: bool) -> Reason:
    """Return why a person is at a post; on a flexible day with the instrument that excludes the unit's class."""
    excluding = day.source_instrument("excluded_classes") if day.is_flexible and day.is_on_site_class else None
    return Reason(rule="post_minimum", code="SHORT_REST" if short_rest else "SERVICE_STANDARD", instrument=excluding)


def _breaks_by_employee(
    day: UnitDay, post: Post, employees: Sequence[UUID], replaced: AssignmentsByEmployee
) -> Mapping[UUID, tuple[Break, ...]]:
    """Return the break of each employee: the published one while it has room, else the first with room."""
    if not keeps_office_hours(post):
        return dict.fromkeys(employees, ())
    # As many rest together as the minimum can spare, and at least so many that everybody gets one of the breaks.
    group = max(len(employees) - post.minimum, ceil(len(employees) / len(day.breaks)))
    room = dict.fromkeys(day.breaks, group)
    breaks: dict[UUID, tuple[Break, ...]] = {}
    # Those who keep their published post choose first: a replan should not move their break.
    for employee in sorted(employees, key=lambda e: e not in replaced or replaced[e].post != post.post):
        published = replaced[employee].breaks if employee in replaced else ()
        chosen = next(break_ for break_ in (*published, *day.breaks) if room.get(break_))
        room[chosen] -= 1
        breaks[employee] = (chosen,)
    return breaks


def _assignment_without_post(
    day: UnitDay, employee: UUID, result: AllocationResult, continuity: Continuity
) -> Assignment:
    mode, reason = _mode_and_reason(day, employee, result, continuity)
    start, end = day.office_minutes
    return Assignment(
        employee=employee,
        mode=mode,
        place=day.arrangement.site.site if mode == "WFO" else None,
        from_minute=start,
        to_minute=end,
        breaks=day.breaks[:1],
        reason=reason,
    )


def _mode_and_reason(
    day: UnitDay, employee: UUID, result: AllocationResult, continuity: Continuity
) -> tuple[str, Reason]:
    if employee in day.absences:
        return MODE_OF_ABSENCE.get(day.absences[employee], "OFF"), ABSENCE
    if day.is_day_off:
        return "OFF", Reason(rule="calendar", code="HOLIDAY" if day.is_holiday else "WEEKEND")
    if needs_rest(day, employee, continuity):
        return "OFF", AFTER_NIGHT
    if employee in result.at_home:
        return "WFH", Reason(rule="pattern", code=_home_reason_code(day), instrument=day.source_instrument("pattern"))
    return "WFO", _office_reason(day, employee, result)


def needs_rest(day: UnitDay, employee: UUID, continuity: Continuity) -> bool:
    """Return whether the rest after yesterday's night shift is not over when the office opens."""
    shift = continuity.shifts_yesterday.get(employee)
    return shift is not None and day.office_minutes[0] < shift.rested_from


def _home_reason_code(day: UnitDay) -> str:
    pattern = day.rules.pattern
    return "WFH_WEEKDAY" if pattern and day.weekday in pattern.weekdays else "WFH_GROUP"


def _office_reason(day: UnitDay, employee: UUID, result: AllocationResult) -> Reason:
    """Return the first rule that keeps a person in the office.

    The plan sends home as many people as the rules allow. So a person who could be at home, and is not although the
    share is not full, has used the home days of the week.
    """
    rule_on_site = ""
    if employee not in day.may_work_from_home:
        rule_on_site = next(day.work_location_of(p).rule for p in day.people if p.employee == employee)
    candidates = (
        (not day.is_flexible, "office", "OFFICE_DAY"),
        (bool(rule_on_site), rule_on_site, OFFICE_REASON_CODES.get(rule_on_site, "OFFICE_DAY")),
        (not result.share_is_full, "weekly_cap_days", "WEEKLY_CAP"),
        (day.rules.max_share is not None, "max_share", "WFO_SHARE"),
        (True, "pattern", "WFO_GROUP"),
    )
    rule, code = next((rule, code) for applies, rule, code in candidates if applies)
    return Reason(rule=rule, code=code, instrument=day.source_instrument(rule))
