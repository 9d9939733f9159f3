"""What a duty officer expects of the board of DPMPTSP."""

from datetime import date, datetime, timedelta

import pytest

from services.reporting.domain.coverage.as_of import PostHeads, coverage_at, row
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.coverage.presence import Duty
from services.reporting.domain.fact_store.compact import compact
from shared.domain.envelope import Event
from shared.domain.facts.base import Fact
from shared.domain.facts.coverage import PostCoverage
from shared.domain.facts.policy import Holiday
from shared.domain.facts.roster import Required
from shared.domain.facts.rules import Presence, Rules
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    EVERY_DAY,
    SITE,
    THURSDAY,
    Ledger,
    arrangement,
    at,
    placement,
    policy,
    post,
    refused_check_in,
    roster,
    shift,
    tap,
)

FRIDAY = THURSDAY + timedelta(days=1)
BEFORE = at("06:00", date(2025, 11, 3))


def history(*recorded: tuple[Fact, datetime]) -> list[Event]:
    ledger = Ledger()
    for fact, when in recorded:
        ledger.record(fact, when)
    return ledger.events


def fact_set(*recorded: tuple[Fact, datetime]) -> FactSet:
    facts = FactSet("32", "DPMPTSP")
    for event in history(*recorded):
        facts.add(compact(event))
    return facts


def counter(facts: FactSet, service_date: date = THURSDAY, unit: str = "FRONT", code: str = "LOKET-1") -> PostCoverage:
    return row(facts.facts_for(service_date), "32", "DPMPTSP", service_date, {}).units[unit].posts[code]


PLANNED = (
    (arrangement(), BEFORE),
    (roster(shift(ANI, rest=(720, 780))), BEFORE),
)


def test_the_row_of_the_contract_clerk_came_at_08_16() -> None:
    steps = counter(fact_set(*PLANNED, (tap("in", ANI, at("08:16:08")), at("08:16:09"))))
    assert steps == PostCoverage(
        required=((480, 1), (900, 0)),
        planned=((450, 1), (720, 0), (780, 1), (960, 0)),
        known=((496, 1), (720, 0), (780, 1), (960, 0)),
        restated=((496, 1), (720, 0), (780, 1), (960, 0)),
    )


def test_a_counter_that_nobody_reached_is_known_empty() -> None:
    assert counter(fact_set(*PLANNED)).known == ()


def test_an_offline_tap_changes_what_is_known_now_not_what_was_known_then() -> None:
    steps = counter(fact_set(*PLANNED, (tap("in", ANI, at("07:50"), offline=True, strength="CLAIMED"), at("10:00"))))
    assert (steps.known[0], steps.restated[0]) == ((600, 1), (470, 1))


def test_a_claimed_tap_counts_only_where_the_opd_accepts_claims() -> None:
    strict = policy(rules=Rules(presence=Presence(accept_claimed=False)))
    claimed = tap("in", ANI, at("07:50"), offline=True, strength="CLAIMED")
    assert counter(fact_set(*PLANNED, (strict, BEFORE), (claimed, at("10:00")))).restated == ()


def test_who_left_no_longer_covers() -> None:
    came, left = tap("in", ANI, at("08:00")), tap("out", ANI, at("09:30"))
    steps = counter(fact_set(*PLANNED, (came, at("08:00")), (left, at("09:30"))))
    assert steps.known == ((480, 1), (570, 0))


def test_working_at_home_is_presence_never_cover() -> None:
    home = tap("in", ANI, at("07:30"), mode="WFH", place={"class": "HOME"})
    facts = fact_set(*PLANNED, (home, at("07:30")))
    coverage = row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {})
    assert (coverage.units["FRONT"].posts["LOKET-1"].known, coverage.modes) == ((), {"WFH": ((450, 1), (960, 0))})


def test_presence_begins_at_the_tap_and_cover_at_the_duty() -> None:
    facts = fact_set(*PLANNED, (tap("in", ANI, at("07:21:08")), at("07:21:09")))
    coverage = row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {})
    assert (coverage.modes["WFO"][0], coverage.units["FRONT"].posts["LOKET-1"].known[0]) == ((441, 1), (450, 1))


def test_a_colleague_takes_the_counter_over_with_one_tap() -> None:
    take = tap("take", BUDI, at("09:00"), post="LOKET-1")
    facts = fact_set(*PLANNED, (roster(shift(ANI), shift(BUDI, at_post=None)), BEFORE), (take, at("09:00")))
    assert counter(facts).known == ((540, 1), (960, 0))


def test_a_take_over_without_the_skill_does_not_cover() -> None:
    skilled = arrangement(post(skills=("PERIZINAN",)))
    take = tap("take", BUDI, at("09:00"), post="LOKET-1")
    base = ((skilled, BEFORE), (roster(shift(ANI), shift(BUDI, at_post=None)), BEFORE), (take, at("09:00")))
    assert [
        counter(fact_set(*base, (placement(BUDI, *skills), BEFORE))).restated for skills in ((), ("PERIZINAN",))
    ] == [
        (),
        ((540, 1), (960, 0)),
    ]


def test_a_take_over_by_somebody_without_duty_lasts_until_the_counter_closes() -> None:
    take = tap("take", CITRA, at("09:00"), post="LOKET-1")
    assert counter(fact_set(*PLANNED, (take, at("09:00")))).known == ((540, 1), (900, 0))


def test_a_check_in_at_another_site_does_not_cover() -> None:
    elsewhere = tap("in", ANI, at("08:00"), place={"class": "SITE", "site": "GEDUNG-SATE"})
    assert counter(fact_set(*PLANNED, (elsewhere, at("08:00")))).known == ()


def test_a_refused_tap_covers_nothing() -> None:
    assert counter(fact_set(*PLANNED, (refused_check_in(ANI, at("08:00")), at("08:00")))).known == ()


NIGHT = arrangement(post("PUSDALOPS", 1320, 1800, weekdays=EVERY_DAY), unit="PUSDALOPS", **{"class": "EMERGENCY_24X7"})
NIGHT_ROSTER = roster(shift(ANI, 1320, 1800, at_post="PUSDALOPS"), unit="PUSDALOPS")


def test_a_night_shift_shows_in_the_rows_of_both_dates() -> None:
    facts = fact_set((NIGHT, BEFORE), (NIGHT_ROSTER, BEFORE), (tap("in", ANI, at("21:55")), at("21:55")))
    assert [counter(facts, d, "PUSDALOPS", "PUSDALOPS").known for d in (THURSDAY, FRIDAY)] == [
        ((1320, 1),),
        ((0, 1), (360, 0)),
    ]


def test_a_night_duty_without_a_roster_is_still_required_on_both_dates() -> None:
    facts = fact_set((NIGHT, BEFORE), (NIGHT_ROSTER, BEFORE))
    assert [counter(facts, d, "PUSDALOPS", "PUSDALOPS").required for d in (THURSDAY, FRIDAY)] == [
        ((0, 1), (360, 0), (1320, 1)),
        ((0, 1), (360, 0), (1320, 1)),
    ]


def test_a_holiday_closes_the_counter_and_not_the_emergency_post() -> None:
    off = Holiday(date=THURSDAY, kind="CUTI_BERSAMA", name="Cuti bersama", source="SKB")
    always = arrangement(post(), post("IGD", on_holidays="OPEN"))
    facts = fact_set((always, BEFORE), (roster(shift(ANI)), BEFORE), (policy(off), BEFORE))
    assert (counter(facts).required, counter(facts, code="IGD").required) == ((), ((480, 1), (900, 0)))


def test_a_changed_roster_changes_the_plan_from_its_recording_on() -> None:
    facts = fact_set(*PLANNED, (roster(shift(BUDI, at_post=None), revision=2), at("10:00")))
    assert counter(facts).planned == ((450, 1), (600, 0))


def test_a_unit_without_a_roster_says_so() -> None:
    facts = fact_set((arrangement(), BEFORE), (arrangement(unit="BACK"), BEFORE), (roster(shift(ANI)), BEFORE))
    units = row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {}).units
    assert {unit: coverage.rostered for unit, coverage in units.items()} == {"BACK": False, "FRONT": True}


def test_a_roster_before_its_arrangement_plans_and_requires_nothing() -> None:
    facts = fact_set((roster(shift(ANI)), BEFORE), (tap("in", ANI, at("08:00")), at("08:00")))
    steps = counter(facts)
    assert (steps.required, steps.known, steps.planned) == ((), (), ((450, 1), (960, 0)))


def test_shifts_that_touch_need_one_check_in() -> None:
    both = roster(shift(ANI, 360, 840), shift(ANI, 840, 1320))
    facts = fact_set(
        (arrangement(post(opens=360, closes=1320)), BEFORE), (both, BEFORE), (tap("in", ANI, at("05:55")), at("05:55"))
    )
    assert counter(facts).known == ((360, 1), (1320, 0))


def test_a_tap_between_two_shifts_counts_for_both() -> None:
    both = roster(shift(ANI, 360, 840), shift(ANI, 900, 1320))
    wide = arrangement(post(opens=360, closes=1320))
    facts = fact_set((wide, BEFORE), (both, BEFORE), (tap("in", ANI, at("13:00")), at("13:00")))
    assert counter(facts).known == ((780, 1), (840, 0), (900, 1), (1320, 0))


def test_a_second_shift_later_that_day_needs_a_second_check_in() -> None:
    both = roster(shift(ANI, 360, 720), shift(ANI, 1080, 1320))
    facts = fact_set(
        (arrangement(post(opens=360, closes=1320)), BEFORE), (both, BEFORE), (tap("in", ANI, at("05:55")), at("05:55"))
    )
    assert counter(facts).known == ((360, 1), (720, 0))


def test_an_arrangement_that_has_ended_requires_nothing() -> None:
    expired = arrangement(valid_to=THURSDAY - timedelta(days=1))
    facts = fact_set((expired, BEFORE), (roster(shift(ANI)), BEFORE))
    assert counter(facts).required == ()


def test_leave_is_shown_as_away() -> None:
    facts = fact_set(*PLANNED, (roster(shift(ANI, mode="AWAY", at_post=None), unit="BACK"), BEFORE))
    assert row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {}).modes == {"AWAY": ((450, 1), (960, 0))}


@pytest.mark.parametrize(
    ("minute", "known_by", "heads"),
    [
        ("08:30", "08:30", PostHeads(1, 1, 0)),
        ("08:30", "11:00", PostHeads(1, 1, 1)),
        ("12:10", "12:10", PostHeads(1, 0, 0)),
        ("15:30", "15:30", PostHeads(0, 1, 1)),
    ],
)
def test_any_minute_can_be_asked_as_known_then_and_as_known_now(minute: str, known_by: str, heads: PostHeads) -> None:
    late = tap("in", ANI, at("08:16"), offline=True)
    facts = history(*PLANNED, (late, at("10:00")))
    assert coverage_at(facts, at(minute), at(known_by))["FRONT", "LOKET-1"] == heads


def test_before_anything_was_recorded_nothing_is_known() -> None:
    assert coverage_at(history(*PLANNED), at("08:00"), at("08:00", date(2025, 1, 1))) == {}


def test_a_repeated_fact_touches_its_row_again_and_counts_once() -> None:
    facts = fact_set(*PLANNED)
    (again,) = history((tap("in", ANI, at("08:00")), at("08:00")))
    affected = [facts.add(compact(again)), facts.add(compact(again))]
    assert (affected, len(facts)) == ([frozenset({THURSDAY})] * 2, 3)


def test_a_new_arrangement_touches_every_row() -> None:
    facts = fact_set((NIGHT, BEFORE), (NIGHT_ROSTER, BEFORE))
    (changed,) = history((arrangement(), at("10:00")))
    assert {*(facts.add(compact(changed)) or ())} == {THURSDAY, FRIDAY}


NIGHT_GUARD = (NIGHT, BEFORE), (NIGHT_ROSTER, BEFORE)


def test_a_night_that_is_in_a_roster_is_not_unknown_after_midnight() -> None:
    steps = counter(fact_set(*NIGHT_GUARD), FRIDAY, "PUSDALOPS", "PUSDALOPS")
    assert (steps.required[0], steps.unrostered) == ((0, 1), ((1320, 1),))


def test_a_night_that_nobody_was_assigned_to_has_a_row_on_both_dates() -> None:
    empty = roster(unit="PUSDALOPS").model_copy(
        update={"required": (Required(post="PUSDALOPS", from_minute=1320, to_minute=1800, minimum=1),)}
    )
    assert fact_set((NIGHT, BEFORE), (empty, BEFORE)).dates() == {THURSDAY, FRIDAY}


def test_a_withdrawn_roster_is_none() -> None:
    withdrawn = roster(shift(ANI), revision=2).model_copy(update={"status": "WITHDRAWN"})
    facts = fact_set(*PLANNED, (withdrawn, BEFORE))
    coverage = row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {}).units["FRONT"]
    assert (coverage.rostered, coverage.posts["LOKET-1"].unrostered) == (False, ((480, 1), (900, 0)))


def test_one_person_is_at_one_counter_that_of_the_last_roster() -> None:
    back = arrangement(post("LOKET-9"), unit="BACK")
    moved = roster(shift(ANI, at_post="LOKET-9"), unit="BACK")
    facts = fact_set(*PLANNED, (back, BEFORE), (moved, BEFORE), (tap("in", ANI, at("08:00")), at("08:00")))
    assert (counter(facts).restated, counter(facts, unit="BACK", code="LOKET-9").restated[0]) == (
        (),
        (480, 1),
    )


def test_a_refused_tap_of_another_century_makes_no_row() -> None:
    facts = fact_set(*PLANNED, (refused_check_in(ANI, at("08:00", date(2150, 2, 1))), at("08:00")))
    assert facts.dates() == {THURSDAY}


def test_a_tap_submitted_after_the_limit_no_longer_covers() -> None:
    late = tap("in", ANI, at("07:50"), offline=True, strength="CLAIMED", received_at=at("07:51", date(2025, 11, 9)))
    assert counter(fact_set(*PLANNED, (late, at("07:51", date(2025, 11, 9))))).restated == ()


def test_a_guard_who_came_before_midnight_covers_a_shift_that_begins_with_its_arrangement() -> None:
    early = arrangement(post("JAGA", 0, 480, weekdays=EVERY_DAY), valid_from=THURSDAY)
    guard = roster(shift(ANI, 0, 480, at_post="JAGA"))
    came = at("23:50", THURSDAY - timedelta(days=1))
    assert counter(fact_set((early, BEFORE), (guard, BEFORE), (tap("in", ANI, came), came)), code="JAGA").known == (
        (0, 1),
        (480, 0),
    )


@pytest.mark.parametrize(("came", "known"), [("19:00", ((1320, 1),)), ("18:59", ())])
def test_a_tap_counts_for_a_duty_that_begins_within_three_hours(came: str, known: object) -> None:
    facts = fact_set(*NIGHT_GUARD, (tap("in", ANI, at(came)), at(came)))
    assert counter(facts, THURSDAY, "PUSDALOPS", "PUSDALOPS").known == known


def test_a_night_post_taken_over_after_midnight_is_left_when_it_closes_that_morning() -> None:
    take = tap("take", CITRA, at("00:30", FRIDAY), unit="PUSDALOPS", post="PUSDALOPS")
    facts = fact_set(*NIGHT_GUARD, (take, at("00:30", FRIDAY)))
    assert counter(facts, FRIDAY, "PUSDALOPS", "PUSDALOPS").known == ((30, 1), (360, 0))


def test_who_took_a_counter_over_rests_at_the_hours_of_their_own_duty() -> None:
    rosters = roster(shift(ANI), shift(BUDI, at_post=None, rest=(720, 780)))
    take = tap("take", BUDI, at("09:00"), post="LOKET-1")
    assert counter(fact_set(*PLANNED, (rosters, BEFORE), (take, at("09:00")))).known == (
        (540, 1),
        (720, 0),
        (780, 1),
        (960, 0),
    )


def test_a_site_in_another_zone_counts_by_its_own_clock() -> None:
    ambon = SITE.model_copy(update={"site": "AMBON", "timezone": "Asia/Jayapura"})
    facts = fact_set(
        (arrangement(site=ambon), BEFORE),
        (roster(shift(ANI, 450, 960)), BEFORE),
        (tap("in", ANI, at("05:30"), place={"class": "SITE", "site": "AMBON"}), at("05:31")),
    )
    assert (counter(facts).required, counter(facts).known) == (((480, 1), (900, 0)), ((451, 1), (960, 0)))


def unit_codes(facts: FactSet) -> list[str]:
    return sorted(facts.row(THURSDAY, {}).units)


def test_a_unit_that_opens_next_month_has_no_place_on_the_board_of_today() -> None:
    assert unit_codes(fact_set(*PLANNED, (arrangement(unit="BARU", valid_from=date(2025, 12, 1)), BEFORE))) == ["FRONT"]


def test_a_unit_that_is_only_in_a_roster_leaves_the_board_with_it() -> None:
    facts = fact_set(*PLANNED)
    ledger = Ledger()
    for fact in (roster(shift(ANI)), roster(shift(BUDI), unit="POSKO"), roster(unit="POSKO", revision=2)):
        event = ledger.record(fact, BEFORE)
        facts.add(compact(event))
        if fact.roster_revision == 1:
            last = unit_codes(facts)
    assert (last, unit_codes(facts)) == (["FRONT", "POSKO"], ["FRONT"])


def test_an_amended_roster_moves_only_its_own_people() -> None:
    facts = fact_set(*PLANNED, (tap("in", ANI, at("08:16")), at("08:16")))
    before = facts.row(THURSDAY, {}).units["FRONT"].posts["LOKET-1"]
    ledger = Ledger()
    ledger.record(roster(shift(ANI)), BEFORE)
    facts.add(compact(ledger.record(roster(shift(ANI, rest=(720, 780)), shift(BUDI), revision=2), at("10:00"))))
    after = facts.row(THURSDAY, {}).units["FRONT"].posts["LOKET-1"]
    assert (before.planned[0], after.planned[:2], after.known) == ((450, 1), ((450, 1), (600, 2)), before.known)


def test_a_duty_at_home_fills_no_post() -> None:
    assert not list(Duty("FRONT", "LOKET-1", "WFH", 450, 960, (), THURSDAY).cover_spans())
