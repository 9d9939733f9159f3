"""Rules of circulars beside weekdays and groups: who works on site also on home days, and where heads decide."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.policy.domain.presets.replay import reference_snapshot
from services.roster.domain.planning.planner import DayPlan, plan
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Pilot
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import arrangement, placement, post
from tests.support.roster_plans import STAFF, TUESDAY, back_office, policy_of

OPEN: Mapping[str, Any] = {"pattern": Pattern(weekdays=("TUE",))}


def tuesday(rules: Mapping[str, Any], **unit: object) -> UnitDay:
    effective = policy_of(Rules.model_validate({**OPEN, **rules}))
    people = [placement(employee) for employee in STAFF[:4]]
    people[0] = people[0].model_copy(update={"position_class": "ADMINISTRATOR", "job_type": "ANALIS"})
    return UnitDay(TUESDAY, back_office().model_copy(update=unit), effective, people, {})


def plan_of(day: UnitDay) -> DayPlan:
    return plan([day])[day.unit, day.work_date]


def modes_and_reasons(day: UnitDay) -> list[tuple[str, str]]:
    return sorted((a.mode, a.reason.code) for a in plan_of(day).assignments)


def test_a_position_that_is_forced_on_site_stays_while_the_others_are_at_home() -> None:
    assert modes_and_reasons(tuesday({"forced_on_site_positions": ["ADMINISTRATOR"]})) == [
        *[("WFH", "WFH_WEEKDAY")] * 3, ("WFO", "POSITION"),
    ]  # fmt: skip


def test_only_the_job_types_of_the_list_are_at_home() -> None:
    assert modes_and_reasons(tuesday({"eligible_job_types": ["ANALIS"]})) == [
        ("WFH", "WFH_WEEKDAY"), *[("WFO", "JOB_TYPE")] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize("unit", [{"kinds": ("KECAMATAN",)}, {"unit": "KECAMATAN"}], ids=["its kind", "its code"])
def test_an_excluded_unit_stays_on_site_whole(unit: Mapping[str, object]) -> None:
    assert modes_and_reasons(tuesday({"excluded_units": ["KECAMATAN"]}, **unit)) == [("WFO", "EXCLUDED_UNIT")] * 4


def test_where_the_head_decides_nobody_is_sent_home_by_the_planner() -> None:
    rules = {"unit_head_decides": [{"units": ["KECAMATAN"], "may_decide": ["WHO"]}]}
    assert modes_and_reasons(tuesday(rules, kinds=("KECAMATAN",))) == [("WFO", "UNIT_HEAD")] * 4


@pytest.mark.parametrize("pattern", [{"dates": ["2025-12-02"]}, {"any_day": True}], ids=["a date", "any day"])
def test_a_date_of_the_list_and_any_day_are_home_days(pattern: Mapping[str, object]) -> None:
    assert {mode for mode, _ in modes_and_reasons(tuesday({"pattern": pattern}))} == {"WFH"}


def test_a_least_share_on_site_holds_where_no_greatest_share_at_home_is_set() -> None:
    assert [mode for mode, _ in modes_and_reasons(tuesday({"min_on_site_share": 0.25}))] == ["WFH", "WFH", "WFH", "WFO"]


def test_a_site_that_has_not_begun_keeps_everybody_and_one_with_a_date_of_its_own_does_not() -> None:
    site = back_office().site.site
    later = {"sites": [{"site": "*", "from": "2025-12-09"}]}
    pilot = {
        "sites": [{"site": site, "from": "2025-12-02", "dates": ["2025-12-02"]}, {"site": "*", "from": "2025-12-09"}]
    }
    assert [{mode for mode, _ in modes_and_reasons(tuesday(rules))} for rules in (later, pilot)] == [{"WFO"}, {"WFH"}]


@pytest.mark.parametrize(("site", "mode"), [("DPMPTSP-1", "WFH"), ("SETDA-2", "WFO")])
def test_an_extra_date_is_a_home_day_at_its_site_only(site: str, mode: str) -> None:
    start = {"site": site, "from": "2025-12-01", "dates": ["2025-12-02"]}
    rules = {"pattern": Pattern(weekdays=("THU",)), "sites": [start, {"site": "*", "from": "2025-12-01"}]}
    assert {planned for planned, _ in modes_and_reasons(tuesday(rules))} == {mode}


def test_gedung_sate_is_planned_at_home_on_its_extra_wednesday_of_se_150() -> None:
    timeline = reference_snapshot("32").timeline_of("SETDA")
    effective = policy_of(Rules()).model_copy(update={"periods": timeline.periods})
    office = back_office()
    modes = []
    for site in ("GEDUNG-SATE", "SETDA-2"):
        at_site = office.model_copy(update={"site": office.site.model_copy(update={"site": site})})
        day = UnitDay(date(2025, 11, 5), at_site, effective, [placement(STAFF[0])], {})
        modes += [mode for mode, _ in modes_and_reasons(day)]
    assert modes == ["WFH", "WFO"]


def tuesday_with_pilot(site: str, elsewhere: Mapping[str, Any], at_pilot: Mapping[str, Any]) -> list[DayPlan]:
    """Plan two offices of four people, each at the site of its name; one of them is a pilot with its own rules."""
    effective = policy_of(Rules.model_validate({**OPEN, **elsewhere}))
    pilots = {site: Pilot(rules=Rules.model_validate({**OPEN, **at_pilot}))}
    effective = effective.model_copy(update={"periods": (effective.periods[0].model_copy(update={"pilots": pilots}),)})
    days = []
    for unit, staff in (("BACK", STAFF[:4]), ("HALL", STAFF[4:8])):
        office = back_office(unit=unit)
        arrangement_ = office.model_copy(update={"site": office.site.model_copy(update={"site": unit})})
        days.append(
            UnitDay(TUESDAY, arrangement_, effective, [placement(employee, unit=unit) for employee in staff], {})
        )
    return list(plan(days).values())


SHARES_OF_OPD = [({"max_share": 1.0}, {"max_share": 0.5}), ({"max_share": 0.5}, {"max_share": 1.0})]
SHARES_OF_OPD_AND_UNIT = [
    ({"max_share": 0.5}, {"share_of": "UNIT", "max_share": 1.0}),
    ({"share_of": "UNIT"}, {"max_share": 0.5}),
]


@pytest.mark.parametrize("site", ["BACK", "HALL"])
@pytest.mark.parametrize(("elsewhere", "at_pilot"), [*SHARES_OF_OPD, *SHARES_OF_OPD_AND_UNIT])
def test_an_office_at_a_pilot_and_one_elsewhere_are_planned_together_within_the_strictest_share_of_the_opd(
    site: str, elsewhere: Mapping[str, Any], at_pilot: Mapping[str, Any]
) -> None:
    plans = tuesday_with_pilot(site, elsewhere, at_pilot)
    reasons = Counter((a.mode, a.reason.code) for day_plan in plans for a in day_plan.assignments)
    assert reasons["WFH", "WFH_WEEKDAY"] == 4
    assert reasons["WFO", "WFO_SHARE"] + reasons["WFO", "WFO_GROUP"] == 4


def test_a_counter_with_another_minimum_on_another_weekday_is_filled_by_that_of_the_day() -> None:
    posts = (post(minimum=1, weekdays=("MON",)), post(minimum=2, weekdays=("TUE", "WED")))
    office = arrangement().model_copy(update={"posts": posts})
    effective = policy_of(Rules.model_validate(OPEN))
    day = UnitDay(TUESDAY, office, effective, [placement(employee) for employee in STAFF[:5]], {})
    assert [(r.post, r.minimum) for r in plan_of(day).required] == [("LOKET-1", 2)]
    assert sum(a.post == "LOKET-1" for a in plan_of(day).assignments) >= 2
