"""Decides where a person works on a date, given the resolved rules of an OPD. The only interpretation of rules. Pure.

Which instrument supplies which rule is decided in `services/policy/domain/resolution/merge.py`; what the rules mean
for one unit and one person is decided here, for every service.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from shared.domain.facts.rules import FIVE_DAY_WEEK, WEEKDAYS, Approval, Pattern, Rules, SiteStart

SERVICE_CLASSES = ("NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7")
"""The service classes of units, from the back office to a post that never closes."""
ON_SITE_CLASSES = frozenset({"DIRECT", "EMERGENCY_24X7"})
"""Classes whose share of WFH is 0 under every instrument, because a post is covered on site only."""

Location = Literal["WFH", "WFO", "MAX_SHARE", "HOLIDAY", "UNIT_HEAD", "APPLICATION", "WFA"]
LOCATION_OF_APPROVAL: dict[str, Location] = {"OPD_DAYS": "WFH", "ORDER": "WFH", "APPLICATION": "WFA"}
"""The location on an office day that an approval of each kind allows, in order of precedence."""


class StaffProfile(NamedTuple):
    """What the rules need to know of a unit and of a person in it; a field without a value restricts nothing.

    `kinds`: the codes and types of the unit and its OPD. `open_weekdays`: the weekdays on which posts of the unit
    open, empty if no posts are known.
    """

    class_: str = "NON_SERVICE"
    kinds: frozenset[str] = frozenset()
    site: str | None = None
    position: str | None = None
    job_type: str | None = None
    open_weekdays: frozenset[str] = frozenset()


class WorkLocation(NamedTuple):
    """The location, and the rule that decides it; `calendar` and `hours` are not rules of the pattern."""

    location: Location
    rule: str


def work_location(
    rules: Rules, day: date, profile: StaffProfile, *, holiday: bool = False, approved: bool = False
) -> WorkLocation:
    """Return the location by the first rule that decides it.

    `approved`: what the rules allow on application or by order has been granted.
    """
    return (
        _location_by_calendar(rules, day, profile, holiday=holiday)
        or _location_by_exclusion(rules, profile)
        or _location_by_pattern(rules, day, profile)
        or _location_by_approval(rules, day, approved=approved)
        or WorkLocation("WFO", "pattern")
    )


def _location_by_calendar(rules: Rules, day: date, profile: StaffProfile, *, holiday: bool) -> WorkLocation | None:
    # Before the holiday: a unit of this class never closes.
    if profile.class_ == "EMERGENCY_24X7":
        return WorkLocation("WFO", "excluded_classes")
    if holiday:
        return WorkLocation("HOLIDAY", "calendar")
    return None if is_work_day(rules, day, profile) else WorkLocation("HOLIDAY", "hours")


def _location_by_exclusion(rules: Rules, profile: StaffProfile) -> WorkLocation | None:
    if profile.class_ in ON_SITE_CLASSES or profile.class_ in rules.excluded_classes:
        return WorkLocation("WFO", "excluded_classes")
    if applies_to(profile.kinds, rules.excluded_units):
        return WorkLocation("WFO", "excluded_units")
    if profile.position in rules.forced_on_site_positions:
        return WorkLocation("WFO", "forced_on_site_positions")
    job_type = profile.job_type
    is_ineligible = rules.eligible_job_types and job_type and job_type not in rules.eligible_job_types
    return WorkLocation("WFO", "eligible_job_types") if is_ineligible else None


def _location_by_pattern(rules: Rules, day: date, profile: StaffProfile) -> WorkLocation | None:
    site = site_start(rules.sites, profile.site)
    if site and day < site.from_:
        return WorkLocation("WFO", "sites")
    is_flexible = is_flexible_day(rules, day, profile.site)
    for head in rules.unit_head_decides:
        # A head who may choose the day decides on every work day; otherwise only on days that the pattern opens.
        if applies_to(profile.kinds, head.units) and ("DAY" in head.may_decide or (head.may_decide and is_flexible)):
            return WorkLocation("UNIT_HEAD", "unit_head_decides")
    if is_flexible and rules.weekly_cap_days == 0:
        return WorkLocation("WFO", "weekly_cap_days")
    return _location_on_flexible_day(rules, is_site_date=bool(site and day in site.dates)) if is_flexible else None


def _location_on_flexible_day(rules: Rules, *, is_site_date: bool) -> WorkLocation:
    """Return what the shares allow on a flexible day. `is_site_date`: the day is an extra date of the site."""
    share, rule = _max_home_share_and_rule(rules)
    if share == 1:
        return WorkLocation("WFH", "sites" if is_site_date else "pattern")
    return WorkLocation("MAX_SHARE" if share else "WFO", rule)


def _location_by_approval(rules: Rules, day: date, *, approved: bool) -> WorkLocation | None:
    for approval in approvals_on(rules, day) if approved else ():
        if approval.kind in LOCATION_OF_APPROVAL:
            return WorkLocation(LOCATION_OF_APPROVAL[approval.kind], "approvals")
    can_apply = rules.pattern is None and any(a.kind == "APPLICATION" for a in rules.approvals)
    return WorkLocation("APPLICATION", "approvals") if can_apply else None


def approvals_on(rules: Rules, day: date) -> Sequence[Approval]:
    """Return the approvals that can be granted on a date: optional days of the OPD first, then those of one person."""
    precedence = tuple(LOCATION_OF_APPROVAL)
    available = [a for a in rules.approvals if a.kind != "OPD_DAYS" or WEEKDAYS[day.weekday()] in a.weekdays]
    return sorted(available, key=lambda a: precedence.index(a.kind) if a.kind in precedence else len(precedence))


def is_flexible_day(rules: Rules, day: date, site: str | None = None) -> bool:
    """Return whether the pattern lets people of a site work elsewhere on a date, if it is a work day."""
    start = site_start(rules.sites, site)
    if start and day < start.from_:
        return False
    return bool(start and day in start.dates) or (rules.pattern is not None and is_pattern_day(rules.pattern, day))


def is_pattern_day(pattern: Pattern, day: date) -> bool:
    """Return whether a date is in the pattern: by its weekday, by its date, or always for groups and `any_day`."""
    return (
        WEEKDAYS[day.weekday()] in pattern.weekdays or day in pattern.dates or bool(pattern.groups) or pattern.any_day
    )


def site_start(sites: Sequence[SiteStart], site: str | None) -> SiteStart | None:
    """Return when a site begins, or None if all sites begin together."""
    if not sites:
        return None
    starts = {start.site: start for start in sites}
    return starts.get(site or "*", starts.get("*"))


def max_home_share(rules: Rules) -> float:
    """Return the highest share (0 to 1) of the people present who may work from home on a flexible day."""
    return _max_home_share_and_rule(rules)[0]


def _max_home_share_and_rule(rules: Rules) -> tuple[float, str]:
    """Return the share and the rule that limits it: the share at home, the share on site, or one group of several."""
    groups = rules.pattern.groups if rules.pattern else None
    cap = (rules.max_share, "max_share") if rules.max_share is not None else (1 / (groups or 1), "pattern")
    # On a tie `min` returns the first one, so the share or the groups are named.
    return min(cap, (1 - (rules.min_on_site_share or 0), "min_on_site_share"), key=lambda bound: bound[0])


def is_work_day(rules: Rules, day: date, profile: StaffProfile) -> bool:
    """Return whether a unit works on a weekday: by its work pattern, else by its posts, else by office hours.

    Posts count for direct service only. Direct service without known posts works every day: it is outside the
    five-day pattern (PermenPANRB 4/2025).
    """
    weekday = WEEKDAYS[day.weekday()]
    for pattern in rules.work_patterns:
        if applies_to(profile.kinds, pattern.units):
            return weekday in pattern.work_days
    if profile.class_ in ON_SITE_CLASSES:
        return weekday in (profile.open_weekdays or WEEKDAYS)
    return weekday in (rules.hours.work_days if rules.hours else FIVE_DAY_WEEK)


def applies_to(kinds: frozenset[str], units: Sequence[str]) -> bool:
    """Return whether a list of units names one of these codes and types, or all of them (`*`)."""
    return "*" in units or not kinds.isdisjoint(units)
