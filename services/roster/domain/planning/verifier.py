"""Verifies a finished plan from the facts alone. It shares no code with the planner, so it shares no bugs. Pure.

That is why this module finds the period of a day and the open posts by its own code, and not by the methods of facts.
One thing is shared: `shared/domain/work_location.py` alone says on which dates a site may work from home. A second
reading here rejected correct plans, because it did not know the extra dates of a site.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import Assignment, RosterAssigned
from shared.domain.facts.rules import Rules
from shared.domain.work_location import is_flexible_day

PlannedShifts = Mapping[tuple[str, date], Sequence[Assignment]]
"""All assignments by unit and work date."""

HomeDays = set[tuple[UUID, str, date]]
"""Who works from home: employee, unit, date."""

HomeCounts = Counter[tuple[date, str | None]]
"""How many people work from home by (date, unit), and by (date, None) in the whole OPD."""

TOLERANCE = Decimal("1e-9")
"""Allows for the rounding of 1/3, the share of one of three groups."""


class RuleBroken(Exception):
    """A plan breaks a rule. It must not be published; the planner has a bug, the request is not at fault."""


def verify(
    days: Sequence[UnitDay], plan: PlannedShifts, published: Sequence[RosterAssigned], staff: Mapping[date, int]
) -> None:
    """Recompute bookings, posts, home days, shares and caps. Raise `RuleBroken` with the first five violations."""
    broken = list(violations(days, plan, published, staff))
    if broken:
        raise RuleBroken("; ".join(broken[:5]))


def violations(
    days: Sequence[UnitDay], plan: PlannedShifts, published: Sequence[RosterAssigned], staff: Mapping[date, int]
) -> Iterator[str]:
    """Yield a sentence for each rule that a plan breaks."""
    yield from _booking_violations(days, plan)
    for day in days:
        yield from _post_violations(day, plan[day.arrangement.unit, day.work_date])
        yield from _home_violations(day, plan[day.arrangement.unit, day.work_date])
    planned = {(a.employee, *key) for key, shifts in plan.items() for a in shifts if a.mode == "WFH"}
    remaining = _published_home_days(plan, published)
    yield from _share_violations(days, _home_counts(planned), _home_counts(remaining), staff)
    home_days = Counter((employee, on.isocalendar()[:2]) for employee, _, on in planned | remaining)
    yield from _cap_violations(days, planned, home_days)


def _booking_violations(days: Sequence[UnitDay], plan: PlannedShifts) -> Iterator[str]:
    """Check that each person of a unit has one shift a date, and nobody else has a shift."""
    memberships = Counter((person.employee, day.work_date) for day in days for person in day.people)
    bookings = Counter((shift.employee, on) for (_, on), shifts in plan.items() for shift in shifts)
    for key in memberships.keys() | bookings.keys():
        if bookings[key] != 1 or memberships[key] != 1:
            yield f"{key[1]}: somebody of {memberships[key]} units has {bookings[key]} shifts"


def _post_violations(day: UnitDay, shifts: Sequence[Assignment]) -> Iterator[str]:
    """Check that skilled people who are present staff each open post, and none is short while one of them is idle."""
    skills = {person.employee: set(person.skills) for person in day.people if person.employee not in day.absences}
    idle = [skills[shift.employee] for shift in shifts if not shift.post and shift.employee in skills]
    # A post may be listed with several opening hours: open ones are sorted last, so that they win.
    posts = {post.post: post for post in sorted(day.arrangement.posts, key=lambda post: _is_open(day, post))}
    heads = Counter(shift.post for shift in shifts if shift.post)
    label = f"{day.arrangement.unit} {day.work_date}"
    for shift in shifts:
        post = posts.get(shift.post) if shift.post else None
        if post and not (set(post.skills) <= skills.get(shift.employee, set()) and shift.employee in skills):
            yield f"{label}: somebody at {post.post} is away or lacks a skill"
        if post and not shift.from_minute <= post.opens_minute < post.closes_minute <= shift.to_minute:
            yield f"{label}: a shift at {post.post} is shorter than its opening hours"
    for code, post in posts.items():
        is_open = _is_open(day, post)
        if heads[code] and not is_open:
            yield f"{label}: {code} is staffed but closed"
        if is_open and heads[code] < post.minimum and any(set(post.skills) <= able for able in idle):
            yield f"{label}: {code} is short while somebody could serve"


def _is_open(day: UnitDay, post: Post) -> bool:
    return _weekday(day.work_date) in post.weekdays and (
        post.on_holidays == "OPEN" or day.work_date not in _holidays(day)
    )


def _home_violations(day: UnitDay, shifts: Sequence[Assignment]) -> Iterator[str]:
    """Check that people at home are present and not excluded, on a work day that is flexible at their site."""
    rules, unit = _rules_of(day), day.arrangement
    is_work_day = day.work_date.isoweekday() < 6 and day.work_date not in _holidays(day)
    is_on_site_class = unit.class_ in {"DIRECT", "EMERGENCY_24X7", *rules.excluded_classes}
    is_excluded = is_on_site_class or {unit.unit, unit.opd, *unit.kinds} & set(rules.excluded_units)
    allowed = is_work_day and is_flexible_day(rules, day.work_date, unit.site.site) and not is_excluded
    on_site = {p.employee for p in day.people if p.position_class in rules.forced_on_site_positions}
    if any(a.mode == "WFH" and (not allowed or a.post or a.employee in {*day.absences, *on_site}) for a in shifts):
        yield f"{unit.unit} {day.work_date}: somebody is at home who may not be"


def _share_violations(
    days: Sequence[UnitDay], planned: HomeCounts, remaining: HomeCounts, staff: Mapping[date, int]
) -> Iterator[str]:
    """Check that the share of people at home is kept wherever this plan sends someone home.

    Rosters published before may exceed the share; this plan must then add nobody.
    """
    for day in days:
        rules, on = _rules_of(day), day.work_date
        unit = day.arrangement.unit if rules.share_of == "UNIT" else None
        present = staff.get(on, 0) if unit is None else sum(p.employee not in day.absences for p in day.people)
        heads = planned[on, unit] + remaining[on, unit]
        if planned[on, day.arrangement.unit] and heads > _max_home_share(rules) * present + TOLERANCE:
            yield f"{on}: {heads} of {present} are at home, the share is {_max_home_share(rules):.2f}"


def _max_home_share(rules: Rules) -> Decimal:
    """Return the share that is set, or one group of several; and leave the minimum share on site."""
    rest = 1 - Decimal(str(rules.min_on_site_share or 0))
    if rules.max_share is not None:
        return min(Decimal(str(rules.max_share)), rest)
    return min(1 / Decimal((rules.pattern and rules.pattern.groups) or 1), rest)


def _home_counts(home_days: HomeDays) -> HomeCounts:
    return Counter(key for _, unit, on in home_days for key in ((on, unit), (on, None)))


def _cap_violations(
    days: Sequence[UnitDay], planned: HomeDays, home_days: Counter[tuple[UUID, tuple[int, int]]]
) -> Iterator[str]:
    """Check that nobody is planned at home on more days of an ISO week than the cap."""
    caps = {(day.arrangement.unit, day.work_date): _rules_of(day).weekly_cap_days for day in days}
    for employee, unit, on in planned:
        cap = caps[unit, on]
        if cap is not None and home_days[employee, on.isocalendar()[:2]] > cap:
            yield f"{unit} {on}: somebody has more than {cap} days at home that week"


def _published_home_days(plan: PlannedShifts, published: Sequence[RosterAssigned]) -> HomeDays:
    """Return who works from home by a published roster that this plan does not replace."""
    planned = {(shift.employee, on) for (_, on), shifts in plan.items() for shift in shifts}
    rosters = (r for r in published if r.status != "WITHDRAWN" and (r.unit, r.work_date) not in plan)
    at_home = ((a, r) for r in rosters for a in r.assignments if a.mode in {"WFH", "WFA"})
    return {(a.employee, r.unit, r.work_date) for a, r in at_home if (a.employee, r.work_date) not in planned}


def _rules_of(day: UnitDay) -> Rules:
    of_day = [
        period.at_site(day.arrangement.site.site).rules
        for period in (day.policy.periods if day.policy else ())
        if period.from_ <= day.work_date and (period.to is None or day.work_date <= period.to)
    ]
    return of_day[0] if of_day else Rules()  # periods do not overlap


def _holidays(day: UnitDay) -> set[date]:
    return {holiday.date for holiday in day.policy.holidays} if day.policy else set()


def _weekday(on: date) -> str:
    return ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[on.weekday()]
