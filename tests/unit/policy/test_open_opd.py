"""An OPD that is opened gets the policy that is in force."""

from collections.abc import Sequence
from datetime import date, datetime

import pytest

from services.policy.domain import decider
from services.policy.domain.opd_commands import OpenOpd
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import OpdOpened, PolicyChanged
from tests.support.example_facts import at
from tests.support.given_when_then import decide
from tests.support.se_150 import ENACTED, ON_TIME, OPENED, REGISTER, REVOKED, SE_150, THE_18TH


def open_bkd(*facts: Fact, on: datetime = ON_TIME) -> Sequence[Fact]:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    return decide(decider, {"instruments/32": facts}, command, on)["policy/32/BKD"]


def test_an_opd_opened_later_gets_what_still_binds() -> None:
    standing = SE_150.model_copy(update={"instrument": "standing", "effective_to": None})
    _, policy = open_bkd(ENACTED.model_copy(update={"instrument": standing}), ENACTED, REVOKED, on=THE_18TH)
    assert isinstance(policy, PolicyChanged)
    assert policy.change.instrument == "standing"


@pytest.mark.parametrize("on", [at("09:00", date(2025, 11, 13)), at("09:00", date(2025, 12, 1))])
def test_an_opd_opened_when_nothing_binds_any_more_is_only_opened(on: datetime) -> None:
    assert [type(f) for f in open_bkd(ENACTED, REVOKED, on=on)] == [OpdOpened]


def test_an_opd_opened_later_learns_what_is_in_force() -> None:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    facts = decide(decider, {"instruments/32": [ENACTED]}, command)["policy/32/BKD"]
    assert [type(f) for f in facts] == [OpdOpened, PolicyChanged]


def test_an_opd_before_any_instrument_is_only_opened() -> None:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    assert [type(f) for f in decide(decider, {}, command)["policy/32/BKD"]] == [OpdOpened]


def test_opening_an_opd_again_changes_nothing() -> None:
    again = OpenOpd.model_validate(OPENED.model_dump())
    assert decide(decider, REGISTER, again) == {}
