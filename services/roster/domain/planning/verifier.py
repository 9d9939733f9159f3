"""Judges a finished plan from the facts alone: it shares no code with what made the plan. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Post, Rules
from shared.domain.facts.roster import Assignment, RosterAssigned

Plan = Mapping[tuple[str, date], Sequence[Assignment]]
"""Everybody's shift by unit and work date."""

Homes = set[tuple[UUID, str, date]]
"""Who is at home, of which unit, on which date."""

Heads = Counter[tuple[date, str | None]]
"""How many are at home by date, and by date and unit."""


class Unsound(Exception):
    """A plan that breaks a rule must not leave: the planner is wrong, not whoever asked."""


def judge(days: Sequence[UnitDay], plan: Plan, published: Sequence[RosterAssigned], staff: Mapping[date, int]) -> None:
    """Recompute bookings, posts, homes, shares and caps. Raises `Unsound` with the first faults."""
    broken = list(faults(days, plan, published, staff))
    if broken:
        raise Unsound("; ".join(broken[:5]))


def faults(
    days: Sequence[UnitDay], plan: Plan, published: Sequence[RosterAssigned], staff: Mapping[date, int]
) -> Iterator[str]:
    """What a plan breaks, in words."""
    yield from _bookings(days, plan)
    for day in days:
        yield from _posts(day, plan[day.arrangement.unit, day.work_date])
        yield from _home(day, plan[day.arrangement.unit, day.work_date])
    homes = {(a.employee, *key) for key, shifts in plan.items() for a in shifts if a.mode == "WFH"}
    stay = _stay(plan, published)
    yield from _shares(days, _heads(homes), _heads(stay), staff)
    yield from _caps(days, homes, Counter((who, on.isocalendar()[:2]) for who, _, on in homes | stay))


def _bookings(days: Sequence[UnitDay], plan: Plan) -> Iterator[str]:
    """Everybody of a unit has one shift a date, and nobody else has any."""
    belong = Counter((person.employee, day.work_date) for day in days for person in day.people)
    booked = Counter((shift.employee, on) for (_, on), shifts in plan.items() for shift in shifts)
    for who, on in belong.keys() | booked.keys():
        if booked[who, on] != 1 or belong[who, on] != 1:
            yield f"{on}: somebody of {belong[who, on]} units has {booked[who, on]} shifts"


def _posts(day: UnitDay, shifts: Sequence[Assignment]) -> Iterator[str]:
    """Skilled people who are there keep each open post; none is short while one of them has no post."""
    skills = {person.employee: set(person.skills) for person in day.people if person.employee not in day.away}
    idle = [skills[shift.employee] for shift in shifts if not shift.post and shift.employee in skills]
    posts = {post.post: post for post in sorted(day.arrangement.posts, key=lambda post: _opens(day, post))}
    there = Counter(shift.post for shift in shifts if shift.post)
    place = f"{day.arrangement.unit} {day.work_date}"
    for shift in shifts:
        post = posts.get(shift.post) if shift.post else None
        if post and not (set(post.skills) <= skills.get(shift.employee, set()) and shift.employee in skills):
            yield f"{place}: somebody at {post.post} is away or lacks a skill"
        if post and not shift.from_minute <= post.opens_minute < post.closes_minute <= shift.to_minute:
            yield f"{place}: a shift at {post.post} is shorter than its opening hours"
    for code, post in posts.items():
        opens = _opens(day, post)
        if there[code] and not opens:
            yield f"{place}: {code} is staffed but closed"
        if opens and there[code] < post.minimum and any(set(post.skills) <= able for able in idle):
            yield f"{place}: {code} is short while somebody could serve"


def _opens(day: UnitDay, post: Post) -> bool:
    return _weekday(day.work_date) in post.weekdays and (
        post.on_holidays == "OPEN" or day.work_date not in _holidays(day)
    )


def _home(day: UnitDay, shifts: Sequence[Assignment]) -> Iterator[str]:
    """Home only on a working day that the pattern opens, for who is there and is kept by no class, unit or position."""
    rules, unit = _rules(day), day.arrangement
    working = day.work_date.isoweekday() < 6 and day.work_date not in _holidays(day)
    kept = unit.class_ in {"DIRECT", "EMERGENCY_24X7", *rules.excluded_classes}
    named = {unit.unit, unit.opd, *unit.kinds} & set(rules.excluded_units)
    allowed = working and _opened(rules, day.work_date) and not kept and not named
    on_site = {p.employee for p in day.people if p.position_class in rules.forced_on_site_positions}
    if any(a.mode == "WFH" and (not allowed or a.post or a.employee in {*day.away, *on_site}) for a in shifts):
        yield f"{unit.unit} {day.work_date}: somebody is at home who may not be"


def _opened(rules: Rules, day: date) -> bool:
    pattern = rules.pattern
    if pattern is None:
        return False
    return bool(pattern.groups) or pattern.any_day or day in pattern.dates or _weekday(day) in pattern.weekdays


def _shares(days: Sequence[UnitDay], planned: Heads, before: Heads, staff: Mapping[date, int]) -> Iterator[str]:
    """Of those present no more than the share is at home; what was published before this plan is not its fault."""
    for day in days:
        rules, on = _rules(day), day.work_date
        unit = day.arrangement.unit if rules.share_of == "UNIT" else None
        present = staff.get(on, 0) if unit is None else sum(person.employee not in day.away for person in day.people)
        heads = planned[on, unit] + before[on, unit]
        if planned[on, day.arrangement.unit] and heads > _limit(rules) * present + Decimal("1e-9"):
            yield f"{on}: {heads} of {present} are at home, the share is {_limit(rules):.2f}"


def _limit(rules: Rules) -> Decimal:
    """The share said, or what a grouping without one means: one group at a time; and the least on site stays."""
    rest = 1 - Decimal(str(rules.min_on_site_share or 0))
    if rules.max_share is not None:
        return min(Decimal(str(rules.max_share)), rest)
    return min(1 / Decimal((rules.pattern and rules.pattern.groups) or 1), rest)


def _heads(homes: Homes) -> Heads:
    return Counter(key for _, unit, on in homes for key in ((on, unit), (on, None)))


def _caps(days: Sequence[UnitDay], homes: Homes, weeks: Counter[tuple[UUID, tuple[int, int]]]) -> Iterator[str]:
    """Nobody is planned at home beyond the days of their week."""
    caps = {(day.arrangement.unit, day.work_date): _rules(day).weekly_cap_days for day in days}
    for who, unit, on in homes:
        cap = caps[unit, on]
        if cap is not None and weeks[who, on.isocalendar()[:2]] > cap:
            yield f"{unit} {on}: somebody has more than {cap} days at home that week"


def _stay(plan: Plan, published: Sequence[RosterAssigned]) -> Homes:
    """Who stays at home by a roster that this plan does not replace."""
    planned = {(shift.employee, on) for (_, on), shifts in plan.items() for shift in shifts}
    kept = (r for r in published if r.status != "WITHDRAWN" and (r.unit, r.work_date) not in plan)
    shifts = ((a, r) for r in kept for a in r.assignments if a.mode in {"WFH", "WFA"})
    return {(a.employee, r.unit, r.work_date) for a, r in shifts if (a.employee, r.work_date) not in planned}


def _rules(day: UnitDay) -> Rules:
    of_day = [
        period.at(day.arrangement.site.site).rules
        for period in (day.policy.periods if day.policy else ())
        if period.from_ <= day.work_date and (period.to is None or day.work_date <= period.to)
    ]
    return of_day[0] if of_day else Rules()


def _holidays(day: UnitDay) -> set[date]:
    return {holiday.date for holiday in day.policy.holidays} if day.policy else set()


def _weekday(on: date) -> str:
    return ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[on.weekday()]
