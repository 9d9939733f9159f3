"""The people of posts: minimums first, nights slept off, skills kept for the post that needs them, little changed."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.planning.planner import DayPlan, plan
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Post
from shared.domain.facts.roster import EmployeePlaced
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    EVERY_DAY,
    person,
    placement,
    post,
    roster,
    shift,
)
from tests.support.roster_plans import (
    MONDAY,
    SUNDAY,
    TUESDAY,
    back_office,
    by_employee,
    days,
    reason_counts,
    team,
)


def test_who_had_more_days_at_home_takes_the_counter_first() -> None:
    homes = roster(shift(BUDI, at_post=None, mode="WFH"), shift(ANI, at_post=None), unit="BACK", day=MONDAY)
    office = (back_office(post(minimum=1, opens=480, closes=720)), team(ANI, BUDI, CITRA, DEDI))
    plans = plan(days(office, on=[TUESDAY]), [homes])
    assert BUDI in {a.employee for a in plans["BACK", TUESDAY].assignments if a.post}


SHORT = post(opens=480, closes=690)
"""A counter that closes before noon needs no relief."""


@pytest.mark.parametrize("clerk", [ANI, BUDI, CITRA])
def test_yesterdays_clerk_keeps_the_counter_where_it_costs_nothing(clerk: UUID) -> None:
    office = (back_office(SHORT, kind="MIXED"), team(ANI, BUDI, CITRA, DEDI))
    people = {ANI, BUDI, CITRA, DEDI} - {clerk}
    monday = roster(shift(clerk), *(shift(e, at_post=None) for e in people), unit="BACK", day=MONDAY)
    day_plan = plan(days(office, on=[TUESDAY]), [monday])["BACK", TUESDAY]
    assert by_employee(day_plan)[clerk].post == "LOKET-1"


@pytest.mark.parametrize("clerk", [ANI, BUDI, CITRA])
def test_the_published_clerk_keeps_the_counter_even_if_another_has_been_at_home_more(clerk: UUID) -> None:
    others = [e for e in (ANI, BUDI, CITRA) if e != clerk]
    before = roster(shift(clerk), *(shift(e, at_post=None) for e in others), unit="BACK", day=TUESDAY)
    homes = roster(*(shift(e, at_post=None, mode="WFH") for e in others), unit="BACK", day=MONDAY)
    office = (back_office(SHORT, kind="MIXED"), team(ANI, BUDI, CITRA))
    day_plan = plan(days(office, on=[TUESDAY]), [homes, before])["BACK", TUESDAY]
    assert by_employee(day_plan)[clerk].post == "LOKET-1"


def test_two_counters_with_one_person_each_are_better_than_one_that_is_full() -> None:
    office = (back_office(post("LOKET-1", minimum=2), post("LOKET-2", minimum=2), kind="DIRECT"), team(ANI, BUDI))
    day_plan = plan(days(office, on=[MONDAY]))["BACK", MONDAY]
    assert Counter(a.post for a in day_plan.assignments) == {"LOKET-1": 1, "LOKET-2": 1}


NIGHT = post("PUSDALOPS-MALAM", 1320, 1800, weekdays=EVERY_DAY)
MORNING = post("PUSDALOPS-PAGI", 360, 840, weekdays=EVERY_DAY)


def emergency(*people: UUID, on: Sequence[date] = (MONDAY, TUESDAY)) -> list[UnitDay]:
    return days((back_office(NIGHT, MORNING, kind="EMERGENCY_24X7"), team(*people)), on=on)


def post_by_employee(day_plan: DayPlan) -> dict[UUID, str | None]:
    return {a.employee: a.post for a in day_plan.assignments}


def test_nobody_comes_in_the_morning_after_a_night() -> None:
    plans = plan(emergency(ANI, BUDI, CITRA, DEDI))
    nights = {e for e, code in post_by_employee(plans["BACK", MONDAY]).items() if code == NIGHT.post}
    mornings = {e for e, code in post_by_employee(plans["BACK", TUESDAY]).items() if code == MORNING.post}
    assert (len(nights), nights & mornings) == (2, set())


def test_sundays_night_is_remembered_on_monday() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    assert post_by_employee(plan(emergency(ANI, BUDI, on=[MONDAY]), [night])["BACK", MONDAY])[ANI] == NIGHT.post


@pytest.mark.parametrize("early", [ANI, BUDI])
def test_who_is_published_for_tomorrow_morning_has_no_night_today(early: UUID) -> None:
    morning = roster(shift(early, 360, 840, at_post=MORNING.post), unit="BACK", day=TUESDAY)
    assert post_by_employee(plan(emergency(ANI, BUDI, on=[MONDAY]), [morning])["BACK", MONDAY])[early] == MORNING.post


@pytest.mark.parametrize("tired", [ANI, BUDI])
def test_who_sleeps_after_a_night_takes_nobodys_share_of_home(tired: UUID) -> None:
    night = roster(shift(tired, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    day_plan = plan(days((back_office(), team(ANI, BUDI)), on=[MONDAY]), [night])["BACK", MONDAY]
    assert reason_counts(day_plan) == {"AFTER_NIGHT": 1, "WFH_GROUP": 1}


def test_nobody_comes_from_a_night_to_relieve_others_at_their_breaks() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    day_plan = plan(days((back_office(post(), kind="MIXED"), team(ANI, BUDI)), on=[MONDAY]), [night])["BACK", MONDAY]
    assert (day_plan.shortage, by_employee(day_plan)[ANI].reason.code) == ({"LOKET-1": 1}, "AFTER_NIGHT")


def test_a_counter_that_nobody_else_can_keep_beats_the_rest_and_that_is_named() -> None:
    night = roster(*(shift(e, 1320, 1800, at_post=NIGHT.post) for e in (ANI, BUDI)), unit="BACK", day=SUNDAY)
    day_plan = plan(emergency(ANI, BUDI, on=[MONDAY]), [night])["BACK", MONDAY]
    assert (day_plan.shortage, reason_counts(day_plan)) == ({}, {"SERVICE_STANDARD": 1, "SHORT_REST": 1})


def test_who_comes_from_a_night_and_has_no_post_is_off() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    office = (back_office(post(minimum=1), kind="MIXED"), team(ANI, BUDI, CITRA))
    day_plan = plan(days(office, on=[MONDAY]), [night])["BACK", MONDAY]
    assert by_employee(day_plan)[ANI].reason.code == "AFTER_NIGHT"


SKILLS = ("LOKET", "KASIR", "SIUP")


@st.composite
def counters(draw: st.DrawFn) -> tuple[list[Post], list[EmployeePlaced]]:
    needs = draw(st.lists(st.tuples(st.sampled_from(SKILLS), st.integers(0, 2)), min_size=1, max_size=3))
    able = draw(st.lists(st.sets(st.sampled_from(SKILLS)), max_size=5))
    posts = [post(f"LOKET-{n}", 480, 690, minimum=m, skills=(skill,)) for n, (skill, m) in enumerate(needs)]
    return posts, [placement(person(f"P{n}"), *sorted(skills), unit="BACK") for n, skills in enumerate(able)]


def most_filled(posts: Sequence[Post], people: Sequence[EmployeePlaced]) -> int:
    """The most heads of the minima that any assignment fills, by trying them all."""
    seats = [post_ for post_ in posts for _ in range(post_.minimum)]
    few, many = sorted((len(seats), len(people)))
    fits = [[set(seat.skills) <= set(person_.skills) for person_ in people] for seat in seats]
    pairs = (
        zip(range(few), other, strict=True) if len(seats) == few else zip(other, range(few), strict=True)
        for other in permutations(range(many), few)
    )
    return max((sum(fits[seat][one] for seat, one in pair) for pair in pairs), default=0)


@given(counters(), st.sampled_from(["DIRECT", "MIXED"]))
def test_no_assignment_fills_more_of_the_minima(counter: tuple[list[Post], list[EmployeePlaced]], kind: str) -> None:
    posts, people = counter
    day_plan = plan(days((back_office(*posts, kind=kind), people), on=[MONDAY]))["BACK", MONDAY]
    assert sum(post_.minimum for post_ in posts) - day_plan.unfilled == most_filled(posts, people)
