"""The days of a whole agency planned together: half at home in turn, little changed, each with its reason."""

from collections import Counter
from datetime import date
from itertools import combinations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.planning import wfh_allocation
from services.roster.domain.planning.planner import plan
from services.roster.domain.planning.verifier import RuleBroken
from shared.domain.facts.roster import RosterAssigned
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    post,
    roster,
    shift,
)
from tests.support.roster_plans import (
    HALVES,
    MONDAY,
    NATIONAL,
    SE_150,
    STAFF,
    WEEK,
    as_published,
    at_home,
    back_office,
    by_employee,
    days,
    home_counts,
    policy_of,
    reason_counts,
    team,
)


def test_half_of_the_office_is_at_home_in_turn_and_nobody_more_than_two_days() -> None:
    plans = plan(days((back_office(), team(*STAFF))))
    assert (sum(home_counts(plans)), max(home_counts(plans))) == (20, 5)
    assert set(Counter(e for e, _ in at_home(plans)).values()) == {2}


def test_why_somebody_is_in_the_office_names_the_rule_and_its_instrument() -> None:
    office = (back_office(), team(*STAFF))
    day_plans = [*plan(days(office)).values(), *plan(days(office, on=[MONDAY])).values()]
    assert {(a.reason.code, a.reason.rule, a.reason.instrument) for d in day_plans for a in d.assignments} == {
        ("WFH_GROUP", "pattern", SE_150.instrument),
        ("WFO_SHARE", "max_share", SE_150.instrument),
        ("WEEKLY_CAP", "weekly_cap_days", NATIONAL.instrument),
    }


def test_the_reasons_of_a_published_day_do_not_change_when_the_week_fills_up() -> None:
    office = (back_office(), team(*STAFF))
    rosters: list[RosterAssigned] = []
    for day in WEEK:
        rosters += as_published(plan(days(office, on=[day]), rosters))
    replanned = [plan(days(office, on=[day]), rosters)["BACK", day] for day in WEEK]
    assert [p.assignments for p in replanned] == [r.assignments for r in rosters]


def test_planning_the_week_day_by_day_again_moves_nobody() -> None:
    office = (back_office(post(minimum=2)), team(*STAFF))
    plans = plan(days(office))
    replanned = [plan(days(office, on=[day]), as_published(plans))["BACK", day] for day in WEEK]
    assert replanned == list(plans.values())


def test_when_one_falls_ill_only_the_substitute_is_moved() -> None:
    office = (back_office(post(minimum=2), kind="MIXED"), team(*STAFF))
    before = plan(days(office, on=[MONDAY]))
    clerk = next(a.employee for a in before["BACK", MONDAY].assignments if a.post)
    after = plan(days(office, on=[MONDAY], absences={clerk: "LEAVE"}), as_published(before))
    was, now = by_employee(before["BACK", MONDAY]), by_employee(after["BACK", MONDAY])
    moved = {e for e in was if e != clerk and (was[e].post, was[e].breaks) != (now[e].post, now[e].breaks)}
    assert (now[clerk].mode, now[clerk].reason.code, len(moved)) == ("OFF", "ABSENCE", 1)


def test_travel_is_away_for_the_office_hours_and_leave_is_off() -> None:
    plans = plan(days((back_office(), team(ANI, BUDI)), on=[MONDAY], absences={ANI: "TRAVEL", BUDI: "OTHER"}))
    reasons = {
        e: (a.mode, a.reason.code, a.from_minute, a.to_minute) for e, a in by_employee(plans["BACK", MONDAY]).items()
    }
    assert reasons == {ANI: ("AWAY", "ABSENCE", 450, 960), BUDI: ("OFF", "ABSENCE", 450, 960)}


@pytest.mark.parametrize("pair", list(combinations((ANI, BUDI, CITRA, DEDI), 2)))
def test_who_was_published_at_home_stays_at_home(pair: tuple[UUID, UUID]) -> None:
    shifts = (shift(e, at_post=None, mode="WFH" if e in pair else "WFO") for e in (ANI, BUDI, CITRA, DEDI))
    before = roster(*shifts, unit="BACK", day=MONDAY)
    plans = plan(days((back_office(), team(ANI, BUDI, CITRA, DEDI)), on=[MONDAY]), [before])
    assert {e for e, _ in at_home(plans)} == set(pair)


@pytest.mark.parametrize("first", [ANI, BUDI, CITRA, DEDI])
def test_a_new_colleague_does_not_take_a_published_day_at_home(first: UUID) -> None:
    before = roster(shift(first, at_post=None, mode="WFH"), unit="BACK", day=MONDAY)
    effective = policy_of(HALVES.model_copy(update={"max_share": 0.25}))
    plans = plan(days((back_office(), team(ANI, BUDI, CITRA, DEDI)), on=[MONDAY], effective=effective), [before])
    assert at_home(plans) == [(first, MONDAY)]


def test_who_moved_to_another_unit_counts_once_on_the_day() -> None:
    effective = policy_of(HALVES.model_copy(update={"weekly_cap_days": 1, "max_share": 1.0}))
    before = roster(shift(ANI, at_post=None, mode="WFH"), unit="FRONT", day=MONDAY)
    plans = plan(days((back_office(), team(ANI)), on=[MONDAY], effective=effective), [before])
    assert reason_counts(plans["BACK", MONDAY]) == {"WFH_GROUP": 1}


@given(st.permutations(STAFF), st.permutations(WEEK))
def test_the_order_of_people_and_days_does_not_matter(people: list[UUID], on: list[date]) -> None:
    office = back_office(post(minimum=1), kind="MIXED")
    assert plan(days((office, team(*people)), on=on)) == plan(days((office, team(*STAFF))))


def test_a_planner_that_breaks_a_rule_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = frozenset(product(STAFF, WEEK))
    monkeypatch.setattr(wfh_allocation, "allocate_wfh", lambda *_: everybody)
    with pytest.raises(RuleBroken, match="are at home"):
        plan(days((back_office(), team(*STAFF))))
