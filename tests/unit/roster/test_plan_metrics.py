"""Tests what is measured of a plan."""

from prometheus_client import REGISTRY

from services.roster.domain import decider
from services.roster.domain.commands import PlanDays
from services.roster.http import plan_metrics
from shared.domain.decider import Context
from tests.support.example_facts import arrangement, post
from tests.support.given_when_then import NOON, Streams, fold, new_id
from tests.support.roster_plans import MONDAY, PEOPLE, PLACEMENT, TUESDAY, plan_days, roster_streams, rosters_of

ONE_UNIT = {"units": ["FRONT"], "dates": [MONDAY], "arrangements": {"FRONT": arrangement(post(minimum=9))}}


def decide(given: Streams, command: PlanDays) -> Streams:
    states = {stream: fold(decider, facts) for stream, facts in given.items()}
    return plan_metrics.decide(command, states, Context(NOON, new_id))


def value(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"region": "32"}) or 0


def test_a_plan_is_timed_once_and_decides_what_the_decider_does() -> None:
    before = value("piket_plan_seconds_count")
    facts = decide({PLACEMENT: PEOPLE}, plan_days())
    assert (len(facts), value("piket_plan_seconds_count") - before) == (2, 1)


def test_missing_heads_are_those_of_the_last_plan_also_where_nothing_changed() -> None:
    facts = decide({PLACEMENT: PEOPLE}, plan_days(**ONE_UNIT))
    missing = value("piket_plan_shortage_slots")
    assert missing >= 5
    given: Streams = {PLACEMENT: PEOPLE, **roster_streams(*rosters_of(facts))}
    assert decide(given, plan_days(**ONE_UNIT)) == {}
    assert value("piket_plan_shortage_slots") == missing
    decide({PLACEMENT: PEOPLE}, plan_days(units=["FRONT"], dates=[TUESDAY]))
    assert value("piket_plan_shortage_slots") == 0
