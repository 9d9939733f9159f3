"""Amendment of an instrument from a date on."""

from datetime import date

from tests.support.depok_circulars import (
    ADDRESSED,
    DAY,
    DECIDED,
    MONDAY,
    SE_42,
    THURSDAY,
    UNDATED,
    UNTIL_15_FEB,
    WEDNESDAYS,
    amend,
    binding_dates,
    change_kinds,
    decide_step,
    enact,
    error_of,
    revoke,
    se,
    state_of,
    streams_after,
)


def test_amended_it_keeps_its_rules_until_the_day_before() -> None:
    assert binding_dates(enact(SE_42), amend(se(first=MONDAY, rules=WEDNESDAYS), THURSDAY)) == [
        (THURSDAY, MONDAY - DAY), (MONDAY, None),
    ]  # fmt: skip


def test_the_same_amendment_again_changes_nothing() -> None:
    step = amend(se(first=MONDAY, rules=WEDNESDAYS), THURSDAY)
    assert decide_step(streams_after(enact(SE_42), step), step) == {}


def test_enacting_again_what_an_amendment_changed_changes_nothing() -> None:
    assert decide_step(streams_after(enact(SE_42), amend(se(first=MONDAY), THURSDAY)), enact(SE_42, THURSDAY)) == {}


def test_amended_to_an_earlier_day_before_it_began_it_begins_earlier() -> None:
    earlier = date(2026, 1, 27)
    assert binding_dates(enact(SE_42), amend(se(first=earlier), DECIDED)) == [(earlier, None)]


def test_an_amendment_for_last_month_holds_from_today() -> None:
    assert binding_dates(enact(SE_42), amend(se(first=THURSDAY, rules=WEDNESDAYS), MONDAY))[1] == (MONDAY, None)


def test_an_amendment_has_a_date() -> None:
    assert "needs a date" in error_of(enact(SE_42), amend(se(first=None), THURSDAY))


def test_a_decree_without_a_date_is_not_amended() -> None:
    error = error_of(enact(UNDATED), amend(se("depok-2026-kep-196", MONDAY), THURSDAY))
    assert "that has its own date" in error


def test_an_amendment_moves_no_instrument_to_another_layer() -> None:
    assert "the same layer" in error_of(enact(SE_42), amend(se(first=MONDAY, layer="OPD", opds=["DISHUB"]), THURSDAY))


def test_an_amendment_may_extend_it_from_the_day_after_its_last() -> None:
    more = se(first=date(2026, 2, 16), effective_to=date(2026, 3, 31))
    assert state_of(date(2026, 3, 31), enact(UNTIL_15_FEB), amend(more, THURSDAY)) == "IN_FORCE"


def test_what_has_ended_cannot_be_amended() -> None:
    error = error_of(enact(UNTIL_15_FEB), amend(se(first=date(2026, 3, 1)), date(2026, 3, 1)))
    assert "is no longer in force from 2026-02-16" in error


def test_what_was_revoked_cannot_be_amended() -> None:
    error = error_of(enact(SE_42), revoke(THURSDAY), amend(se(first=MONDAY), MONDAY))
    assert "is no longer in force from 2026-01-29" in error


def test_shortened_too_late_it_ends_when_that_was_recorded() -> None:
    shorter = se(first=THURSDAY, effective_to=date(2026, 2, 10))
    steps = enact(UNTIL_15_FEB), amend(shorter, date(2026, 2, 13))
    assert [state_of(date(2026, 2, day), *steps) for day in (12, 13)] == ["IN_FORCE", "EXPIRED"]


def test_an_amendment_is_published_to_an_opd_that_it_leaves_out() -> None:
    steps = (
        enact(se("depok-2026-ink-1", opds=["DISHUB", "BAPPEDA"], **ADDRESSED)),
        amend(se("depok-2026-ink-1", MONDAY, opds=["BAPPEDA"], **ADDRESSED), THURSDAY),
    )
    assert change_kinds("DISHUB", *steps) == ["ENACTED", "AMENDED"]
