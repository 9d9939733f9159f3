"""Where somebody works on a date, as the resolved rules of an OPD say: the one reading of them. Pure.

Who gives which rule is policy's (`services/policy/domain/resolution/merge.py`); what the rules mean for one unit and
one person is here, for everybody who asks.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from shared.domain.facts.rules import FIVE_DAYS, Approval, Pattern, Rules, SiteStart

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
CLASSES = ("NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7")
"""Service classes (design 4-domain), from the back office to the post that never closes."""
ON_SITE_CLASSES = frozenset({"DIRECT", "EMERGENCY_24X7"})
"""Their share of WFH is 0 under every instrument (design 1-mission, rules that hold everywhere)."""

Where = Literal["WFH", "WFO", "MAX_SHARE", "HOLIDAY", "UNIT_HEAD", "APPLICATION", "WFA"]
GRANTED: dict[str, Where] = {"OPD_DAYS": "WFH", "ORDER": "WFH", "APPLICATION": "WFA"}
"""What an approval of each kind makes of a day in the office."""


class Who(NamedTuple):
    """A unit by its class, its codes and kinds, its site; and a person in it, as far as that is asked.

    `opens`: the weekdays on which its posts open, none where no posts are known.
    """

    class_: str = "NON_SERVICE"
    kinds: frozenset[str] = frozenset()
    site: str | None = None
    position: str | None = None
    job_type: str | None = None
    opens: frozenset[str] = frozenset()


class Verdict(NamedTuple):
    """Where one works, and the rule that decides it (`calendar` and `hours` are not the pattern's)."""

    where: Where
    rule: str


def verdict(rules: Rules, day: date, who: Who, *, holiday: bool = False, approved: bool = False) -> Verdict:
    """The first rule that decides. `approved`: what the rules offer on application, or as an order, was granted."""
    return (
        _by_calendar(rules, day, who, holiday=holiday)
        or _on_site(rules, who)
        or _by_pattern(rules, day, who)
        or _by_approval(rules, day, approved=approved)
        or Verdict("WFO", "pattern")
    )


def _by_calendar(rules: Rules, day: date, who: Who, *, holiday: bool) -> Verdict | None:
    if who.class_ == "EMERGENCY_24X7":
        return Verdict("WFO", "excluded_classes")
    if holiday:
        return Verdict("HOLIDAY", "calendar")
    return None if works(rules, day, who) else Verdict("HOLIDAY", "hours")


def _on_site(rules: Rules, who: Who) -> Verdict | None:
    if who.class_ in ON_SITE_CLASSES or who.class_ in rules.excluded_classes:
        return Verdict("WFO", "excluded_classes")
    if named(who.kinds, rules.excluded_units):
        return Verdict("WFO", "excluded_units")
    if who.position in rules.forced_on_site_positions:
        return Verdict("WFO", "forced_on_site_positions")
    barred = rules.eligible_job_types and who.job_type and who.job_type not in rules.eligible_job_types
    return Verdict("WFO", "eligible_job_types") if barred else None


def _by_pattern(rules: Rules, day: date, who: Who) -> Verdict | None:
    site = begun(rules.sites, who.site)
    if site and day < site.from_:
        return Verdict("WFO", "sites")
    open_ = flexible(rules, day, who.site)
    for head in rules.unit_head_decides:
        if named(who.kinds, head.units) and ("DAY" in head.may_decide or (head.may_decide and open_)):
            return Verdict("UNIT_HEAD", "unit_head_decides")
    if open_ and rules.weekly_cap_days == 0:
        return Verdict("WFO", "weekly_cap_days")
    return _open(rules, own=bool(site and day in site.dates)) if open_ else None


def _open(rules: Rules, *, own: bool) -> Verdict:
    """What a day of the pattern lets one do; `own`: it is a date of the site's."""
    share, rule = _share(rules)
    if share == 1:
        return Verdict("WFH", "sites" if own else "pattern")
    return Verdict("MAX_SHARE" if share else "WFO", rule)


def _by_approval(rules: Rules, day: date, *, approved: bool) -> Verdict | None:
    granted = (a.kind for a in offers(rules, day) if a.kind in GRANTED) if approved else ()
    for kind in granted:
        return Verdict(GRANTED[kind], "approvals")
    asked = rules.pattern is None and any(a.kind == "APPLICATION" for a in rules.approvals)
    return Verdict("APPLICATION", "approvals") if asked else None


def offers(rules: Rules, day: date) -> Sequence[Approval]:
    """What may be granted on a date beside the pattern: an OPD's own days first, then what one person may ask for."""
    there = [a for a in rules.approvals if a.kind != "OPD_DAYS" or WEEKDAYS[day.weekday()] in a.weekdays]
    return sorted(there, key=lambda a: tuple(GRANTED).index(a.kind) if a.kind in GRANTED else len(GRANTED))


def flexible(rules: Rules, day: date, site: str | None = None) -> bool:
    """Whether the pattern lets people of a site be elsewhere on a date that is worked."""
    start = begun(rules.sites, site)
    if start and day < start.from_:
        return False
    return bool(start and day in start.dates) or (rules.pattern is not None and opened(rules.pattern, day))


def opened(pattern: Pattern, day: date) -> bool:
    """Whether a date is one of the pattern: its weekday, its date, or any day of a grouping."""
    return (
        WEEKDAYS[day.weekday()] in pattern.weekdays or day in pattern.dates or bool(pattern.groups) or pattern.any_day
    )


def begun(sites: Sequence[SiteStart], site: str | None) -> SiteStart | None:
    """When a site begins; None where all begin together."""
    if not sites:
        return None
    starts = {start.site: start for start in sites}
    return starts.get(site or "*", starts.get("*"))


def home_share(rules: Rules) -> float:
    """The greatest share of those present that may be at home on a day of the pattern, 0 to 1."""
    return _share(rules)[0]


def _share(rules: Rules) -> tuple[float, str]:
    """The share, and the rule that bounds it: what may be at home, what must be on site, or one group of several."""
    groups = rules.pattern.groups if rules.pattern else None
    said = (rules.max_share, "max_share") if rules.max_share is not None else (1 / (groups or 1), "pattern")
    return min(said, (1 - (rules.min_on_site_share or 0), "min_on_site_share"), key=lambda bound: bound[0])


def works(rules: Rules, day: date, who: Who) -> bool:
    """Whether a unit works on a weekday: by its own work pattern, direct service as its posts open, else as the office.

    Direct service of which no posts are known is outside the five-day pattern (PermenPANRB 4/2025), and told every day.
    """
    weekday = WEEKDAYS[day.weekday()]
    for pattern in rules.work_patterns:
        if named(who.kinds, pattern.units):
            return weekday in pattern.work_days
    if who.class_ in ON_SITE_CLASSES:
        return weekday in (who.opens or WEEKDAYS)
    return weekday in (rules.hours.work_days if rules.hours else FIVE_DAYS)


def named(kinds: frozenset[str], units: Sequence[str]) -> bool:
    """Whether a list of units speaks of one of these codes and kinds."""
    return "*" in units or not kinds.isdisjoint(units)
