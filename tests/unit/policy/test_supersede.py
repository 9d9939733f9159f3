"""Supersession of an instrument by another one."""

from datetime import date

import pytest

from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.read_models.timeline_chart import state_spans
from tests.support.depok_circulars import (
    ADDRESSED,
    DAY,
    MONDAY,
    SE_42,
    SE_80,
    THURSDAY,
    UNDATED,
    WEDNESDAYS,
    amend,
    binding_dates,
    change_kinds,
    enact,
    error_of,
    instruments_after,
    resume,
    revoke,
    se,
    state_of,
    suspend,
)


@pytest.mark.parametrize(("day", "became"), [(MONDAY - DAY, "IN_FORCE"), (MONDAY, "SUPERSEDED")])
def test_se_42_is_superseded_on_the_monday_on_which_se_80_begins(day: date, became: str) -> None:
    assert state_of(day, enact(SE_42), enact(SE_80)) == became


def test_se_80_revoked_before_it_began_leaves_se_42_in_force() -> None:
    assert binding_dates(enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument)) == [(THURSDAY, None)]


def test_se_80_revoked_after_it_began_does_not_bring_se_42_back() -> None:
    steps = enact(SE_42), enact(SE_80), revoke(MONDAY + DAY, SE_80.instrument)
    assert binding_dates(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_while_se_80_is_suspended_before_it_began_se_42_goes_on() -> None:
    assert binding_dates(enact(SE_42), enact(SE_80), suspend(THURSDAY, SE_80.instrument)) == [(THURSDAY, None)]


def test_se_42_ends_when_se_80_is_resumed_and_not_before() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, SE_80.instrument), resume(third, SE_80.instrument)
    assert binding_dates(*steps) == [(THURSDAY, third - DAY)]


def test_se_42_ends_when_the_revoked_se_80_is_enacted_again_and_not_before() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument), enact(SE_80, third)
    assert binding_dates(*steps) == [(THURSDAY, third - DAY)]


def test_an_amendment_that_supersedes_another_does_so_from_its_own_date_on() -> None:
    second = se("depok-2026-se-80")
    more = se("depok-2026-se-80", MONDAY, supersedes=["depok-2026-se-42"])
    assert binding_dates(enact(SE_42), enact(second), amend(more, THURSDAY)) == [(THURSDAY, MONDAY - DAY)]


def test_an_amendment_that_no_longer_names_another_does_not_reinstate_it() -> None:
    steps = enact(SE_42), enact(SE_80), amend(se("depok-2026-se-80", MONDAY + 7 * DAY), MONDAY)
    assert binding_dates(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_what_was_superseded_cannot_be_amended() -> None:
    error = error_of(enact(SE_42), enact(SE_80), amend(se(first=MONDAY, rules=WEDNESDAYS), MONDAY))
    assert "is no longer in force from 2026-02-17" in error


def test_a_decree_that_never_had_a_date_is_superseded_too() -> None:
    heir = se("depok-2026-se-1633", MONDAY, supersedes=["depok-2026-kep-196"])
    assert state_of(MONDAY, enact(UNDATED), enact(heir), of="depok-2026-kep-196") == "SUPERSEDED"


def test_what_was_revoked_before_its_successor_came_stays_revoked() -> None:
    assert state_of(MONDAY, enact(SE_42), enact(SE_80), revoke(THURSDAY + DAY)) == "REVOKED"


def test_a_successor_is_published_to_an_opd_that_only_the_superseded_instruction_bound() -> None:
    steps = (
        enact(se("depok-2026-ink-1", opds=["DISHUB", "BAPPEDA"], **ADDRESSED)),
        enact(se("depok-2026-ink-2", MONDAY, opds=["BAPPEDA"], supersedes=["depok-2026-ink-1"], **ADDRESSED), THURSDAY),
    )
    assert change_kinds("DISHUB", *steps) == ["ENACTED", "ENACTED"]


def test_who_is_superseded_before_he_begins_supersedes_nobody() -> None:
    march = se("depok-2026-b", date(2026, 3, 2), supersedes=["depok-2026-se-42"])
    february = se("depok-2026-c", MONDAY, supersedes=["depok-2026-b"])
    instruments = supersession_dates(instruments_after(enact(SE_42), enact(march), enact(february)))
    assert instruments == {"depok-2026-b": MONDAY}


def test_a_day_on_which_nothing_changes_cuts_no_bar() -> None:
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, first=MONDAY + 7 * DAY)
    instruments = instruments_after(*steps)
    spans = state_spans(instruments["depok-2026-se-42"], supersession_dates(instruments)["depok-2026-se-42"])
    assert [span.state for span in spans] == [
        "ENACTED", "IN_FORCE", "SUPERSEDED",
    ]  # fmt: skip
