"""Home days: as many as shares and caps allow, as fairly as possible, published ones counted."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.planning.planner import plan
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import (
    ANI,
    person,
    roster,
    shift,
)
from tests.support.roster_plans import (
    HALVES,
    MONDAY,
    STAFF,
    STAGE_2,
    TUESDAY,
    WEDNESDAY,
    as_published,
    at_home,
    back_office,
    days,
    home_counts,
    policy_of,
    reason_counts,
    team,
)


def test_the_share_is_of_the_whole_agency_unless_it_is_of_each_unit() -> None:
    units = ((back_office(unit="A"), team(*STAFF[:3], unit="A")), (back_office(unit="B"), team(*STAFF[3:6], unit="B")))
    of_unit = policy_of(HALVES.model_copy(update={"share_of": "UNIT"}))
    homes = [len(at_home(plan(days(*units, on=[MONDAY], effective=effective)))) for effective in (STAGE_2, of_unit)]
    assert homes == [3, 2]


def test_a_share_that_is_no_binary_fraction_is_rounded_down_from_its_own_value() -> None:
    effective = policy_of(Rules(pattern=Pattern(weekdays=("MON",)), max_share=0.29))
    plans = plan(days((back_office(), team(*(person(f"Q{n}") for n in range(100)))), on=[MONDAY], effective=effective))
    assert len(at_home(plans)) == 29


def test_groups_without_a_share_go_home_one_at_a_time() -> None:
    effective = policy_of(Rules(pattern=Pattern(groups=3)))
    plans = plan(days((back_office(), team(*STAFF[:9])), on=[MONDAY], effective=effective))
    assert reason_counts(plans["BACK", MONDAY]) == {"WFH_GROUP": 3, "WFO_GROUP": 6}


def test_a_fixed_weekday_with_a_share_sends_only_so_many_home() -> None:
    effective = policy_of(Rules(pattern=Pattern(weekdays=("THU",)), max_share=0.5))
    plans = plan(days((back_office(), team(*STAFF)), effective=effective))
    assert home_counts(plans) == [0, 0, 0, 5, 0]


def test_who_was_at_home_this_week_already_goes_after_the_others() -> None:
    monday = plan(days((back_office(), team(*STAFF)), on=[MONDAY]))
    tuesday = plan(days((back_office(), team(*STAFF)), on=[TUESDAY]), as_published(monday))
    assert {e for e, _ in at_home(monday)}.isdisjoint({e for e, _ in at_home(tuesday)})


def test_published_days_count_against_the_weekly_cap() -> None:
    effective = policy_of(Rules(pattern=Pattern(weekdays=("MON", "TUE", "WED")), weekly_cap_days=2))
    office = (back_office(), team(ANI))
    before = as_published(plan(days(office, on=[MONDAY, TUESDAY], effective=effective)))
    assert reason_counts(plan(days(office, on=[WEDNESDAY], effective=effective), before)["BACK", WEDNESDAY]) == {
        "WEEKLY_CAP": 1
    }


def test_a_withdrawn_roster_counts_for_nothing() -> None:
    effective = policy_of(Rules(pattern=Pattern(weekdays=("MON", "TUE")), weekly_cap_days=1))
    office = (back_office(), team(ANI))
    (before,) = as_published(plan(days(office, on=[MONDAY], effective=effective)))
    withdrawn = before.model_copy(update={"status": "WITHDRAWN"})
    assert reason_counts(plan(days(office, on=[TUESDAY], effective=effective), [withdrawn])["BACK", TUESDAY]) == {
        "WFH_WEEKDAY": 1
    }


def test_published_homes_of_other_units_use_up_the_share() -> None:
    units = [(back_office(unit=unit), team(*staff, unit=unit)) for unit, staff in (("A", STAFF[:5]), ("B", STAFF[5:]))]
    before = plan(days(units[0], on=[MONDAY]), (), {MONDAY: 10})
    after = plan(days(units[1], on=[MONDAY]), as_published(before), {MONDAY: 10})
    assert (len(at_home(before)), len(at_home(after))) == (5, 0)


def test_a_share_that_publication_has_outrun_is_nobodys_fault_now() -> None:
    homes = roster(*(shift(e, at_post=None, mode="WFH") for e in STAFF[:3]), unit="A", day=MONDAY)
    plans = plan(days((back_office(unit="B"), team(*STAFF[5:], unit="B")), on=[MONDAY]), [homes], {MONDAY: 4})
    assert at_home(plans) == []


def test_the_share_is_of_those_present() -> None:
    absences = dict.fromkeys(STAFF[:5], "LEAVE")
    assert len(at_home(plan(days((back_office(), team(*STAFF)), on=[MONDAY], absences=absences)))) == 2


def fairest(people: int, share: int, cap: int, history: Sequence[int]) -> tuple[int, int]:
    """By trying all: the most home days of two days, and the least sum of squares at that number."""
    subsets = [set(s) for size in range(share + 1) for s in combinations(range(people), size)]
    plans = (
        [history[n] + (n in first) + (n in second) for n in range(people)]
        for first, second in product(subsets, repeat=2)
    )
    allowed = [p for p in plans if all(days <= max(cap, had) for days, had in zip(p, history, strict=True))]
    most = max(map(sum, allowed))
    return most, min(sum(days**2 for days in p) for p in allowed if sum(p) == most)


@given(st.integers(1, 4), st.integers(0, 2), st.data())
def test_as_many_as_may_are_at_home_and_no_plan_is_fairer(people: int, cap: int, data: st.DataObject) -> None:
    history = data.draw(st.lists(st.integers(0, 1), min_size=people, max_size=people))
    rules = HALVES.model_copy(update={"weekly_cap_days": cap})
    before = roster(
        *(shift(STAFF[n], at_post=None, mode="WFH") for n in range(people) if history[n]), unit="A", day=MONDAY
    )
    office = (back_office(), team(*STAFF[:people]))
    plans = plan(days(office, on=[TUESDAY, WEDNESDAY], effective=policy_of(rules)), [before])
    total = Counter(e for e, _ in at_home(plans))
    home_days = [history[n] + total[STAFF[n]] for n in range(people)]
    assert (sum(home_days), sum(n**2 for n in home_days)) == fairest(people, people // 2, cap, history)
