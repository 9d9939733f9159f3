"""The roster of DPMPTSP: the counter first, then home or office, each with its reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster import decider
from services.roster.decider import AssignRoster, PlaceEmployee
from services.roster.planner import Day, Drawn, plan
from shared.facts.fact import Fact, Invalid
from shared.facts.policy import Holiday, PolicyChanged, Post, Rules, Winner
from shared.facts.roster import EmployeePlaced, RosterAssigned
from tests.examples import ANI, BUDI, CITRA, DEDI, EVERY_DAY, THURSDAY, arrangement, person, placed, policy, post
from tests.given import outcome

FRIDAY, SATURDAY = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=2)
STAGE_1 = Rules.model_validate({"pattern": {"weekdays": ["THU"]}, "excluded_classes": ["DIRECT", "EMERGENCY_24X7"]})


def stage_1(*holidays: Holiday) -> PolicyChanged:
    told = policy(*holidays, rules=STAGE_1)
    winner = Winner(instrument="jabar-2025-se-150-stage-1", layer="PROVINCE")
    period = told.periods[0].model_copy(update={"won_by": {"pattern": winner, "excluded_classes": winner}})
    return told.model_copy(update={"periods": (period,)})


def day(
    *people: EmployeePlaced, on: date = THURSDAY, kind: str = "DIRECT", posts: Sequence[Post] = (), **more: object
) -> Day:
    told = more.get("told", stage_1())
    assert told is None or isinstance(told, PolicyChanged)
    return Day(on, arrangement(*posts, **{"class": kind}), told, people)


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
    assert (drawn.shortage, modes(drawn)) == ({"LOKET-1": 2}, {"WFO": 1})


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
    assert (first.to_minute, [(b.from_minute, b.to_minute) for b in first.breaks]) == (990, [(720, 810)])


@given(st.integers(1, 9), st.integers(0, 12), st.sampled_from(["DIRECT", "MIXED"]))
def test_a_post_with_relief_keeps_its_minimum_through_every_break(minimum: int, more: int, kind: str) -> None:
    people = [placed(person(f"P{n}")) for n in range(minimum + -(-minimum // 3) + more)]
    drawn = plan(day(*people, kind=kind, posts=[post(minimum=minimum)]))
    at_post = [a for a in drawn.assignments if a.post]
    resting = Counter(m for a in at_post for b in a.breaks for m in range(b.from_minute, b.to_minute))
    assert len(at_post) - max(resting.values()) >= minimum


@given(st.permutations(TEAM))
def test_the_plan_does_not_depend_on_the_order_of_people(people: list[EmployeePlaced]) -> None:
    assert plan(day(*people, kind="MIXED")) == plan(day(*TEAM, kind="MIXED"))


PLACEMENT = "placement/32/DPMPTSP"
WEEK = "roster/32/DPMPTSP/2025-W45/FRONT"


def assign(**more: object) -> AssignRoster:
    fields = {"region": "32", "opd": "DPMPTSP", "unit": "FRONT", "work_date": THURSDAY}
    seen = {"arrangement": arrangement(), "policy": stage_1(), "sequence": 7}
    return AssignRoster.model_validate(fields | seen | more)


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


def test_a_unit_that_roster_has_not_heard_of_is_turned_away_with_what_to_do() -> None:
    with pytest.raises(Invalid, match="try again shortly"):
        outcome(decider, {PLACEMENT: TEAM}, assign(arrangement=None))


def place(**more: object) -> PlaceEmployee:
    fields = {"region": "32", "opd": "DPMPTSP", "employee": ANI, "unit": "FRONT", "from": "2025-01-01"}
    return PlaceEmployee.model_validate(fields | more)


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
