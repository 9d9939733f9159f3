"""A Friday that one circular grants beside the Wednesday of another: each day names its own source."""

from datetime import date
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.explanation.attribution import PeriodAttribution
from services.policy.domain.explanation.clauses import rule_clauses
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import PolicyChanged
from shared.domain.work_location import StaffProfile
from tests.support.depok_circulars import DECIDED, REGION, SE_188, approve, enact, se, streams_after
from tests.support.example_facts import arrangement
from tests.support.given_when_then import fold
from tests.support.messages import english, indonesian

SX_2 = se("depok-2026-sx-2", date(2026, 2, 2), rules={"pattern": {"weekdays": ["WED"]}})
STEPS = (enact(SE_188), approve(date(2026, 1, 30)), enact(SX_2, DECIDED))
STREAMS = streams_after(*STEPS)
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)


def last_policy() -> PolicyChanged:
    (*_, last) = STREAMS[f"policy/{REGION}/BKPSDM"]
    assert isinstance(last, PolicyChanged)
    return last


def answer_on(day: date) -> Answer:
    state: decider.State = fold(decider, STREAMS[f"instruments/{REGION}"])
    return answer(
        PolicySnapshot(REGION, decider.instruments_state(state).instruments, ()),
        PolicyQuery("BKPSDM", day, StaffProfile()),
    )


@pytest.mark.parametrize(("day", "source"), [(WEDNESDAY, SX_2), (THURSDAY, SX_2), (FRIDAY, SE_188)])
def test_the_instrument_of_the_day_is_named(day: date, source: Any) -> None:
    result = answer_on(day)
    steps = [step.instrument for step in result.chain if step.rule == "pattern" and step.binds]
    assert (result.won_by["pattern"], set(steps), "pattern/FRI" in result.won_by) == (
        source.instrument, {source.instrument}, False,
    )  # fmt: skip


DAYS = "WFH days: Wednesday (SE Depok depok-2026-sx-2); Friday (SE Depok depok-2026-se-188)."


@pytest.mark.parametrize("day", [WEDNESDAY, FRIDAY])
def test_each_day_of_the_pattern_is_explained_with_its_own_instrument(day: date) -> None:
    assert DAYS in english(answer_on(day).because)


def test_on_another_day_the_granted_one_is_explained_beside_the_pattern() -> None:
    assert "Di luar pola SE Depok depok-2026-sx-2. Hari WFH: Rabu; Jumat (SE Depok depok-2026-se-188)." in indonesian(
        answer_on(THURSDAY).because
    )


def test_the_page_shows_each_day_with_its_own_instrument() -> None:
    period = last_policy().periods[-1]
    lines = dict(rule_clauses(period.rules, PeriodAttribution(period, lambda name: name)))
    assert english(lines["pattern"]) == "WFH days: Wednesday (depok-2026-sx-2); Friday (depok-2026-se-188)."


@pytest.mark.parametrize(("day", "source"), [(WEDNESDAY, SX_2), (FRIDAY, SE_188)])
def test_a_roster_gives_the_instrument_of_the_day_as_its_reason(day: date, source: Any) -> None:
    unit = UnitDay(day, arrangement(opd="BKPSDM"), last_policy(), [], {})
    assert unit.source_instrument("pattern") == source.instrument
