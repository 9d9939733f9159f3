"""The decisions of roster for DPMPTSP: published rosters, placements, repeats and refusals."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import pytest

from services.roster.domain import decider
from services.roster.domain.commands import PlaceInSeveralOpd, PlacePeople, PlanDays
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.roster import EmployeePlaced, RosterAssigned
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    THURSDAY,
    arrangement,
    placement,
)
from tests.support.given_when_then import decide
from tests.support.roster_plans import TEAM, stage_1

PLACEMENT = "placement/32/DPMPTSP"
WEEK = "roster/32/DPMPTSP/2025-W45/FRONT"


def plan_days(**more: object) -> PlanDays:
    fields = {"region": "32", "opd": "DPMPTSP", "units": ["FRONT"], "dates": [THURSDAY]}
    view = {"arrangements": {"FRONT": arrangement()}, "policy": stage_1(), "sequence": 7}
    return PlanDays.model_validate(fields | view | more)


def roster_of(facts: Mapping[str, Sequence[Fact]]) -> RosterAssigned:
    (fact,) = facts[WEEK]
    assert isinstance(fact, RosterAssigned)
    return fact


def test_a_published_roster_remembers_the_policy_it_saw() -> None:
    fact = roster_of(decide(decider, {PLACEMENT: TEAM}, plan_days()))
    assert (fact.status, fact.roster_revision, fact.policy.sequence, len(fact.assignments)) == ("PUBLISHED", 1, 7, 4)


def test_planning_the_same_day_again_changes_nothing() -> None:
    before = roster_of(decide(decider, {PLACEMENT: TEAM}, plan_days()))
    assert decide(decider, {PLACEMENT: TEAM, WEEK: [before]}, plan_days(sequence=9)) == {}


def test_a_new_colleague_makes_a_new_revision() -> None:
    before = roster_of(decide(decider, {PLACEMENT: TEAM[:3]}, plan_days()))
    after = roster_of(decide(decider, {PLACEMENT: TEAM, WEEK: [before]}, plan_days()))
    assert (after.roster_revision, after.status, len(after.assignments)) == (2, "AMENDED", 4)


def test_only_the_people_of_the_unit_and_date_are_planned() -> None:
    left = TEAM[1].model_copy(update={"to": date(2025, 10, 31)})
    people = [TEAM[0], left, placement(CITRA, unit="BACK")]
    assert [a.employee for a in roster_of(decide(decider, {PLACEMENT: people}, plan_days())).assignments] == [ANI]


def planned_employees(*people: EmployeePlaced, **more: object) -> list[UUID]:
    return [a.employee for a in roster_of(decide(decider, {PLACEMENT: people}, plan_days(**more))).assignments]


def test_who_moves_next_month_still_serves_here_today() -> None:
    moving = placement(ANI, unit="BACK").model_copy(update={"from_": date(2025, 12, 1)})
    assert planned_employees(TEAM[0], moving) == [ANI]


def test_the_placement_recorded_last_says_where_somebody_serves() -> None:
    assert planned_employees(TEAM[0], TEAM[1], placement(ANI, unit="BACK")) == [BUDI]


def test_who_comes_back_to_an_earlier_unit_is_published_again() -> None:
    ((fact,),) = decide(decider, {}, place()).values()
    elsewhere = placement(ANI, unit="BACK")
    assert decide(decider, {PLACEMENT: [fact, elsewhere]}, place()) == {PLACEMENT: [fact]}


def test_a_unit_that_is_unknown_to_roster_is_rejected_with_what_to_do() -> None:
    with pytest.raises(Invalid, match="coba lagi sebentar"):
        decide(decider, {PLACEMENT: TEAM}, plan_days(arrangements={}))


def place(**more: object) -> PlacePeople:
    person_ = {"employee": ANI, "unit": "FRONT", "from": "2025-01-01"} | more
    return PlacePeople.model_validate({"region": "32", "opd": "DPMPTSP", "people": {"": person_}})


def test_a_placed_employee_is_published_without_a_name() -> None:
    ((fact,),) = decide(decider, {}, place()).values()
    assert set(fact.model_dump()) == {
        "region", "opd", "employee", "unit", "position_class", "job_type", "status", "skills", "from", "to"
    }  # fmt: skip


def test_placing_the_same_again_changes_nothing() -> None:
    ((fact,),) = decide(decider, {}, place()).values()
    assert decide(decider, {PLACEMENT: [fact]}, place()) == {}


def test_a_placement_that_ends_before_it_begins_is_rejected() -> None:
    with pytest.raises(Invalid, match="mendahului"):
        decide(decider, {}, place(to="2024-01-01"))


def test_people_of_two_opd_are_placed_together_or_not_at_all() -> None:
    other = place().model_copy(update={"opd": "BKD"})
    facts = decide(decider, {}, PlaceInSeveralOpd(region="32", opds=(place(), other)))
    assert {name: len(placed) for name, placed in facts.items()} == {PLACEMENT: 1, "placement/32/BKD": 1}
    with pytest.raises(Invalid, match="mendahului"):
        decide(decider, {}, PlaceInSeveralOpd(region="32", opds=(other, place(to="2024-01-01"))))


def test_facts_of_tomorrow_change_nothing_today() -> None:
    assert decider.evolve(decider.initial, Fact(region="32")) == decider.initial
