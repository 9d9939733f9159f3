"""Enactment with a date, and scheduling of an instrument that was enacted without one."""

from datetime import date

import pytest

from services.policy.domain.commands import ScheduleInstrument
from shared.domain.facts.policy import OpdMerged
from tests.support.depok_circulars import (
    DAY,
    DECIDED,
    MONDAY,
    REGION,
    SE_42,
    THURSDAY,
    UNDATED,
    UNTIL_15_FEB,
    binding_dates,
    change_kinds,
    decide_step,
    enact,
    error_of,
    revoke,
    schedule,
    se,
    state_of,
    streams_after,
    transition,
)


@pytest.mark.parametrize(("day", "became"), [(DECIDED, "ENACTED"), (THURSDAY, "IN_FORCE")])
def test_between_its_decision_and_its_date_it_is_enacted_and_not_in_force(day: date, became: str) -> None:
    assert state_of(day, enact(SE_42)) == became


@pytest.mark.parametrize(("day", "became"), [(date(2026, 2, 15), "IN_FORCE"), (date(2026, 2, 16), "EXPIRED")])
def test_it_expires_on_the_day_after_its_last(day: date, became: str) -> None:
    assert state_of(day, enact(UNTIL_15_FEB)) == became


def test_enacted_without_a_date_it_binds_nobody() -> None:
    assert binding_dates(enact(UNDATED), of="depok-2026-kep-196") == []


def test_enacted_without_a_date_it_is_published_to_no_opd() -> None:
    assert change_kinds("BKPSDM", enact(UNDATED)) == []


def test_once_its_date_is_decided_it_binds_from_then_on() -> None:
    assert binding_dates(enact(UNDATED), schedule(THURSDAY, MONDAY), of="depok-2026-kep-196") == [(MONDAY, None)]


def test_a_date_decided_for_last_week_holds_from_today() -> None:
    assert binding_dates(enact(UNDATED), schedule(MONDAY, THURSDAY), of="depok-2026-kep-196") == [(MONDAY, None)]


def test_a_named_official_may_attest_that_the_date_was_published_before() -> None:
    early = transition(ScheduleInstrument, THURSDAY, "depok-2026-kep-196", published_attested_by="SEKRETARIS_DAERAH")
    late = MONDAY, early[1]
    assert binding_dates(enact(UNDATED), late, of="depok-2026-kep-196") == [(THURSDAY, None)]


def test_the_same_date_decided_twice_changes_nothing() -> None:
    assert decide_step(streams_after(enact(UNDATED), schedule(THURSDAY, MONDAY)), schedule(THURSDAY, MONDAY)) == {}


def test_another_date_is_an_amendment() -> None:
    error = error_of(enact(UNDATED), schedule(THURSDAY, MONDAY), schedule(THURSDAY, MONDAY + DAY))
    assert "change it by an amendment" in error


def test_a_revoked_decree_gets_no_date_any_more() -> None:
    error = error_of(enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), schedule(MONDAY, MONDAY))
    assert "is no longer in force from 2026-01-29" in error


def test_a_decree_revoked_before_it_had_a_date_can_be_enacted_and_dated_again() -> None:
    steps = enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), enact(UNDATED, MONDAY), schedule(MONDAY, MONDAY)
    assert binding_dates(*steps, of="depok-2026-kep-196") == [(MONDAY, None)]


def test_enacted_again_without_a_date_a_third_time_changes_nothing() -> None:
    steps = enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), enact(UNDATED, MONDAY)
    assert decide_step(streams_after(*steps), enact(UNDATED, MONDAY)) == {}


def test_what_was_enacted_is_the_same_though_an_opd_that_it_names_was_merged_since() -> None:
    instruction = se("depok-2026-ink-1", layer="OPD", opds=["DISHUB"])
    merged = OpdMerged(region=REGION, opd="DISHUB", into="BAPPEDA", on=MONDAY)
    streams = streams_after(enact(instruction))
    ended = {**streams, f"policy/{REGION}/DISHUB": [*streams[f"policy/{REGION}/DISHUB"], merged]}
    assert decide_step(ended, enact(instruction, MONDAY)) == {}


def test_an_undated_decree_that_was_scheduled_is_not_enacted_again() -> None:
    assert decide_step(streams_after(enact(UNDATED), schedule(DECIDED, THURSDAY)), enact(UNDATED)) == {}


def test_a_scheduled_decree_begins_at_its_first_site() -> None:
    sites = {"pattern": {"weekdays": ["THU"]}, "sites": [{"site": "BALAI-KOTA", "from": str(THURSDAY - DAY)}]}
    pilot = se("depok-2026-kep-196", None, rules=sites)
    assert binding_dates(enact(pilot), schedule(DECIDED, THURSDAY), of="depok-2026-kep-196") == [(THURSDAY - DAY, None)]
