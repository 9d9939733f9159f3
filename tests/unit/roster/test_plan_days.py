"""The command that plans work dates: streams, revisions, repeats, and what it refuses."""

import pytest

from services.roster.domain import decider
from shared.domain.errors import Invalid
from tests.support.example_facts import (
    arrangement,
    post,
)
from tests.support.given_when_then import decide
from tests.support.roster_plans import (
    MONDAY,
    PEOPLE,
    PLACEMENT,
    TUESDAY,
    plan_days,
    published_week,
    rosters_of,
)


def test_every_unit_that_was_arranged_is_planned_each_in_its_own_stream() -> None:
    facts = decide(decider, {PLACEMENT: PEOPLE}, plan_days())
    assert {stream: len(rosters) for stream, rosters in facts.items()} == {
        "roster/32/DPMPTSP/2025-W49/FRONT": 5,
        "roster/32/DPMPTSP/2025-W49/BACK": 5,
    }


def test_a_roster_says_what_was_proved_about_its_shortage() -> None:
    short = plan_days(units=["FRONT"], dates=[MONDAY], arrangements={"FRONT": arrangement(post(minimum=9))})
    (fact,) = rosters_of(decide(decider, {PLACEMENT: PEOPLE}, short))
    assert (fact.plan.solver, fact.plan.bound, fact.plan.proved_optimal) == ("flow", 5, fact.plan.objective == 5)


def test_planning_the_week_again_changes_nothing() -> None:
    assert decide(decider, published_week(), plan_days(sequence=9)) == {}


def test_planning_one_unit_of_a_published_week_again_changes_nothing() -> None:
    assert decide(decider, published_week(), plan_days(units=["BACK"], dates=[TUESDAY])) == {}


def test_to_plan_a_monday_the_sunday_before_it_is_read() -> None:
    assert set(decider.reads(plan_days(dates=[MONDAY]))) == {
        PLACEMENT,
        "roster/32/DPMPTSP/2025-W48/",
        "roster/32/DPMPTSP/2025-W49/",
    }


def test_no_unit_at_all_is_rejected() -> None:
    with pytest.raises(Invalid, match="satu pun unit"):
        decide(decider, {PLACEMENT: PEOPLE}, plan_days(arrangements={}))


def test_an_unknown_unit_is_pointed_at() -> None:
    with pytest.raises(Invalid) as error:
        decide(decider, {PLACEMENT: PEOPLE}, plan_days(units=["BACK", "NOBODY"]))
    assert error.value.pointer == "/units/1"
