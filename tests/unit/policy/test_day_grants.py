"""Optional weekdays that an OPD applies for."""

from datetime import date

from shared.domain.facts.policy import PolicyChanged
from tests.support.depok_circulars import (
    DAY,
    MONDAY,
    REGION,
    SE_188,
    THURSDAY,
    Step,
    approve,
    change_kinds,
    decide_step,
    enact,
    error_of,
    resume,
    revoke,
    streams_after,
    suspend,
)


def friday_periods(*steps: Step, opd: str = "BKPSDM") -> list[date]:
    policy = [fact for fact in streams_after(*steps)[f"policy/{REGION}/{opd}"] if isinstance(fact, PolicyChanged)][-1]
    return [p.from_ for p in policy.periods if p.rules.pattern and "FRI" in p.rules.pattern.weekdays]


def test_a_friday_that_was_approved_is_a_day_at_home() -> None:
    assert friday_periods(enact(SE_188), approve(MONDAY)) == [MONDAY]


def test_a_grant_is_published_only_to_the_opd_that_applied() -> None:
    assert change_kinds("DISHUB", enact(SE_188), approve(MONDAY)) == ["ENACTED"]


def test_approved_again_the_day_after_changes_nothing() -> None:
    assert decide_step(streams_after(enact(SE_188), approve(MONDAY)), approve(MONDAY + DAY)) == {}


def test_approved_for_longer_it_holds_for_longer() -> None:
    short, longer = date(2026, 3, 31), date(2026, 6, 30)
    streams = streams_after(enact(SE_188), approve(MONDAY, effective_to=short), approve(MONDAY, effective_to=longer))
    policy = streams[f"policy/{REGION}/BKPSDM"][-1]
    assert isinstance(policy, PolicyChanged)
    assert [p.to for p in policy.periods if p.rules.pattern and "FRI" in p.rules.pattern.weekdays] == [longer]


def test_a_day_that_the_circular_does_not_offer_cannot_be_approved() -> None:
    assert "does not offer MON" in error_of(enact(SE_188), approve(MONDAY, weekdays=["MON"]))


def test_the_applicant_is_in_the_register() -> None:
    assert error_of(enact(SE_188), approve(MONDAY, opd="DAMKAR")) == "/opd OPD DAMKAR is not in the register."


def test_days_of_a_revoked_circular_cannot_be_approved() -> None:
    error = error_of(enact(SE_188), revoke(THURSDAY, SE_188.instrument), approve(MONDAY))
    assert "is no longer in force from 2026-01-29" in error


def test_days_approved_during_a_suspension_count_once_it_is_over() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_188), suspend(THURSDAY, SE_188.instrument), approve(MONDAY), resume(third, SE_188.instrument)
    assert friday_periods(*steps) == [third]
