"""The verifier accepts a correct plan and reports every way to break a rule."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest

from services.roster.domain.planning.unit_day import UnitDay
from services.roster.domain.planning.verifier import RuleBroken, verify, violations
from shared.domain.facts.policy import Holiday, PolicyChanged
from shared.domain.facts.roster import Assignment
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    SITE,
    arrangement,
    person,
    placement,
    policy,
    post,
    roster,
    shift,
)

MONDAY = date(2025, 12, 1)
TUESDAY = MONDAY + timedelta(days=1)
SATURDAY = MONDAY + timedelta(days=5)
HALVES = Rules(pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=1)
PEOPLE = (placement(ANI, "KASIR"), placement(BUDI), placement(CITRA), placement(DEDI))
COUNTER = post(skills=("KASIR",))


def policy_of(*holidays: Holiday, rules: Rules = HALVES) -> PolicyChanged:
    period = policy().periods[0].model_copy(update={"from_": date(2025, 1, 1), "to": None, "rules": rules})
    return policy(*holidays).model_copy(update={"periods": (period,)})


def at_sites(*sites: Mapping[str, object], weekday: str = "MON") -> PolicyChanged:
    rules = {"pattern": {"weekdays": [weekday]}, "max_share": 0.5, "sites": sites}
    return policy_of(rules=Rules.model_validate(rules))


def day(on: date = MONDAY, kind: str = "MIXED", effective: PolicyChanged | None = None, **more: object) -> UnitDay:
    return UnitDay(on, arrangement(COUNTER, **{"class": kind}), effective or policy_of(), PEOPLE, **more)  # type: ignore[arg-type]


HOME = {name: shift(name, at_post=None, mode="WFH") for name in (ANI, BUDI, CITRA, DEDI)}
OFFICE = {name: shift(name, at_post=None) for name in (ANI, BUDI, CITRA, DEDI)}
CLERK = shift(ANI)
CORRECT_PLAN = (CLERK, HOME[BUDI], HOME[CITRA], OFFICE[DEDI])


def check(checked_day: UnitDay, *shifts: Assignment, staff: int = 4) -> list[str]:
    return list(
        violations([checked_day], {("FRONT", checked_day.work_date): shifts}, (), {checked_day.work_date: staff})
    )


def test_a_correct_plan_passes() -> None:
    assert check(day(), *CORRECT_PLAN) == []


def test_a_plan_with_home_on_an_extra_date_of_the_site_passes() -> None:
    extra_monday = {"site": SITE.site, "from": "2025-12-01", "dates": ["2025-12-01"]}
    assert check(day(effective=at_sites(extra_monday, weekday="THU")), *CORRECT_PLAN) == []


REST = (OFFICE[BUDI], OFFICE[CITRA], OFFICE[DEDI])
BROKEN_PLANS: Mapping[str, tuple[Callable[[], list[str]], str]] = {
    "somebody twice": (lambda: check(day(), *CORRECT_PLAN, OFFICE[DEDI]), "has 2 shifts"),
    "somebody forgotten": (lambda: check(day(), *CORRECT_PLAN[:3]), "has 0 shifts"),
    "a person of no unit": (lambda: check(day(), *CORRECT_PLAN, shift(person("Eka"), at_post=None)), "of 0 units"),
    "a clerk without the skill": (
        lambda: check(day(), OFFICE[ANI], shift(BUDI), *REST[1:]),
        "lacks a skill",
    ),
    "a clerk on leave": (lambda: check(day(absences={ANI: "LEAVE"}), CLERK, *REST), "is away"),
    "a clerk who comes after opening": (lambda: check(day(), shift(ANI, 500, 960), *REST), "shorter than"),
    "an empty counter while a cashier is idle": (lambda: check(day(), OFFICE[ANI], *REST), "could serve"),
    "a counter kept on Saturday": (lambda: check(day(SATURDAY), CLERK, *REST), "staffed but closed"),
    "home on Saturday": (lambda: check(day(SATURDAY), OFFICE[ANI], HOME[BUDI], *REST[1:]), "may not be"),
    "home from direct service": (lambda: check(day(kind="DIRECT"), *CORRECT_PLAN), "may not be"),
    "home on another weekday": (
        lambda: check(day(effective=policy_of(rules=Rules(pattern=Pattern(weekdays=("THU",))))), *CORRECT_PLAN),
        "may not be",
    ),
    "home without any pattern": (
        lambda: check(day(effective=policy_of(rules=Rules())), *CORRECT_PLAN),
        "may not be",
    ),
    "home before the site begins": (
        lambda: check(day(effective=at_sites({"site": SITE.site, "from": "2025-12-02"})), *CORRECT_PLAN),
        "may not be",
    ),
    "home on an extra date of another site": (
        lambda: check(
            day(effective=at_sites({"site": "SETDA-2", "from": "2025-12-01", "dates": ["2025-12-01"]}, weekday="THU")),
            *CORRECT_PLAN,
        ),
        "may not be",
    ),
    "home while on leave": (
        lambda: check(day(absences={BUDI: "LEAVE"}), CLERK, HOME[BUDI], *REST[1:]),
        "may not be",
    ),
    "more than half at home": (lambda: check(day(), *CORRECT_PLAN[:3], HOME[DEDI]), "3 of 4 are at home"),
    "more than one of three groups": (
        lambda: check(day(effective=policy_of(rules=Rules(pattern=Pattern(groups=3)))), *CORRECT_PLAN),
        "the share is 0.33",
    ),
    "more than half of the unit": (
        lambda: check(
            day(effective=policy_of(rules=HALVES.model_copy(update={"share_of": "UNIT"}))),
            *CORRECT_PLAN[:3],
            HOME[DEDI],
            staff=99,
        ),
        "3 of 4",
    ),
}


@pytest.mark.parametrize(("find", "expected"), BROKEN_PLANS.values(), ids=BROKEN_PLANS.keys())
def test_a_plan_with(find: Callable[[], list[str]], expected: str) -> None:
    assert any(expected in violation for violation in find())


def test_home_on_a_holiday_is_seen_and_the_counter_closed() -> None:
    off = Holiday(date=MONDAY, kind="LIBUR", name="Libur", source="SKB")
    assert len(check(day(effective=policy_of(off)), *CORRECT_PLAN)) == 2


def test_a_day_before_any_policy_asks_nothing() -> None:
    late = policy_of().model_copy(update={"periods": ()})
    assert check(day(effective=late), CLERK, *REST) == []
    assert (
        list(
            violations(
                [UnitDay(MONDAY, arrangement(COUNTER), None, PEOPLE)], {("FRONT", MONDAY): (CLERK, *REST)}, (), {}
            )
        )
        == []
    )


def test_a_second_day_at_home_in_the_week_is_seen_also_if_the_first_is_published() -> None:
    before = [roster(HOME[BUDI], day=TUESDAY, unit="BACK")]
    found_violations = list(violations([day()], {("FRONT", MONDAY): CORRECT_PLAN}, before, {MONDAY: 4}))
    assert found_violations == [f"FRONT {MONDAY}: somebody has more than 1 days at home that week"]


def test_what_this_plan_replaces_or_was_withdrawn_no_longer_counts() -> None:
    before = [
        roster(HOME[DEDI], HOME[CITRA], day=MONDAY),
        roster(HOME[DEDI], day=MONDAY, unit="BACK"),
        roster(HOME[CITRA], day=TUESDAY).model_copy(update={"status": "WITHDRAWN"}),
    ]
    assert list(violations([day()], {("FRONT", MONDAY): CORRECT_PLAN}, before, {MONDAY: 4})) == []


def test_a_plan_that_breaks_a_rule_is_stopped() -> None:
    with pytest.raises(RuleBroken, match="could serve"):
        verify([day()], {("FRONT", MONDAY): (OFFICE[ANI], *REST)}, (), {MONDAY: 4})
