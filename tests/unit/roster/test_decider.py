"""The roster of DPMPTSP: the counter first, then home or office, each with its reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain import decider
from services.roster.domain.commands import PlacePeople, PlanDays
from services.roster.domain.planning.planner import Drawn
from services.roster.domain.planning.planner import plan as plan_together
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import Holiday, PolicyChanged, Post, Rules, Winner
from shared.domain.facts.roster import EmployeePlaced, RosterAssigned
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    EVERY_DAY,
    THURSDAY,
    arrangement,
    person,
    placed,
    policy,
    post,
)
from tests.support.given_when_then import outcome

FRIDAY, SATURDAY = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=2)
STAGE_1 = Rules.model_validate({"pattern": {"weekdays": ["THU"]}, "excluded_classes": ["DIRECT", "EMERGENCY_24X7"]})


def stage_1(*holidays: Holiday) -> PolicyChanged:
    told = policy(*holidays, rules=STAGE_1)
    winner = Winner(instrument="jabar-2025-se-150-stage-1", layer="PROVINCE")
    period = told.periods[0].model_copy(update={"won_by": {"pattern": winner, "excluded_classes": winner}})
    return told.model_copy(update={"periods": (period,)})


def day(
    *people: EmployeePlaced, on: date = THURSDAY, kind: str = "DIRECT", posts: Sequence[Post] = (), **more: object
) -> UnitDay:
    told = more.get("told", stage_1())
    assert told is None or isinstance(told, PolicyChanged)
    return UnitDay(on, arrangement(*posts, **{"class": kind}), told, people)


def plan(day: UnitDay) -> Drawn:
    """A unit's day alone."""
    (drawn,) = plan_together([day]).values()
    return drawn


def modes(drawn: Drawn) -> Mapping[str, int]:
    return Counter(a.mode for a in drawn.assignments)


def reasons(drawn: Drawn) -> set[str]:
    return {a.reason.code for a in drawn.assignments}


TEAM = tuple(map(placed, (ANI, BUDI, CITRA, DEDI)))


def test_direct_service_stays_on_site_on_the_wfh_thursday() -> None:
    assert modes(plan(day(*TEAM))) == {"WFO": 4}


def test_a_back_office_goes_home_on_thursday_and_the_reason_names_the_circular() -> None:
    drawn = plan(day(*TEAM, kind="NON_SERVICE", posts=[post(minimum=0)]))
    assert {(a.mode, a.reason.code, a.reason.instrument) for a in drawn.assignments} == {
        ("WFH", "WFH_WEEKDAY", "jabar-2025-se-150-stage-1")
    }


def test_a_mixed_unit_keeps_its_counter_and_a_relief_and_sends_the_rest_home() -> None:
    assert modes(plan(day(*TEAM, kind="MIXED"))) == {"WFO": 2, "WFH": 2}


def test_on_friday_everybody_is_on_site() -> None:
    drawn = plan(day(*TEAM, on=FRIDAY, kind="NON_SERVICE", posts=[post(minimum=0, weekdays=("MON",))]))
    assert (modes(drawn), reasons(drawn)) == ({"WFO": 4}, {"OFFICE_DAY"})


def test_without_any_policy_everybody_is_on_site() -> None:
    assert modes(plan(day(*TEAM, kind="NON_SERVICE", told=None))) == {"WFO": 4}


def test_direct_service_without_a_post_is_told_why_it_stays() -> None:
    skilled = post(skills=("KASIR",))
    drawn = plan(day(placed(ANI, "KASIR"), placed(BUDI), posts=[skilled]))
    assert {a.employee: a.reason.code for a in drawn.assignments} == {ANI: "SERVICE_STANDARD", BUDI: "DIRECT_SERVICE"}


def test_a_shortage_is_named_and_who_is_there_still_serves() -> None:
    drawn = plan(day(placed(ANI), posts=[post(minimum=3)]))
    assert (drawn.shortage, modes(drawn)) == ({"LOKET-1": 3}, {"WFO": 1})


def test_the_scarce_skill_is_placed_first() -> None:
    posts = [post("A-1", minimum=1), post("Z-9", minimum=1, skills=("KASIR",))]
    people = (placed(ANI, "KASIR"), placed(BUDI))
    filled = {a.post: a.employee for a in plan(day(*people, posts=posts)).assignments}
    assert filled == {"A-1": BUDI, "Z-9": ANI}


def test_on_a_holiday_the_counter_closes_and_the_day_is_off() -> None:
    off = Holiday(date=THURSDAY, kind="CUTI_BERSAMA", name="Cuti bersama", source="SKB")
    drawn = plan(day(*TEAM, told=stage_1(off)))
    assert (modes(drawn), reasons(drawn), drawn.required) == ({"OFF": 4}, {"HOLIDAY"}, ())


def test_an_emergency_post_serves_on_holidays_and_nights() -> None:
    off = Holiday(date=SATURDAY, kind="LIBUR", name="Libur", source="SKB")
    night = post("PUSDALOPS", 1320, 1800, weekdays=EVERY_DAY, on_holidays="OPEN")
    drawn = plan(day(placed(ANI), on=SATURDAY, kind="EMERGENCY_24X7", posts=[night], told=stage_1(off)))
    assert [(a.mode, a.from_minute, a.to_minute, a.breaks) for a in drawn.assignments] == [("WFO", 1320, 1800, ())]


def test_saturday_is_off_where_no_post_opens() -> None:
    assert reasons(plan(day(*TEAM, on=SATURDAY))) == {"WEEKEND"}


def test_friday_ends_later_and_rests_longer() -> None:
    first = plan(day(*TEAM, on=FRIDAY)).assignments[0]
    assert (first.to_minute, [(b.from_minute, b.to_minute) for b in first.breaks]) == (990, [(690, 780)])


def heads(drawn: Drawn, code: str, minute: int) -> int:
    there = [a for a in drawn.assignments if a.post == code and a.from_minute <= minute < a.to_minute]
    return sum(not any(b.from_minute <= minute < b.to_minute for b in a.breaks) for a in there)


def keeping(minima: Sequence[int], groups: int) -> int:
    """Heads that keep these minima when each post rests in so many groups."""
    return sum(m + -(-m // (groups - 1)) for m in minima)


POST_MINIMA = st.lists(st.integers(1, 9), min_size=1, max_size=3)
KINDS = st.sampled_from(["DIRECT", "MIXED"])
ON = st.sampled_from([(THURSDAY, 4), (FRIDAY, 3)])


@given(POST_MINIMA, st.integers(0, 12), KINDS, ON)
def test_a_post_with_relief_keeps_its_minimum_through_every_break(
    minima: list[int], more: int, kind: str, on: tuple[date, int]
) -> None:
    people = [placed(person(f"P{n}")) for n in range(keeping(minima, on[1]) + more)]
    posts = [post(f"LOKET-{number}", minimum=minimum) for number, minimum in enumerate(minima)]
    drawn = plan(day(*people, on=on[0], kind=kind, posts=posts))
    least = [min(heads(drawn, p.post, minute) for minute in range(480, 900)) for p in posts]
    assert (drawn.shortage, [n >= m for n, m in zip(least, minima, strict=True)]) == ({}, [True] * len(posts))


HOURS = st.sampled_from([(480, 900), (450, 990), (480, 690), (735, 900), (1320, 1800)])


@given(POST_MINIMA, st.integers(0, 20), KINDS, ON, HOURS)
def test_a_shortage_is_the_most_heads_that_ever_miss_while_the_post_is_open(
    minima: list[int], staff: int, kind: str, on: tuple[date, int], hours: tuple[int, int]
) -> None:
    posts = [post(f"LOKET-{number}", *hours, minimum=minimum) for number, minimum in enumerate(minima)]
    drawn = plan(day(*(placed(person(f"P{n}")) for n in range(staff)), on=on[0], kind=kind, posts=posts))
    missing = {p.post: max(p.minimum - heads(drawn, p.post, minute) for minute in range(*hours)) for p in posts}
    assert drawn.shortage == {code: n for code, n in missing.items() if n > 0}


def test_every_post_has_its_minimum_before_any_has_relief() -> None:
    drawn = plan(day(placed(ANI), placed(BUDI), posts=[post("LOKET-1"), post("LOKET-2")]))
    assert Counter(a.post for a in drawn.assignments) == {"LOKET-1": 1, "LOKET-2": 1}


def test_who_can_do_more_is_kept_for_the_post_that_needs_it() -> None:
    posts = [post("A-1", skills=("LOKET",)), post("B-2", skills=("KASIR",)), post("C-3", skills=("KASIR",))]
    people = [placed(person(n), *skills) for n, skills in (("1", ("LOKET", "KASIR")), ("2", ("KASIR",)))]
    drawn = plan(day(*people, placed(DEDI, "LOKET"), posts=posts))
    assert {a.post for a in drawn.assignments} == {"A-1", "B-2", "C-3"}


def test_one_person_alone_leaves_the_counter_empty_at_noon_and_that_is_named() -> None:
    assert plan(day(placed(ANI))).shortage == {"LOKET-1": 1}


def test_a_morning_counter_misses_nobody_at_noon() -> None:
    assert plan(day(placed(ANI), posts=[post(opens=480, closes=720)])).shortage == {}


def test_a_counter_that_closes_after_the_office_keeps_its_people() -> None:
    drawn = plan(day(*TEAM, posts=[post(closes=990)]))
    assert (drawn.shortage, {a.to_minute for a in drawn.assignments}) == ({}, {990})


@given(st.permutations(TEAM))
def test_the_plan_does_not_depend_on_the_order_of_people(people: list[EmployeePlaced]) -> None:
    assert plan(day(*people, kind="MIXED")) == plan(day(*TEAM, kind="MIXED"))


PLACEMENT = "placement/32/DPMPTSP"
WEEK = "roster/32/DPMPTSP/2025-W45/FRONT"


def assign(**more: object) -> PlanDays:
    fields = {"region": "32", "opd": "DPMPTSP", "units": ["FRONT"], "dates": [THURSDAY]}
    seen = {"arrangements": {"FRONT": arrangement()}, "policy": stage_1(), "sequence": 7}
    return PlanDays.model_validate(fields | seen | more)


def assigned(facts: Mapping[str, Sequence[Fact]]) -> RosterAssigned:
    (fact,) = facts[WEEK]
    assert isinstance(fact, RosterAssigned)
    return fact


def test_a_published_roster_remembers_the_policy_it_saw() -> None:
    fact = assigned(outcome(decider, {PLACEMENT: TEAM}, assign()))
    assert (fact.status, fact.roster_revision, fact.policy.sequence, len(fact.assignments)) == ("PUBLISHED", 1, 7, 4)


def test_planning_the_same_day_again_changes_nothing() -> None:
    before = assigned(outcome(decider, {PLACEMENT: TEAM}, assign()))
    assert outcome(decider, {PLACEMENT: TEAM, WEEK: [before]}, assign(sequence=9)) == {}


def test_a_new_colleague_makes_a_new_revision() -> None:
    before = assigned(outcome(decider, {PLACEMENT: TEAM[:3]}, assign()))
    after = assigned(outcome(decider, {PLACEMENT: TEAM, WEEK: [before]}, assign()))
    assert (after.roster_revision, after.status, len(after.assignments)) == (2, "AMENDED", 4)


def test_only_the_people_of_the_unit_and_date_are_planned() -> None:
    left = TEAM[1].model_copy(update={"to": date(2025, 10, 31)})
    people = [TEAM[0], left, placed(CITRA, unit="BACK")]
    assert [a.employee for a in assigned(outcome(decider, {PLACEMENT: people}, assign())).assignments] == [ANI]


def planned(*people: EmployeePlaced, **more: object) -> list[UUID]:
    return [a.employee for a in assigned(outcome(decider, {PLACEMENT: people}, assign(**more))).assignments]


def test_who_moves_next_month_still_serves_here_today() -> None:
    moving = placed(ANI, unit="BACK").model_copy(update={"from_": date(2025, 12, 1)})
    assert planned(TEAM[0], moving) == [ANI]


def test_the_placement_recorded_last_says_where_somebody_serves() -> None:
    assert planned(TEAM[0], TEAM[1], placed(ANI, unit="BACK")) == [BUDI]


def test_who_comes_back_to_an_earlier_unit_is_told_again() -> None:
    ((fact,),) = outcome(decider, {}, place()).values()
    elsewhere = placed(ANI, unit="BACK")
    assert outcome(decider, {PLACEMENT: [fact, elsewhere]}, place()) == {PLACEMENT: [fact]}


def test_a_unit_that_roster_has_not_heard_of_is_turned_away_with_what_to_do() -> None:
    with pytest.raises(Invalid, match="try again shortly"):
        outcome(decider, {PLACEMENT: TEAM}, assign(arrangements={}))


def place(**more: object) -> PlacePeople:
    person_ = {"employee": ANI, "unit": "FRONT", "from": "2025-01-01"} | more
    return PlacePeople.model_validate({"region": "32", "opd": "DPMPTSP", "people": {"": person_}})


def test_a_placed_employee_is_told_without_a_name() -> None:
    ((fact,),) = outcome(decider, {}, place()).values()
    assert set(fact.model_dump()) == {
        "region", "opd", "employee", "unit", "position_class", "job_type", "status", "skills", "from", "to"
    }  # fmt: skip


def test_placing_the_same_again_changes_nothing() -> None:
    ((fact,),) = outcome(decider, {}, place()).values()
    assert outcome(decider, {PLACEMENT: [fact]}, place()) == {}


def test_a_placement_that_ends_before_it_begins_is_turned_away() -> None:
    with pytest.raises(Invalid, match="lies before"):
        outcome(decider, {}, place(to="2024-01-01"))


def test_facts_of_tomorrow_change_nothing_today() -> None:
    assert decider.evolve(decider.initial, Fact(region="32")) == decider.initial
