"""From a plan's decisions to everybody's shift: hours, breaks, and the rule that put them there. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from services.roster.domain.planning.post_assignment import Known
from services.roster.domain.planning.published_rosters import Shifts
from services.roster.domain.planning.unit_day import UnitDay, in_office_hours
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import Assignment, Break, Reason

AFTER_NIGHT = Reason(rule="rest", code="AFTER_NIGHT")
ABSENCE = Reason(rule="absence", code="ABSENCE")
AWAY: Mapping[str, str] = {"TRAVEL": "AWAY"}
"""The mode of an absence by its kind; any other is OFF."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the flows decided about one unit's day; `full` is whether the share lets nobody else be at home."""

    at_post: Mapping[str, Sequence[UUID]]
    home: frozenset[UUID]
    full: bool


def shifts(day: UnitDay, decided: Decided, known: Known, before: Shifts) -> tuple[Assignment, ...]:
    """Everybody of the unit: the posts in the order of the arrangement, then the rest in the order of their ids."""
    filled = [a for post in day.posts for a in _at_post(day, post, decided.at_post[post.post], known, before)]
    busy = {a.employee for a in filled}
    rest = (e for e in sorted((p.employee for p in day.people), key=str) if e not in busy)
    return (*filled, *(_elsewhere(day, employee, decided, known) for employee in rest))


def missing(post: Post, there: Sequence[Assignment]) -> int:
    """The greatest number of heads below the minimum at any minute the post is open, but for its breaks."""
    # everybody is there from opening to closing: heads can only go missing where a break begins
    rests = [rest for shift in there for rest in shift.breaks]
    starts = {rest.from_minute for rest in rests if rest.from_minute < post.closes_minute}
    minutes = {post.opens_minute, *(start for start in starts if start > post.opens_minute)}
    resting = max(sum(r.from_minute <= minute < r.to_minute for r in rests) for minute in minutes)
    return max(post.minimum - len(there) + resting, 0)


def _at_post(day: UnitDay, post: Post, employees: Sequence[UUID], known: Known, before: Shifts) -> list[Assignment]:
    turn = day.turn(post)
    rests = _rests(day, post, employees, before)
    return [
        Assignment(
            employee=employee,
            mode="WFO",
            place=day.arrangement.site.site,
            post=post.post,
            from_minute=turn.from_minute,
            to_minute=turn.to_minute,
            breaks=rests[employee],
            reason=_standard(day, short_rest=known.too_soon(employee, turn)),
        )
        for employee in employees
    ]


def _standard(day: UnitDay, *, short_rest: bool) -> Reason:
    """A post's minimum, too soon after a night where nobody else could keep it; on a WFH day, who left it on site."""
    excluding = day.instrument("excluded_classes") if day.flexible and day.kept_by_class else None
    return Reason(rule="post_minimum", code="SHORT_REST" if short_rest else "SERVICE_STANDARD", instrument=excluding)


def _rests(day: UnitDay, post: Post, employees: Sequence[UUID], before: Shifts) -> Mapping[UUID, tuple[Break, ...]]:
    """Everybody's break: the published one while there is room in it, else the first with room."""
    if not in_office_hours(post):
        return dict.fromkeys(employees, ())
    group = max(len(employees) - post.minimum, ceil(len(employees) / len(day.breaks)))
    room = dict.fromkeys(day.breaks, group)
    rests: dict[UUID, tuple[Break, ...]] = {}
    for employee in sorted(employees, key=lambda e: e not in before or before[e].post != post.post):
        told = before[employee].breaks if employee in before else ()
        rest = next(r for r in (*told, *day.breaks) if room.get(r))
        room[rest] -= 1
        rests[employee] = (rest,)
    return rests


def _elsewhere(day: UnitDay, employee: UUID, decided: Decided, known: Known) -> Assignment:
    """Somebody without a post: away, off, at home, or in the office, each with its reason."""
    mode, reason = _mode(day, employee, decided, known)
    start, end = day.office
    site = day.arrangement.site.site if mode == "WFO" else None
    return Assignment(
        employee=employee,
        mode=mode,
        place=site,
        from_minute=start,
        to_minute=end,
        breaks=day.breaks[:1],
        reason=reason,
    )


def _mode(day: UnitDay, employee: UUID, decided: Decided, known: Known) -> tuple[str, Reason]:
    if employee in day.away:
        return AWAY.get(day.away[employee], "OFF"), ABSENCE
    if day.off:
        return "OFF", Reason(rule="calendar", code="HOLIDAY" if day.holiday else "WEEKEND")
    if tired(day, employee, known):
        return "OFF", AFTER_NIGHT
    if employee in decided.home:
        return "WFH", Reason(rule="pattern", code=_pattern(day), instrument=day.instrument("pattern"))
    return "WFO", _why_office(day, employee, decided)


def tired(day: UnitDay, employee: UUID, known: Known) -> bool:
    """Whether somebody comes from a night that is not slept off when the office opens."""
    return employee in known.yesterday and day.office[0] < known.yesterday[employee].rested


def _pattern(day: UnitDay) -> str:
    pattern = day.rules.pattern
    return "WFH_WEEKDAY" if pattern and day.weekday in pattern.weekdays else "WFH_GROUP"


KEPT: Mapping[str, str] = {
    "excluded_classes": "DIRECT_SERVICE",
    "excluded_units": "EXCLUDED_UNIT",
    "forced_on_site_positions": "POSITION",
    "eligible_job_types": "JOB_TYPE",
    "unit_head_decides": "UNIT_HEAD",
    "max_share": "WFO_SHARE",
}
"""Rules that keep somebody in the office on a day that is open to others."""


def _why_office(day: UnitDay, employee: UUID, decided: Decided) -> Reason:
    """The rule that keeps somebody in the office, the first that binds.

    As many as may are at home: who could be and is not, on a day that is not full, has had the home days of the week.
    """
    kept = "" if employee in day.may_be_home else next(day.where(p).rule for p in day.people if p.employee == employee)
    binding = (
        (not day.flexible, "office", "OFFICE_DAY"),
        (bool(kept), kept, KEPT.get(kept, "OFFICE_DAY")),
        (not decided.full, "weekly_cap_days", "WEEKLY_CAP"),
        (day.rules.max_share is not None, "max_share", "WFO_SHARE"),
        (True, "pattern", "WFO_GROUP"),
    )
    rule, code = next((rule, code) for binds, rule, code in binding if binds)
    return Reason(rule=rule, code=code, instrument=day.instrument(rule))
