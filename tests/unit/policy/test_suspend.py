"""Suspension and resumption of an instrument."""

from datetime import date

import pytest

from tests.support.depok_circulars import (
    DAY,
    DECIDED,
    MONDAY,
    SE_42,
    THURSDAY,
    UNTIL_15_FEB,
    binding_dates,
    change_kinds,
    decide_step,
    enact,
    error_of,
    resume,
    revoke,
    state_of,
    streams_after,
    suspend,
)


def test_suspended_it_binds_until_the_day_before() -> None:
    assert binding_dates(enact(SE_42), suspend(MONDAY)) == [(THURSDAY, MONDAY - DAY)]


def test_suspended_and_resumed_it_binds_on_both_sides() -> None:
    steps = enact(SE_42), suspend(date(2026, 2, 2)), resume(MONDAY)
    assert binding_dates(*steps) == [(THURSDAY, date(2026, 2, 1)), (MONDAY, None)]


def test_suspension_and_resumption_are_published_to_every_opd() -> None:
    assert change_kinds("DISHUB", enact(SE_42), suspend(THURSDAY), resume(MONDAY)) == [
        "ENACTED",
        "SUSPENDED",
        "RESUMED",
    ]


def test_suspended_twice_it_is_suspended_once() -> None:
    assert decide_step(streams_after(enact(SE_42), suspend(THURSDAY)), suspend(MONDAY)) == {}


def test_a_suspension_can_be_brought_forward() -> None:
    steps = enact(SE_42), suspend(THURSDAY, first=MONDAY), suspend(THURSDAY, first=date(2026, 2, 2))
    assert binding_dates(*steps) == [(THURSDAY, date(2026, 2, 1))]


def test_a_suspension_resumed_before_it_begins_never_was() -> None:
    assert binding_dates(enact(SE_42), suspend(DECIDED, first=MONDAY), resume(THURSDAY)) == [(THURSDAY, None)]


def test_what_ends_before_cannot_be_suspended_any_more() -> None:
    assert decide_step(streams_after(enact(UNTIL_15_FEB)), suspend(MONDAY)) == {}


def test_what_is_not_suspended_cannot_be_resumed() -> None:
    assert "is not suspended" in error_of(enact(SE_42), resume(MONDAY))


def test_what_was_resumed_already_cannot_be_resumed() -> None:
    assert "is not suspended" in error_of(enact(SE_42), suspend(THURSDAY), resume(MONDAY), resume(MONDAY))


def test_what_is_revoked_cannot_be_resumed() -> None:
    assert "is not suspended" in error_of(enact(SE_42), revoke(THURSDAY), resume(MONDAY))


def test_suspended_before_it_began_it_does_not_begin() -> None:
    assert binding_dates(enact(SE_42), suspend(DECIDED)) == []


def test_suspended_before_it_began_and_resumed_in_time_it_begins_on_its_day() -> None:
    assert binding_dates(enact(SE_42), suspend(DECIDED), resume(DECIDED + DAY)) == [(THURSDAY, None)]


@pytest.mark.parametrize("days", [0, 1])
def test_the_days_on_which_it_was_suspended_before_it_began_stay_so(days: int) -> None:
    steps = enact(SE_42), suspend(DECIDED), resume(DECIDED + 2 * DAY)
    assert state_of(DECIDED + days * DAY, *steps) == "SUSPENDED"


def test_still_suspended_on_its_last_day_it_still_expires() -> None:
    assert state_of(date(2026, 3, 1), enact(UNTIL_15_FEB), suspend(THURSDAY)) == "EXPIRED"


def test_what_is_to_be_revoked_is_revoked_earlier_and_not_suspended() -> None:
    error = error_of(enact(SE_42), revoke(THURSDAY, first=MONDAY), suspend(THURSDAY))
    assert "revoke it earlier instead" in error


def test_what_is_revoked_already_cannot_be_suspended_on_top() -> None:
    assert decide_step(streams_after(enact(SE_42), revoke(THURSDAY)), suspend(MONDAY)) == {}
