"""A Friday that one circular grants beside the Wednesday of another: each day is told as what it is."""

from datetime import date
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.explanation.clauses import OfPeriod, clauses
from services.policy.domain.snapshot import Asked, PolicySnapshot
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import PolicyChanged
from shared.domain.work_location import Who
from tests.support.example_facts import arrangement
from tests.support.given_when_then import folded
from tests.unit.policy.test_lifecycle import DECIDED, REGION, SE_188, after, approve, enact, se

SX_2 = se("depok-2026-sx-2", date(2026, 2, 2), rules={"pattern": {"weekdays": ["WED"]}})
STEPS = (enact(SE_188), approve(date(2026, 1, 30)), enact(SX_2, DECIDED))
STREAMS = after(*STEPS)
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)


def told() -> PolicyChanged:
    (*_, last) = STREAMS[f"policy/{REGION}/BKPSDM"]
    assert isinstance(last, PolicyChanged)
    return last


def asked(day: date) -> Answer:
    state: decider.State = folded(decider, STREAMS[f"instruments/{REGION}"])
    return answer(PolicySnapshot(REGION, state.courses, ()), Asked("BKPSDM", day, Who()))


@pytest.mark.parametrize(("day", "giver"), [(WEDNESDAY, SX_2), (THURSDAY, SX_2), (FRIDAY, SE_188)])
def test_the_instrument_of_the_day_is_named(day: date, giver: Any) -> None:
    found = asked(day)
    steps = [step.instrument for step in found.chain if step.rule == "pattern" and step.binds]
    assert (found.won_by["pattern"], set(steps), "pattern/FRI" in found.won_by) == (
        giver.instrument, {giver.instrument}, False,
    )  # fmt: skip


DAYS = "WFH days: Wednesday (SE Depok depok-2026-sx-2); Friday (SE Depok depok-2026-se-188)."


@pytest.mark.parametrize("day", [WEDNESDAY, FRIDAY])
def test_each_day_of_the_pattern_is_told_with_its_own_instrument(day: date) -> None:
    assert DAYS in asked(day).because.en


def test_on_another_day_the_granted_one_is_told_beside_the_pattern() -> None:
    assert (
        "Di luar pola SE Depok depok-2026-sx-2. Hari WFH: Rabu; Jumat (SE Depok depok-2026-se-188)."
        in asked(THURSDAY).because.id
    )


def test_the_page_tells_each_day_with_its_own_instrument() -> None:
    period = told().periods[-1]
    lines = dict(clauses(period.rules, OfPeriod(period, lambda name: name)))
    assert lines["pattern"].en == "WFH days: Wednesday (depok-2026-sx-2); Friday (depok-2026-se-188)."


@pytest.mark.parametrize(("day", "giver"), [(WEDNESDAY, SX_2), (FRIDAY, SE_188)])
def test_a_roster_gives_the_instrument_of_the_day_as_its_reason(day: date, giver: Any) -> None:
    unit = UnitDay(day, arrangement(opd="BKPSDM"), told(), [], {})
    assert unit.instrument("pattern") == giver.instrument
