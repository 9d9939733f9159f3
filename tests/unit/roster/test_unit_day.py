"""One day of DPMPTSP alone: the counter first, then home or office, each with its reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.planning.planner import DayPlan
from services.roster.domain.planning.planner import plan as plan_together
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Holiday, PolicyChanged, Post
from shared.domain.facts.roster import EmployeePlaced
from tests.support.example_facts import (
    ANI,
    BUDI,
    DEDI,
    EVERY_DAY,
    THURSDAY,
    arrangement,
    person,
    placement,
    post,
)
from tests.support.roster_plans import TEAM, stage_1

FRIDAY, SATURDAY = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=2)


def day(
    *people: EmployeePlaced, on: date = THURSDAY, kind: str = "DIRECT", posts: Sequence[Post] = (), **more: object
) -> UnitDay:
    effective = more.get("effective", stage_1())
    assert effective is None or isinstance(effective, PolicyChanged)
    return UnitDay(on, arrangement(*posts, **{"class": kind}), effective, people)


def plan(day: UnitDay) -> DayPlan:
    """A unit's day alone."""
    (day_plan,) = plan_together([day]).values()
    return day_plan


def modes(day_plan: DayPlan) -> Mapping[str, int]:
    return Counter(a.mode for a in day_plan.assignments)


def reasons(day_plan: DayPlan) -> set[str]:
    return {a.reason.code for a in day_plan.assignments}


def test_direct_service_stays_on_site_on_the_wfh_thursday() -> None:
    assert modes(plan(day(*TEAM))) == {"WFO": 4}


def test_a_back_office_goes_home_on_thursday_and_the_reason_names_the_circular() -> None:
    day_plan = plan(day(*TEAM, kind="NON_SERVICE", posts=[post(minimum=0)]))
    assert {(a.mode, a.reason.code, a.reason.instrument) for a in day_plan.assignments} == {
        ("WFH", "WFH_WEEKDAY", "jabar-2025-se-150-stage-1")
    }


def test_a_mixed_unit_keeps_its_counter_and_a_relief_and_sends_the_rest_home() -> None:
    assert modes(plan(day(*TEAM, kind="MIXED"))) == {"WFO": 2, "WFH": 2}


def test_on_friday_everybody_is_on_site() -> None:
    day_plan = plan(day(*TEAM, on=FRIDAY, kind="NON_SERVICE", posts=[post(minimum=0, weekdays=("MON",))]))
    assert (modes(day_plan), reasons(day_plan)) == ({"WFO": 4}, {"OFFICE_DAY"})


def test_without_any_policy_everybody_is_on_site() -> None:
    assert modes(plan(day(*TEAM, kind="NON_SERVICE", effective=None))) == {"WFO": 4}


def test_direct_service_without_a_post_gets_the_reason_why_it_stays() -> None:
    skilled = post(skills=("KASIR",))
    day_plan = plan(day(placement(ANI, "KASIR"), placement(BUDI), posts=[skilled]))
    assert {a.employee: a.reason.code for a in day_plan.assignments} == {
        ANI: "SERVICE_STANDARD",
        BUDI: "DIRECT_SERVICE",
    }


def test_a_shortage_is_named_and_who_is_there_still_serves() -> None:
    day_plan = plan(day(placement(ANI), posts=[post(minimum=3)]))
    assert (day_plan.shortage, modes(day_plan)) == ({"LOKET-1": 3}, {"WFO": 1})


def test_the_scarce_skill_is_placed_first() -> None:
    posts = [post("A-1", minimum=1), post("Z-9", minimum=1, skills=("KASIR",))]
    people = (placement(ANI, "KASIR"), placement(BUDI))
    filled = {a.post: a.employee for a in plan(day(*people, posts=posts)).assignments}
    assert filled == {"A-1": BUDI, "Z-9": ANI}


def test_on_a_holiday_the_counter_closes_and_the_day_is_off() -> None:
    off = Holiday(date=THURSDAY, kind="CUTI_BERSAMA", name="Cuti bersama", source="SKB")
    day_plan = plan(day(*TEAM, effective=stage_1(off)))
    assert (modes(day_plan), reasons(day_plan), day_plan.required) == ({"OFF": 4}, {"HOLIDAY"}, ())


def test_an_emergency_post_serves_on_holidays_and_nights() -> None:
    off = Holiday(date=SATURDAY, kind="LIBUR", name="Libur", source="SKB")
    night = post("PUSDALOPS", 1320, 1800, weekdays=EVERY_DAY, on_holidays="OPEN")
    day_plan = plan(day(placement(ANI), on=SATURDAY, kind="EMERGENCY_24X7", posts=[night], effective=stage_1(off)))
    assert [(a.mode, a.from_minute, a.to_minute, a.breaks) for a in day_plan.assignments] == [("WFO", 1320, 1800, ())]


def test_saturday_is_off_where_no_post_opens() -> None:
    assert reasons(plan(day(*TEAM, on=SATURDAY))) == {"WEEKEND"}


def test_friday_ends_later_and_rests_longer() -> None:
    first = plan(day(*TEAM, on=FRIDAY)).assignments[0]
    assert (first.to_minute, [(b.from_minute, b.to_minute) for b in first.breaks]) == (990, [(690, 780)])


def heads(day_plan: DayPlan, code: str, minute: int) -> int:
    shifts = [a for a in day_plan.assignments if a.post == code and a.from_minute <= minute < a.to_minute]
    return sum(not any(b.from_minute <= minute < b.to_minute for b in a.breaks) for a in shifts)


def heads_with_relief(minima: Sequence[int], groups: int) -> int:
    """Heads that keep these minima when each post rests in so many groups."""
    return sum(m + -(-m // (groups - 1)) for m in minima)


POST_MINIMA = st.lists(st.integers(1, 9), min_size=1, max_size=3)
KINDS = st.sampled_from(["DIRECT", "MIXED"])
ON = st.sampled_from([(THURSDAY, 4), (FRIDAY, 3)])


@given(POST_MINIMA, st.integers(0, 12), KINDS, ON)
def test_a_post_with_relief_keeps_its_minimum_through_every_break(
    minima: list[int], more: int, kind: str, on: tuple[date, int]
) -> None:
    people = [placement(person(f"P{n}")) for n in range(heads_with_relief(minima, on[1]) + more)]
    posts = [post(f"LOKET-{number}", minimum=minimum) for number, minimum in enumerate(minima)]
    day_plan = plan(day(*people, on=on[0], kind=kind, posts=posts))
    least = [min(heads(day_plan, p.post, minute) for minute in range(480, 900)) for p in posts]
    assert (day_plan.shortage, [n >= m for n, m in zip(least, minima, strict=True)]) == ({}, [True] * len(posts))


HOURS = st.sampled_from([(480, 900), (450, 990), (480, 690), (735, 900), (1320, 1800)])


@given(POST_MINIMA, st.integers(0, 20), KINDS, ON, HOURS)
def test_a_shortage_is_the_most_heads_that_ever_miss_while_the_post_is_open(
    minima: list[int], staff: int, kind: str, on: tuple[date, int], hours: tuple[int, int]
) -> None:
    posts = [post(f"LOKET-{number}", *hours, minimum=minimum) for number, minimum in enumerate(minima)]
    day_plan = plan(day(*(placement(person(f"P{n}")) for n in range(staff)), on=on[0], kind=kind, posts=posts))
    missing = {p.post: max(p.minimum - heads(day_plan, p.post, minute) for minute in range(*hours)) for p in posts}
    assert day_plan.shortage == {code: n for code, n in missing.items() if n > 0}


def test_every_post_has_its_minimum_before_any_has_relief() -> None:
    day_plan = plan(day(placement(ANI), placement(BUDI), posts=[post("LOKET-1"), post("LOKET-2")]))
    assert Counter(a.post for a in day_plan.assignments) == {"LOKET-1": 1, "LOKET-2": 1}


def test_who_can_do_more_is_kept_for_the_post_that_needs_it() -> None:
    posts = [post("A-1", skills=("LOKET",)), post("B-2", skills=("KASIR",)), post("C-3", skills=("KASIR",))]
    people = [placement(person(n), *skills) for n, skills in (("1", ("LOKET", "KASIR")), ("2", ("KASIR",)))]
    day_plan = plan(day(*people, placement(DEDI, "LOKET"), posts=posts))
    assert {a.post for a in day_plan.assignments} == {"A-1", "B-2", "C-3"}


def test_one_person_alone_leaves_the_counter_empty_at_noon_and_that_is_named() -> None:
    assert plan(day(placement(ANI))).shortage == {"LOKET-1": 1}


def test_a_morning_counter_misses_nobody_at_noon() -> None:
    assert plan(day(placement(ANI), posts=[post(opens=480, closes=720)])).shortage == {}


def test_a_counter_that_closes_after_the_office_keeps_its_people() -> None:
    day_plan = plan(day(*TEAM, posts=[post(closes=990)]))
    assert (day_plan.shortage, {a.to_minute for a in day_plan.assignments}) == ({}, {990})


@given(st.permutations(TEAM))
def test_the_plan_does_not_depend_on_the_order_of_people(people: list[EmployeePlaced]) -> None:
    assert plan(day(*people, kind="MIXED")) == plan(day(*TEAM, kind="MIXED"))
