"""Changes of state whose date is reached."""

from datetime import date

from services.policy.domain.commands import RecordDue
from tests.support.depok_circulars import (
    DAY,
    MONDAY,
    REGION,
    SE_42,
    SE_80,
    THURSDAY,
    UNTIL_15_FEB,
    WEDNESDAYS,
    amend,
    change_kinds,
    decide_step,
    draft,
    due_states,
    enact,
    se,
    streams_after,
    suspend,
)

RECORD = RecordDue(region=REGION)


def test_nothing_is_due_before_its_date() -> None:
    assert due_states(THURSDAY - DAY, enact(SE_42)) == []


def test_on_its_date_it_came_into_force() -> None:
    assert due_states(THURSDAY, enact(SE_42)) == [(THURSDAY, "IN_FORCE")]


def test_what_was_missed_is_due_with_its_own_date() -> None:
    assert due_states(date(2026, 5, 1), enact(UNTIL_15_FEB)) == [
        (THURSDAY, "IN_FORCE"), (date(2026, 2, 16), "EXPIRED"),
    ]  # fmt: skip


def test_what_is_recorded_is_due_no_more() -> None:
    assert due_states(MONDAY, enact(SE_42), (THURSDAY, RECORD)) == []


def test_recorded_twice_is_recorded_once() -> None:
    assert decide_step(streams_after(enact(SE_42), (THURSDAY, RECORD)), (THURSDAY, RECORD)) == {}


def test_the_start_of_an_instrument_is_published_to_every_opd() -> None:
    assert change_kinds("DISHUB", enact(SE_42), (THURSDAY, RECORD)) == ["ENACTED", "IN_FORCE"]


def test_an_amendment_takes_effect_once_and_it_does_not_come_into_force_again() -> None:
    later = se(first=MONDAY, decided_on=THURSDAY + DAY, published_on=THURSDAY + DAY, rules=WEDNESDAYS)
    steps = enact(SE_42), (THURSDAY, RECORD), amend(later, THURSDAY + DAY)
    assert due_states(MONDAY, *steps) == [(MONDAY, "AMENDED")]


def test_on_one_monday_the_one_is_superseded_and_the_other_begins() -> None:
    steps = enact(SE_42), (THURSDAY, RECORD), enact(SE_80)
    assert sorted(due_states(MONDAY, *steps)) == [(MONDAY, "IN_FORCE"), (MONDAY, "SUPERSEDED")]


def test_a_suspension_of_what_is_superseded_by_then_is_never_due() -> None:
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, first=MONDAY + 7 * DAY)
    assert "SUSPENDED" not in {became for _, became in due_states(date(2026, 3, 2), *steps)}


def test_a_study_is_never_due() -> None:
    assert due_states(date(2027, 1, 1), draft(SE_42, "STUDY")) == []
