"""Laws of plans where sites begin on different dates and have extra home dates, with a reading of the rules by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.planning.planner import plan
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import ArrangementChanged, Pilot, PolicyChanged
from shared.domain.facts.rules import Rules
from tests.support.example_facts import SITE, arrangement, placement, post
from tests.support.roster_plans import STAFF, WEEK, at_home, back_office, policy_of

RulesData = Mapping[str, Any]

UNITS = {"FRONT": "GEDUNG-SATE", "BACK": "GEDUNG-SATE", "HALL": "SETDA-2"}
"""The site of each unit."""
PEOPLE = {"FRONT": STAFF[:3], "BACK": STAFF[3:6], "HALL": STAFF[6:9]}
WORK_DATES = st.sampled_from(WEEK)
PATTERNS: st.SearchStrategy[RulesData] = st.sampled_from(
    [{"weekdays": ["TUE"]}, {"weekdays": ["MON", "FRI"]}, {"dates": ["2025-12-03"]}, {"groups": 2}, {"any_day": True}]
)
LIMITS: st.SearchStrategy[RulesData] = st.fixed_dictionaries(
    {},
    optional={
        "max_share": st.sampled_from([0.0, 0.29, 0.5, 1.0]),
        "min_on_site_share": st.sampled_from([0.0, 0.25, 1.0]),
        "share_of": st.sampled_from(["OPD", "UNIT"]),
        "weekly_cap_days": st.integers(0, 5),
    },
)
NO_LIMITS: st.SearchStrategy[RulesData] = st.just({"max_share": 1.0})


@st.composite
def site_starts(draw: st.DrawFn) -> list[RulesData]:
    """Return starts of some sites with extra home dates, and sometimes a start of all others, without such dates."""
    sites = draw(st.lists(st.sampled_from(sorted({*UNITS.values()})), unique=True))
    extra_dates = st.lists(WORK_DATES, unique=True, max_size=3)
    starts = [{"site": site, "from": draw(WORK_DATES), "dates": draw(extra_dates)} for site in sites]
    others = draw(st.lists(WORK_DATES, max_size=1))
    return [*starts, *({"site": "*", "from": first} for first in others)]


@st.composite
def policies(draw: st.DrawFn, limits: st.SearchStrategy[RulesData] = LIMITS) -> PolicyChanged:
    """Return rules of all sites; one site can be a pilot with other rules."""

    def rules() -> Rules:
        return Rules.model_validate({"pattern": draw(PATTERNS), "sites": draw(site_starts()), **draw(limits)})

    effective = policy_of(rules())
    pilots = {"GEDUNG-SATE": Pilot(rules=rules())} if draw(st.booleans()) else {}
    return effective.model_copy(update={"periods": (effective.periods[0].model_copy(update={"pilots": pilots}),)})


def office(unit: str) -> ArrangementChanged:
    built = arrangement(post(), **{"class": "MIXED"}) if unit == "FRONT" else back_office(unit=unit)
    return built.model_copy(update={"site": SITE.model_copy(update={"site": UNITS[unit]})})


def unit_days(effective: PolicyChanged, units: Mapping[str, int]) -> list[UnitDay]:
    """Return the days of a week of units with that many people."""
    people = {unit: [placement(e, unit=unit) for e in PEOPLE[unit][:size]] for unit, size in units.items()}
    return [UnitDay(day, office(unit), effective, people[unit]) for day in WEEK for unit in units]


def is_home_date(rules: Rules, day: date, site: str) -> bool:
    """Return whether the rules let people of a site work from home on a date, without the code of the services."""
    starts = [s for s in rules.sites if s.site == site] or [s for s in rules.sites if s.site == "*"]
    if any(day < start.from_ for start in starts):
        return False
    pattern = rules.pattern
    assert pattern
    listed = {*pattern.dates, *(extra for start in starts for extra in start.dates)}
    return day in listed or f"{day:%a}".upper() in pattern.weekdays or bool(pattern.groups or pattern.any_day)


@given(policies(), st.fixed_dictionaries(dict.fromkeys(UNITS, st.integers(0, 3))))
def test_every_plan_passes_the_verifier_whatever_sites_the_rules_name(
    effective: PolicyChanged, units: Mapping[str, int]
) -> None:
    assert len(plan(unit_days(effective, units))) == len(UNITS) * len(WEEK)


@given(policies(limits=NO_LIMITS))
def test_where_no_share_limits_them_people_are_at_home_on_the_dates_of_their_site_and_no_others(
    effective: PolicyChanged,
) -> None:
    units = {"BACK": 2, "HALL": 2}
    rules = {unit: effective.periods[0].at_site(UNITS[unit]).rules for unit in units}
    expected = {
        (employee, day)
        for unit, size in units.items()
        for employee in PEOPLE[unit][:size]
        for day in WEEK
        if is_home_date(rules[unit], day, UNITS[unit])
    }
    assert set(at_home(plan(unit_days(effective, units)))) == expected
