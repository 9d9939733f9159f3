"""Recommendations of another government: adopted or declined."""

from services.policy.domain.commands import DeclineRecommendation
from shared.domain.facts.instruments import InstrumentDeclined
from tests.support.depok_circulars import DECIDED, REGION, REGISTER, change_kinds, decide_step, enact, se, streams_after

RECOMMENDED = {"region": "32", "instrument": "jabar-2026-se-188"}


def test_what_follows_the_province_is_published_as_adopted() -> None:
    assert change_kinds("BKPSDM", enact(se(adopts=RECOMMENDED))) == ["ADOPTED"]


def test_what_is_declined_is_on_record_and_changes_no_rule() -> None:
    fields = {"region": REGION, "recommendation": RECOMMENDED, "decided_on": DECIDED, "published_on": DECIDED}
    step = DECIDED, DeclineRecommendation.model_validate(fields)
    assert decide_step(REGISTER, step) == {f"instruments/{REGION}": [InstrumentDeclined.model_validate(fields)]}


def test_a_recommendation_is_declined_once() -> None:
    fields = {"region": REGION, "recommendation": RECOMMENDED, "decided_on": DECIDED, "published_on": DECIDED}
    step = DECIDED, DeclineRecommendation.model_validate(fields)
    assert decide_step(streams_after(step), step) == {}
