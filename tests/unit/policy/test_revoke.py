"""Revocation of an instrument, and enactment after it."""

from datetime import date

import pytest

from tests.support.depok_circulars import (
    DAY,
    DECIDED,
    MONDAY,
    SE_42,
    THURSDAY,
    UNTIL_15_FEB,
    amend,
    binding_dates,
    decide_step,
    enact,
    error_of,
    revoke,
    se,
    state_of,
    streams_after,
    suspend,
)


def test_a_revocation_can_be_brought_forward() -> None:
    steps = enact(SE_42), revoke(THURSDAY, first=date(2026, 12, 31)), revoke(THURSDAY, first=MONDAY)
    assert binding_dates(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_revoked_again_for_later_it_ends_as_it_did() -> None:
    assert decide_step(streams_after(enact(SE_42), revoke(THURSDAY)), revoke(MONDAY)) == {}


def test_what_expires_before_cannot_be_revoked_any_more() -> None:
    assert decide_step(streams_after(enact(UNTIL_15_FEB)), revoke(MONDAY)) == {}


@pytest.mark.parametrize(("day", "became"), [(date(2026, 2, 16), "SUSPENDED"), (MONDAY, "REVOKED")])
def test_revoked_while_suspended_it_is_revoked_from_its_date_on(day: date, became: str) -> None:
    assert state_of(day, enact(SE_42), suspend(THURSDAY + DAY), revoke(MONDAY)) == became


def test_revoked_before_a_suspension_that_was_to_come_it_is_only_revoked() -> None:
    steps = enact(SE_42), suspend(THURSDAY, first=date(2026, 3, 1)), revoke(MONDAY)
    assert state_of(date(2026, 3, 2), *steps) == "REVOKED"


def test_revoked_while_suspended_and_enacted_again_it_binds_from_that_day() -> None:
    steps = enact(SE_42), suspend(THURSDAY + DAY), revoke(date(2026, 2, 2)), enact(SE_42, MONDAY)
    assert binding_dates(*steps) == [(THURSDAY, THURSDAY), (MONDAY, None)]


def test_revoked_and_enacted_again_before_it_began_it_begins_on_its_day() -> None:
    assert binding_dates(enact(SE_42), revoke(DECIDED), enact(SE_42, DECIDED + DAY)) == [(THURSDAY, None)]


def test_what_was_amended_and_revoked_is_enacted_again_in_its_last_version() -> None:
    steps = enact(SE_42), amend(se(first=MONDAY), MONDAY), revoke(date(2026, 3, 2))
    assert "other content" in error_of(*steps, enact(SE_42, date(2026, 3, 9)))
