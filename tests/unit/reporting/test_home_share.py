"""Tests the share at home by the rosters of a date against the rules."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.reporting.domain.efficiency.home_share import home_share
from services.reporting.domain.fact_store.compact import CompactRoster, CompactShift
from services.reporting.domain.fact_store.current import CurrentFacts
from shared.domain.facts.coverage import HomeShare
from shared.domain.facts.policy import ArrangementChanged, Change, Period, PolicyChanged, Site
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import THURSDAY

FRIDAY = THURSDAY + timedelta(days=1)
THURSDAY_HALF = Rules(pattern=Pattern(weekdays=("THU",)), max_share=0.5, share_of="OPD")


def roster(unit: str, home: int, office: int, present: tuple[int, int] | None = None, **fields: Any) -> CompactRoster:
    modes = ["WFH"] * home + ["WFO"] * office + ["OFF", "AWAY"]
    shifts = tuple(CompactShift(None, mode, 450, 960, ()) for mode in modes)
    values: dict[str, Any] = {"work_date": THURSDAY, "is_active": True, "crosses_midnight": False} | fields
    staff = tuple(str(n).encode() for n in range(len(modes)))
    return CompactRoster(region="32", unit=unit, staff=staff, shifts=shifts, present=present, **values)


def arrangement(unit: str, class_: str = "NON_SERVICE") -> ArrangementChanged:
    site = Site(site="GEDUNG", lat=-6.9, lng=107.6, radius_m=100, timezone="Asia/Jakarta")
    return ArrangementChanged(
        region="32", opd="BKD", unit=unit, name=unit, class_=class_, site=site, valid_from=THURSDAY - timedelta(days=9)
    )


def share(
    rosters: Sequence[CompactRoster], rules: Rules = THURSDAY_HALF, *, holiday: bool = False, **classes: str
) -> HomeShare | None:
    change = Change(
        kind="ENACTED", instrument="SE", decided_on=THURSDAY, published_on=THURSDAY, effective_from=THURSDAY
    )
    policy = PolicyChanged(
        region="32",
        opd="BKD",
        change=change,
        revision=1,
        periods=(Period(from_=THURSDAY - timedelta(days=9), rules=rules),),
    )
    current = CurrentFacts(
        arrangements={
            unit: (arrangement(unit, class_),) for unit, class_ in ({"SEKRE": "NON_SERVICE"} | classes).items()
        },
        rosters={(r.unit, r.work_date): r for r in rosters},
        policy=policy,
        holidays=frozenset({THURSDAY} if holiday else ()),
    )
    return home_share(current, THURSDAY)


def test_half_of_the_people_present_may_be_at_home() -> None:
    assert share([roster("SEKRE", 3, 5, (9, 20))]) == HomeShare(present=20, at_home=3, allowed=10)


def test_a_share_of_the_opd_counts_all_its_units() -> None:
    units = [roster("SEKRE", 10, 0, (10, 20)), roster("LOKET", 1, 9, (10, 20))]
    assert share(units, LOKET="MIXED") == HomeShare(present=20, at_home=11, allowed=10, broken=("MAX_SHARE",))


def test_a_share_of_units_is_judged_unit_by_unit() -> None:
    rules = THURSDAY_HALF.model_copy(update={"share_of": "UNIT"})
    units = [roster("SEKRE", 6, 4, (10, 20)), roster("LOKET", 1, 9, (10, 20))]
    assert share(units, rules, LOKET="MIXED") == HomeShare(present=20, at_home=7, allowed=10, broken=("MAX_SHARE",))


def test_nobody_is_at_home_on_an_office_day() -> None:
    rules = THURSDAY_HALF.model_copy(update={"pattern": Pattern(weekdays=("FRI",))})
    assert share([roster("SEKRE", 1, 9, (10, 10))], rules) == HomeShare(
        present=10, at_home=1, allowed=0, broken=("FLEXIBLE_DAY",)
    )


@pytest.mark.parametrize("holiday", [True, False])
def test_direct_service_has_no_share_and_a_holiday_has_none(*, holiday: bool) -> None:
    result = share([roster("SEKRE", 0, 4, (4, 8)), roster("IGD", 1, 3, (4, 8))], holiday=holiday, IGD="EMERGENCY_24X7")
    assert result
    assert (result.allowed, result.broken) == (0 if holiday else 4, ("FLEXIBLE_DAY",))


def test_one_of_three_groups_is_a_third_without_rounding_down() -> None:
    rules = Rules(pattern=Pattern(groups=3))
    assert share([roster("SEKRE", 3, 6, (9, 9))], rules) == HomeShare(present=9, at_home=3, allowed=3)


def test_a_roster_without_the_planners_count_breaks_no_share() -> None:
    assert share([roster("SEKRE", 6, 4)]) == HomeShare(present=10, at_home=6, allowed=5)


def test_a_unit_without_an_arrangement_is_counted_and_not_judged() -> None:
    assert share([roster("BARU", 6, 4, (10, 10))]) == HomeShare(present=10, at_home=6, allowed=10)


def test_withdrawn_rosters_and_those_of_other_dates_count_for_nothing() -> None:
    assert share([roster("SEKRE", 1, 1, is_active=False), roster("LOKET", 1, 1, work_date=FRIDAY)]) is None
