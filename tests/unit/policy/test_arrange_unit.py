"""Arrangement of a unit of an OPD."""

import pytest

from services.policy.domain import decider
from shared.domain.errors import Invalid
from shared.domain.facts.policy import ArrangementChanged
from tests.support.given_when_then import decide
from tests.support.se_150 import REGISTER, arrange


def test_an_arranged_unit_is_published() -> None:
    (fact,) = decide(decider, REGISTER, arrange())["arrangement/32/DPMPTSP/FRONT"]
    assert isinstance(fact, ArrangementChanged)


def test_the_same_arrangement_again_changes_nothing() -> None:
    facts = decide(decider, REGISTER, arrange())
    assert decide(decider, {**REGISTER, **facts}, arrange()) == {}


def test_a_unit_of_an_unregistered_opd_is_rejected() -> None:
    with pytest.raises(Invalid, match="belum terdaftar di wilayah"):
        decide(decider, {}, arrange())
