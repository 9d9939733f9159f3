"""The days of a whole agency planned together: half at home in turn, nights slept off, leave kept, little changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations, permutations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain import decider
from services.roster.domain.commands import DeclareAbsence, PlanDays, week
from services.roster.domain.planning import wfh_allocation
from services.roster.domain.planning.planner import Drawn, plan
from services.roster.domain.planning.unit_day import UnitDay
from services.roster.domain.planning.verifier import Unsound
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import ArrangementChanged, Pattern, PolicyChanged, Post, Rules, Winner
from shared.domain.facts.roster import AbsenceDeclared, Assignment, EmployeePlaced, RosterAssigned
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    EVERY_DAY,
    arrangement,
    person,
    placed,
    policy,
    post,
    roster,
    shift,
)
from tests.support.given_when_then import outcome

MONDAY = date(2025, 12, 1)
WEEK = tuple(MONDAY + timedelta(days=n) for n in range(5))
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK[1:]
SUNDAY = MONDAY - timedelta(days=1)
HALVES = Rules(pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=2)
SE_150 = Winner(instrument="jabar-2025-se-150-stage-2", layer="PROVINCE")
NATIONAL = Winner(instrument="permenpanrb-2025-4", layer="NATIONAL")

STAFF = tuple(person(f"P{number}") for number in range(10))
PLACEMENT = "placement/32/DPMPTSP"


def bound(rules: Rules) -> PolicyChanged:
    won_by = {"pattern": SE_150, "max_share": SE_150, "weekly_cap_days": NATIONAL}
    period = policy().periods[0].model_copy(update={"from_": SUNDAY, "to": None, "rules": rules, "won_by": won_by})
    return policy().model_copy(update={"periods": (period,)})


STAGE_2 = bound(HALVES)


def back_office(*posts: Post, unit: str = "BACK", kind: str = "NON_SERVICE") -> ArrangementChanged:
    return arrangement(unit=unit, **{"class": kind}).model_copy(update={"posts": posts})


def days(
    *units: tuple[ArrangementChanged, Sequence[EmployeePlaced]],
    on: Sequence[date] = WEEK,
    told: PolicyChanged = STAGE_2,
    away: Mapping[UUID, str] | None = None,
) -> list[UnitDay]:
    return [UnitDay(day, unit, told, people, away or {}) for day in on for unit, people in units]


def team(*people: UUID, unit: str = "BACK") -> list[EmployeePlaced]:
    return [placed(employee, unit=unit) for employee in people]


def at_home(drawn: Mapping[tuple[str, date], Drawn]) -> list[tuple[UUID, date]]:
    return [(a.employee, day) for (_, day), there in drawn.items() for a in there.assignments if a.mode == "WFH"]


def per_day(drawn: Mapping[tuple[str, date], Drawn]) -> list[int]:
    return [Counter(day for _, day in at_home(drawn))[day] for day in WEEK]


def whose(drawn: Drawn) -> dict[UUID, Assignment]:
    return {a.employee: a for a in drawn.assignments}


def codes(drawn: Drawn) -> Mapping[str, int]:
    return Counter(a.reason.code for a in drawn.assignments)


def published(drawn: Mapping[tuple[str, date], Drawn]) -> list[RosterAssigned]:
    return [roster(*there.assignments, unit=unit, day=day) for (unit, day), there in drawn.items()]


def test_half_of_the_office_is_at_home_in_turn_and_nobody_more_than_two_days() -> None:
    drawn = plan(days((back_office(), team(*STAFF))))
    assert (sum(per_day(drawn)), max(per_day(drawn))) == (20, 5)
    assert set(Counter(e for e, _ in at_home(drawn)).values()) == {2}


def test_the_share_is_of_the_whole_agency_unless_it_is_of_each_unit() -> None:
    units = ((back_office(unit="A"), team(*STAFF[:3], unit="A")), (back_office(unit="B"), team(*STAFF[3:6], unit="B")))
    of_unit = bound(HALVES.model_copy(update={"share_of": "UNIT"}))
    homes = [len(at_home(plan(days(*units, on=[MONDAY], told=told)))) for told in (STAGE_2, of_unit)]
    assert homes == [3, 2]


def test_a_share_that_is_no_binary_fraction_is_rounded_down_from_its_own_value() -> None:
    told = bound(Rules(pattern=Pattern(weekdays=("MON",)), max_share=0.29))
    drawn = plan(days((back_office(), team(*(person(f"Q{n}") for n in range(100)))), on=[MONDAY], told=told))
    assert len(at_home(drawn)) == 29


def test_groups_without_a_share_go_home_one_at_a_time() -> None:
    told = bound(Rules(pattern=Pattern(groups=3)))
    drawn = plan(days((back_office(), team(*STAFF[:9])), on=[MONDAY], told=told))
    assert codes(drawn["BACK", MONDAY]) == {"WFH_GROUP": 3, "WFO_GROUP": 6}


def test_a_fixed_weekday_with_a_share_sends_only_so_many_home() -> None:
    told = bound(Rules(pattern=Pattern(weekdays=("THU",)), max_share=0.5))
    drawn = plan(days((back_office(), team(*STAFF)), told=told))
    assert per_day(drawn) == [0, 0, 0, 5, 0]


def test_why_somebody_is_in_the_office_names_the_rule_and_its_instrument() -> None:
    office = (back_office(), team(*STAFF))
    drawn = [*plan(days(office)).values(), *plan(days(office, on=[MONDAY])).values()]
    assert {(a.reason.code, a.reason.rule, a.reason.instrument) for d in drawn for a in d.assignments} == {
        ("WFH_GROUP", "pattern", SE_150.instrument),
        ("WFO_SHARE", "max_share", SE_150.instrument),
        ("WEEKLY_CAP", "weekly_cap_days", NATIONAL.instrument),
    }


def test_the_reasons_of_a_published_day_do_not_change_when_the_week_fills_up() -> None:
    office = (back_office(), team(*STAFF))
    told: list[RosterAssigned] = []
    for day in WEEK:
        told += published(plan(days(office, on=[day]), told))
    again = [plan(days(office, on=[day]), told)["BACK", day] for day in WEEK]
    assert [there.assignments for there in again] == [there.assignments for there in told]


def test_who_was_at_home_this_week_already_goes_after_the_others() -> None:
    monday = plan(days((back_office(), team(*STAFF)), on=[MONDAY]))
    tuesday = plan(days((back_office(), team(*STAFF)), on=[TUESDAY]), published(monday))
    assert {e for e, _ in at_home(monday)}.isdisjoint({e for e, _ in at_home(tuesday)})


def test_published_days_count_against_the_weekly_cap() -> None:
    told = bound(Rules(pattern=Pattern(weekdays=("MON", "TUE", "WED")), weekly_cap_days=2))
    office = (back_office(), team(ANI))
    before = published(plan(days(office, on=[MONDAY, TUESDAY], told=told)))
    assert codes(plan(days(office, on=[WEDNESDAY], told=told), before)["BACK", WEDNESDAY]) == {"WEEKLY_CAP": 1}


def test_a_withdrawn_roster_counts_for_nothing() -> None:
    told = bound(Rules(pattern=Pattern(weekdays=("MON", "TUE")), weekly_cap_days=1))
    office = (back_office(), team(ANI))
    (before,) = published(plan(days(office, on=[MONDAY], told=told)))
    withdrawn = before.model_copy(update={"status": "WITHDRAWN"})
    assert codes(plan(days(office, on=[TUESDAY], told=told), [withdrawn])["BACK", TUESDAY]) == {"WFH_WEEKDAY": 1}


def test_published_homes_of_other_units_use_up_the_share() -> None:
    units = [(back_office(unit=unit), team(*there, unit=unit)) for unit, there in (("A", STAFF[:5]), ("B", STAFF[5:]))]
    before = plan(days(units[0], on=[MONDAY]), (), {MONDAY: 10})
    after = plan(days(units[1], on=[MONDAY]), published(before), {MONDAY: 10})
    assert (len(at_home(before)), len(at_home(after))) == (5, 0)


def test_a_share_that_publication_has_outrun_is_nobodys_fault_now() -> None:
    homes = roster(*(shift(e, at_post=None, mode="WFH") for e in STAFF[:3]), unit="A", day=MONDAY)
    drawn = plan(days((back_office(unit="B"), team(*STAFF[5:], unit="B")), on=[MONDAY]), [homes], {MONDAY: 4})
    assert at_home(drawn) == []


def test_planning_the_week_day_by_day_again_moves_nobody() -> None:
    office = (back_office(post(minimum=2)), team(*STAFF))
    told = plan(days(office))
    again = [plan(days(office, on=[day]), published(told))["BACK", day] for day in WEEK]
    assert again == list(told.values())


def test_when_one_falls_ill_only_who_must_stand_in_is_moved() -> None:
    office = (back_office(post(minimum=2), kind="MIXED"), team(*STAFF))
    before = plan(days(office, on=[MONDAY]))
    clerk = next(a.employee for a in before["BACK", MONDAY].assignments if a.post)
    after = plan(days(office, on=[MONDAY], away={clerk: "LEAVE"}), published(before))
    was, now = whose(before["BACK", MONDAY]), whose(after["BACK", MONDAY])
    moved = {e for e in was if e != clerk and (was[e].post, was[e].breaks) != (now[e].post, now[e].breaks)}
    assert (now[clerk].mode, now[clerk].reason.code, len(moved)) == ("OFF", "ABSENCE", 1)


def test_travel_is_away_for_the_office_hours_and_leave_is_off() -> None:
    drawn = plan(days((back_office(), team(ANI, BUDI)), on=[MONDAY], away={ANI: "TRAVEL", BUDI: "OTHER"}))
    told = {e: (a.mode, a.reason.code, a.from_minute, a.to_minute) for e, a in whose(drawn["BACK", MONDAY]).items()}
    assert told == {ANI: ("AWAY", "ABSENCE", 450, 960), BUDI: ("OFF", "ABSENCE", 450, 960)}


def test_the_share_is_of_those_present() -> None:
    away = dict.fromkeys(STAFF[:5], "LEAVE")
    assert len(at_home(plan(days((back_office(), team(*STAFF)), on=[MONDAY], away=away)))) == 2


def test_who_had_more_days_at_home_takes_the_counter_first() -> None:
    homes = roster(shift(BUDI, at_post=None, mode="WFH"), shift(ANI, at_post=None), unit="BACK", day=MONDAY)
    office = (back_office(post(minimum=1, opens=480, closes=720)), team(ANI, BUDI, CITRA, DEDI))
    drawn = plan(days(office, on=[TUESDAY]), [homes])
    assert BUDI in {a.employee for a in drawn["BACK", TUESDAY].assignments if a.post}


SHORT = post(opens=480, closes=690)
"""A counter that closes before noon needs no relief."""


@pytest.mark.parametrize("clerk", [ANI, BUDI, CITRA])
def test_yesterdays_clerk_keeps_the_counter_where_it_costs_nothing(clerk: UUID) -> None:
    office = (back_office(SHORT, kind="MIXED"), team(ANI, BUDI, CITRA, DEDI))
    people = {ANI, BUDI, CITRA, DEDI} - {clerk}
    monday = roster(shift(clerk), *(shift(e, at_post=None) for e in people), unit="BACK", day=MONDAY)
    drawn = plan(days(office, on=[TUESDAY]), [monday])["BACK", TUESDAY]
    assert whose(drawn)[clerk].post == "LOKET-1"


@pytest.mark.parametrize("clerk", [ANI, BUDI, CITRA])
def test_the_published_clerk_keeps_the_counter_whoever_else_has_been_at_home_more(clerk: UUID) -> None:
    others = [e for e in (ANI, BUDI, CITRA) if e != clerk]
    before = roster(shift(clerk), *(shift(e, at_post=None) for e in others), unit="BACK", day=TUESDAY)
    homes = roster(*(shift(e, at_post=None, mode="WFH") for e in others), unit="BACK", day=MONDAY)
    office = (back_office(SHORT, kind="MIXED"), team(ANI, BUDI, CITRA))
    drawn = plan(days(office, on=[TUESDAY]), [homes, before])["BACK", TUESDAY]
    assert whose(drawn)[clerk].post == "LOKET-1"


@pytest.mark.parametrize("pair", list(combinations((ANI, BUDI, CITRA, DEDI), 2)))
def test_who_was_published_at_home_stays_at_home(pair: tuple[UUID, UUID]) -> None:
    shifts = (shift(e, at_post=None, mode="WFH" if e in pair else "WFO") for e in (ANI, BUDI, CITRA, DEDI))
    before = roster(*shifts, unit="BACK", day=MONDAY)
    drawn = plan(days((back_office(), team(ANI, BUDI, CITRA, DEDI)), on=[MONDAY]), [before])
    assert {e for e, _ in at_home(drawn)} == set(pair)


@pytest.mark.parametrize("first", [ANI, BUDI, CITRA, DEDI])
def test_a_new_colleague_does_not_take_a_published_day_at_home(first: UUID) -> None:
    before = roster(shift(first, at_post=None, mode="WFH"), unit="BACK", day=MONDAY)
    told = bound(HALVES.model_copy(update={"max_share": 0.25}))
    drawn = plan(days((back_office(), team(ANI, BUDI, CITRA, DEDI)), on=[MONDAY], told=told), [before])
    assert at_home(drawn) == [(first, MONDAY)]


def test_who_moved_to_another_unit_counts_once_on_the_day() -> None:
    told = bound(HALVES.model_copy(update={"weekly_cap_days": 1, "max_share": 1.0}))
    before = roster(shift(ANI, at_post=None, mode="WFH"), unit="FRONT", day=MONDAY)
    drawn = plan(days((back_office(), team(ANI)), on=[MONDAY], told=told), [before])
    assert codes(drawn["BACK", MONDAY]) == {"WFH_GROUP": 1}


def test_two_counters_with_one_person_each_are_better_than_one_that_is_full() -> None:
    office = (back_office(post("LOKET-1", minimum=2), post("LOKET-2", minimum=2), kind="DIRECT"), team(ANI, BUDI))
    drawn = plan(days(office, on=[MONDAY]))["BACK", MONDAY]
    assert Counter(a.post for a in drawn.assignments) == {"LOKET-1": 1, "LOKET-2": 1}


NIGHT = post("PUSDALOPS-MALAM", 1320, 1800, weekdays=EVERY_DAY)
MORNING = post("PUSDALOPS-PAGI", 360, 840, weekdays=EVERY_DAY)


def emergency(*people: UUID, on: Sequence[date] = (MONDAY, TUESDAY)) -> list[UnitDay]:
    return days((back_office(NIGHT, MORNING, kind="EMERGENCY_24X7"), team(*people)), on=on)


def posts(drawn: Drawn) -> dict[UUID, str | None]:
    return {a.employee: a.post for a in drawn.assignments}


def test_nobody_comes_in_the_morning_after_a_night() -> None:
    drawn = plan(emergency(ANI, BUDI, CITRA, DEDI))
    nights = {e for e, code in posts(drawn["BACK", MONDAY]).items() if code == NIGHT.post}
    mornings = {e for e, code in posts(drawn["BACK", TUESDAY]).items() if code == MORNING.post}
    assert (len(nights), nights & mornings) == (2, set())


def test_sundays_night_is_remembered_on_monday() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    assert posts(plan(emergency(ANI, BUDI, on=[MONDAY]), [night])["BACK", MONDAY])[ANI] == NIGHT.post


@pytest.mark.parametrize("early", [ANI, BUDI])
def test_who_is_published_for_tomorrow_morning_has_no_night_today(early: UUID) -> None:
    morning = roster(shift(early, 360, 840, at_post=MORNING.post), unit="BACK", day=TUESDAY)
    assert posts(plan(emergency(ANI, BUDI, on=[MONDAY]), [morning])["BACK", MONDAY])[early] == MORNING.post


@pytest.mark.parametrize("tired", [ANI, BUDI])
def test_who_sleeps_after_a_night_takes_nobodys_share_of_home(tired: UUID) -> None:
    night = roster(shift(tired, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    drawn = plan(days((back_office(), team(ANI, BUDI)), on=[MONDAY]), [night])["BACK", MONDAY]
    assert codes(drawn) == {"AFTER_NIGHT": 1, "WFH_GROUP": 1}


def test_nobody_comes_from_a_night_to_relieve_others_at_their_breaks() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    drawn = plan(days((back_office(post(), kind="MIXED"), team(ANI, BUDI)), on=[MONDAY]), [night])["BACK", MONDAY]
    assert (drawn.shortage, whose(drawn)[ANI].reason.code) == ({"LOKET-1": 1}, "AFTER_NIGHT")


def test_a_counter_that_nobody_else_can_keep_beats_the_rest_and_that_is_named() -> None:
    night = roster(*(shift(e, 1320, 1800, at_post=NIGHT.post) for e in (ANI, BUDI)), unit="BACK", day=SUNDAY)
    drawn = plan(emergency(ANI, BUDI, on=[MONDAY]), [night])["BACK", MONDAY]
    assert (drawn.shortage, codes(drawn)) == ({}, {"SERVICE_STANDARD": 1, "SHORT_REST": 1})


def test_who_comes_from_a_night_and_has_no_post_is_off() -> None:
    night = roster(shift(ANI, 1320, 1800, at_post=NIGHT.post), unit="BACK", day=SUNDAY)
    office = (back_office(post(minimum=1), kind="MIXED"), team(ANI, BUDI, CITRA))
    drawn = plan(days(office, on=[MONDAY]), [night])["BACK", MONDAY]
    assert whose(drawn)[ANI].reason.code == "AFTER_NIGHT"


SKILLS = ("LOKET", "KASIR", "SIUP")


@st.composite
def counters(draw: st.DrawFn) -> tuple[list[Post], list[EmployeePlaced]]:
    needs = draw(st.lists(st.tuples(st.sampled_from(SKILLS), st.integers(0, 2)), min_size=1, max_size=3))
    able = draw(st.lists(st.sets(st.sampled_from(SKILLS)), max_size=5))
    places = [post(f"LOKET-{n}", 480, 690, minimum=m, skills=(skill,)) for n, (skill, m) in enumerate(needs)]
    return places, [placed(person(f"P{n}"), *sorted(skills), unit="BACK") for n, skills in enumerate(able)]


def most_filled(places: Sequence[Post], people: Sequence[EmployeePlaced]) -> int:
    """The most heads of the minima that any assignment fills, by trying them all."""
    seats = [place for place in places for _ in range(place.minimum)]
    few, many = sorted((len(seats), len(people)))
    fits = [[set(seat.skills) <= set(one.skills) for one in people] for seat in seats]
    pairs = (
        zip(range(few), other, strict=True) if len(seats) == few else zip(other, range(few), strict=True)
        for other in permutations(range(many), few)
    )
    return max((sum(fits[seat][one] for seat, one in pair) for pair in pairs), default=0)


@given(counters(), st.sampled_from(["DIRECT", "MIXED"]))
def test_no_assignment_fills_more_of_the_minima(counter: tuple[list[Post], list[EmployeePlaced]], kind: str) -> None:
    places, people = counter
    drawn = plan(days((back_office(*places, kind=kind), people), on=[MONDAY]))["BACK", MONDAY]
    assert sum(place.minimum for place in places) - drawn.unfilled == most_filled(places, people)


def fairest(people: int, share: int, cap: int, history: Sequence[int]) -> tuple[int, int]:
    """By trying all: the most home days of two days, and the least sum of squares at that number."""
    subsets = [set(s) for size in range(share + 1) for s in combinations(range(people), size)]
    plans = (
        [history[n] + (n in first) + (n in second) for n in range(people)]
        for first, second in product(subsets, repeat=2)
    )
    sound = [p for p in plans if all(days <= max(cap, had) for days, had in zip(p, history, strict=True))]
    most = max(map(sum, sound))
    return most, min(sum(days**2 for days in p) for p in sound if sum(p) == most)


@given(st.integers(1, 4), st.integers(0, 2), st.data())
def test_as_many_as_may_are_at_home_and_no_plan_is_fairer(people: int, cap: int, data: st.DataObject) -> None:
    had = data.draw(st.lists(st.integers(0, 1), min_size=people, max_size=people))
    rules = HALVES.model_copy(update={"weekly_cap_days": cap})
    before = roster(*(shift(STAFF[n], at_post=None, mode="WFH") for n in range(people) if had[n]), unit="A", day=MONDAY)
    office = (back_office(), team(*STAFF[:people]))
    drawn = plan(days(office, on=[TUESDAY, WEDNESDAY], told=bound(rules)), [before])
    total = Counter(e for e, _ in at_home(drawn))
    each = [had[n] + total[STAFF[n]] for n in range(people)]
    assert (sum(each), sum(n**2 for n in each)) == fairest(people, people // 2, cap, had)


@given(st.permutations(STAFF), st.permutations(WEEK))
def test_the_order_of_people_and_days_does_not_matter(people: list[UUID], on: list[date]) -> None:
    office = back_office(post(minimum=1), kind="MIXED")
    assert plan(days((office, team(*people)), on=on)) == plan(days((office, team(*STAFF))))


UNITS = {"FRONT": arrangement(**{"class": "MIXED"}), "BACK": back_office()}
PEOPLE = [*team(*STAFF[:4], unit="FRONT"), *team(*STAFF[4:])]


def plans(**more: object) -> PlanDays:
    fields = {"region": "32", "opd": "DPMPTSP", "dates": WEEK, "arrangements": UNITS, "policy": STAGE_2, "sequence": 7}
    return PlanDays.model_validate(fields | more)


def rosters(facts: Mapping[str, Sequence[Fact]]) -> list[RosterAssigned]:
    told = [fact for stream in facts.values() for fact in stream]
    assert all(isinstance(fact, RosterAssigned) for fact in told)
    return [fact for fact in told if isinstance(fact, RosterAssigned)]


def standing(*facts: RosterAssigned) -> dict[str, list[RosterAssigned]]:
    streams: dict[str, list[RosterAssigned]] = {}
    for fact in facts:
        streams.setdefault(week("32", "DPMPTSP", fact.unit, fact.work_date), []).append(fact)
    return streams


def given_week(*more: Fact) -> dict[str, list[Fact]]:
    people: dict[str, list[Fact]] = {PLACEMENT: [*PEOPLE, *more]}
    return people | {s: list(f) for s, f in standing(*rosters(outcome(decider, people, plans()))).items()}


def test_every_unit_that_was_arranged_is_planned_each_in_its_own_stream() -> None:
    facts = outcome(decider, {PLACEMENT: PEOPLE}, plans())
    assert {stream: len(told) for stream, told in facts.items()} == {
        "roster/32/DPMPTSP/2025-W49/FRONT": 5,
        "roster/32/DPMPTSP/2025-W49/BACK": 5,
    }


def test_a_roster_says_what_was_proved_about_its_shortage() -> None:
    short = plans(units=["FRONT"], dates=[MONDAY], arrangements={"FRONT": arrangement(post(minimum=9))})
    (fact,) = rosters(outcome(decider, {PLACEMENT: PEOPLE}, short))
    assert (fact.plan.solver, fact.plan.bound, fact.plan.proved_optimal) == ("flow", 5, fact.plan.objective == 5)


def test_planning_the_week_again_changes_nothing() -> None:
    assert outcome(decider, given_week(), plans(sequence=9)) == {}


def test_planning_one_unit_of_a_published_week_again_changes_nothing() -> None:
    assert outcome(decider, given_week(), plans(units=["BACK"], dates=[TUESDAY])) == {}


def test_planning_again_after_leave_was_heeded_changes_nothing() -> None:
    heeded = given_week() | {PLACEMENT: [*PEOPLE, declared()]}
    amended = standing(*rosters(outcome(decider, heeded, plans())))
    assert outcome(decider, {s: [*f, *amended.get(s, ())] for s, f in heeded.items()}, plans()) == {}


def test_to_plan_a_monday_the_sunday_before_it_is_read() -> None:
    assert set(decider.reads(plans(dates=[MONDAY]))) == {
        PLACEMENT,
        "roster/32/DPMPTSP/2025-W48/",
        "roster/32/DPMPTSP/2025-W49/",
    }


def test_a_planner_gone_wrong_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = frozenset(product(STAFF, WEEK))
    monkeypatch.setattr(wfh_allocation, "choose", lambda *_: everybody)
    with pytest.raises(Unsound, match="are at home"):
        plan(days((back_office(), team(*STAFF))))


def test_no_unit_at_all_is_turned_away() -> None:
    with pytest.raises(Invalid, match="any unit"):
        outcome(decider, {PLACEMENT: PEOPLE}, plans(arrangements={}))


def test_an_unheard_of_unit_is_pointed_at() -> None:
    with pytest.raises(Invalid) as told:
        outcome(decider, {PLACEMENT: PEOPLE}, plans(units=["BACK", "NOBODY"]))
    assert told.value.pointer == "/units/1"


def absence(**more: object) -> DeclareAbsence:
    fields = {"region": "32", "opd": "DPMPTSP", "employee": STAFF[0], "kind": "LEAVE", "from": MONDAY, "to": TUESDAY}
    return DeclareAbsence.model_validate(fields | more)


def declared(**more: object) -> AbsenceDeclared:
    ((fact,),) = outcome(decider, {PLACEMENT: PEOPLE}, absence(**more)).values()
    assert isinstance(fact, AbsenceDeclared)
    return fact


def test_leave_is_told_without_a_name_or_cause() -> None:
    assert set(declared().model_dump()) == {"region", "opd", "employee", "kind", "from", "to", "withdrawn"}


def test_declaring_the_same_leave_again_changes_nothing() -> None:
    assert outcome(decider, {PLACEMENT: [*PEOPLE, declared()]}, absence()) == {}


def test_leave_of_a_stranger_is_turned_away() -> None:
    with pytest.raises(Invalid, match="has not been placed"):
        outcome(decider, {PLACEMENT: PEOPLE}, absence(employee=ANI))


def test_leave_that_ends_before_it_begins_is_turned_away() -> None:
    with pytest.raises(Invalid, match="lies before"):
        outcome(decider, {PLACEMENT: PEOPLE}, absence(to=SUNDAY))


def test_leave_amends_the_published_days_that_it_touches_and_says_why() -> None:
    facts = rosters(outcome(decider, given_week() | {PLACEMENT: [*PEOPLE, declared()]}, plans(units=["FRONT"])))
    touched = [fact for fact in facts if STAFF[0] in {a.employee for a in fact.assignments if a.mode == "OFF"}]
    assert {(f.work_date, f.status, f.cause, f.roster_revision) for f in touched} == {
        (MONDAY, "AMENDED", "ABSENCE", 2),
        (TUESDAY, "AMENDED", "ABSENCE", 2),
    }


def modes(*absences: AbsenceDeclared) -> list[str]:
    told = rosters(outcome(decider, {PLACEMENT: [*PEOPLE, *absences]}, plans(units=["FRONT"], dates=[MONDAY, TUESDAY])))
    return [a.mode for fact in told for a in fact.assignments if a.employee == STAFF[0]]


def test_leave_that_was_withdrawn_for_one_day_stands_on_the_other() -> None:
    assert "OFF" not in modes(declared(), declared(withdrawn=True))
    assert modes(declared(), declared(withdrawn=True, to=MONDAY))[1] == "OFF"


def test_travel_that_was_withdrawn_leaves_the_leave() -> None:
    assert modes(declared(), declared(kind="TRAVEL"), declared(kind="TRAVEL", withdrawn=True)) == ["OFF", "OFF"]
