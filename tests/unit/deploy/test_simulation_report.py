"""Tests the report of a simulated morning, which needs no deployment."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.simulation.ground_truth import PostPresence
from deploy.simulation.report import (
    ViewRows,
    differing_posts,
    event_figures,
    failures,
    recognised_situations,
    sample_minutes,
    state_counts,
)
from deploy.simulation.scenario_builder import ExpectedEvent, ExpectedStatus
from deploy.simulation.shifts import PostId
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY, at

LOKET = PostId("32", "DPMPTSP", "FRONT", "LOKET-1")


def view_of(**lanes: Any) -> ViewRows:
    post = PostCoverage(required=((480, 1), (900, 0)), **lanes)
    row = Coverage(
        region="32", opd="DPMPTSP", service_date=THURSDAY, definition=1, revision=1,
        units={"FRONT": UnitCoverage(rostered=True, posts={"LOKET-1": post})},
    )  # fmt: skip
    return ViewRows({("32", "DPMPTSP"): row})


def test_a_post_that_differs_at_one_minute_is_divergent() -> None:
    presences, minutes = [PostPresence(LOKET, 450, 720)], [460, 500, 719]
    same, different = {LOKET: ((450, 1), (720, 0))}, {LOKET: ((461, 1), (720, 0))}
    assert differing_posts(presences, same, [LOKET], minutes) == []
    assert differing_posts(presences, different, [LOKET], minutes) == [LOKET]
    assert differing_posts(presences, {}, [LOKET], minutes) == [LOKET]


def test_states_are_those_of_the_minutes_that_were_played() -> None:
    late = view_of(known=((496, 1), (900, 0)), restated=((496, 1), (900, 0)))
    assert {name: n for name, n in state_counts(late, (390, 540)).items() if n} == {"KRITIS": 1, "AMAN": 1, "TUTUP": 1}
    assert {name for name, n in state_counts(late, (500, 540)).items() if n} == {"AMAN"}


@pytest.mark.parametrize(
    ("expectation", "is_recognised"),
    [
        (ExpectedStatus(LOKET, 485, "short"), True),
        (ExpectedStatus(LOKET, 485, "met", "restated"), True),
        (ExpectedStatus(LOKET, 485, "KRITIS"), True),
        (ExpectedStatus(LOKET, 470, "TUTUP"), True),
        (ExpectedStatus(LOKET, 485, "RAWAN"), False),
        (ExpectedStatus(LOKET, 470, "met"), False),
        (ExpectedStatus(LOKET, 500, "some"), True),
        (ExpectedStatus(LOKET._replace(post="LOKET-9"), 500, "some"), False),
        (ExpectedStatus(LOKET._replace(opd="BKD"), 500, "met"), False),
    ],
)
def test_a_planted_situation_is_found_by_what_the_view_shows(expectation: ExpectedStatus, is_recognised: bool) -> None:  # noqa: FBT001
    view = view_of(known=((496, 1), (900, 0)), restated=((470, 1), (900, 0)))
    assert recognised_situations({"it": [expectation]}, view, [], at("00:00")) == {"it": is_recognised}


def test_a_situation_that_found_no_place_is_not_found() -> None:
    assert recognised_situations({"it": []}, view_of(), [], at("00:00")) == {"it": False}


def test_a_planted_tap_is_found_in_the_source_by_its_second_and_its_delay() -> None:
    tapped = {
        "source": "/piket/32/attendance", "type": "id.piket.attendance.checked-in.v1",
        "data": {"employee": "dewi", "offline": True, "occurred_at": at("07:21:08").isoformat(),
                 "received_at": (at("07:21:08") + timedelta(minutes=9)).isoformat()},
    }  # fmt: skip
    second = (7 * 60 + 21) * 60 + 8
    expected = [
        ExpectedEvent("32", "attendance", "checked-in", {"employee": "dewi", "second": second, "late": True}),
        ExpectedEvent("32", "attendance", "checked-in", {"employee": "asep"}),
        ExpectedEvent("3276", "attendance", "checked-in", {}),
        ExpectedEvent("32", "attendance", "checked-out", {}),
    ]
    recognised = [recognised_situations({"it": [event]}, view_of(), [tapped], at("00:00"))["it"] for event in expected]
    assert recognised == [True, False, False, False]


class StubClient:
    """An HTTP client that sends nothing: only its counters are read."""

    def __init__(self, *ids: str) -> None:
        self.outcomes: Counter[str] = Counter({"accepted": 2})
        self.acknowledged = set(ids)


def test_what_was_promised_and_is_gone_is_lost_and_what_nobody_asked_for_is_a_phantom() -> None:
    a, b, c = (str(uuid4()) for _ in range(3))
    source = "/piket/32/policy"
    stored = [{"id": a, "source": source, "sequence": "1"}, {"id": c, "source": source, "sequence": "2"}]
    logged = Counter({(source, 1): 3, (source, 7): 1})
    client: Any = StubClient(a, b)
    figures = event_figures(client, stored, logged)
    assert {name: figures[name] for name in ("events_stored", "events_in_kafka", "repeats", "lost", "phantom")} == {
        "events_stored": 2, "events_in_kafka": 2, "repeats": 2, "lost": 2, "phantom": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "phantom"),
    [
        ({"type": "id.piket.policy.instrument-reached.v1"}, 0),
        ({"type": "id.piket.policy.policy-changed.v1", "data": {"change": {"kind": "IN_FORCE"}}}, 0),
        ({"type": "id.piket.policy.policy-changed.v1", "data": {"change": {"kind": "ENACTED"}}}, 1),
    ],
)
def test_what_policy_records_because_a_date_has_come_is_no_phantom(event: dict[str, Any], phantom: int) -> None:
    source = "/piket/32/policy"
    client: Any = StubClient()
    stored = [{"id": str(uuid4()), "source": source, "sequence": "1", **event}]
    figures = event_figures(client, stored, Counter({(source, 1): 1}))
    assert figures["phantom"] == phantom


def test_a_report_that_shows_everything_has_no_fault_and_any_other_says_each() -> None:
    good = {
        "lost": 0,
        "phantom": 0,
        "divergent_posts": 0,
        "states_seen": {"AMAN": 3},
        "planted_found": {"no_show": True},
    }
    bad = {
        "lost": 1,
        "phantom": 0,
        "divergent_posts": 2,
        "states_seen": {"AMAN": 0},
        "planted_found": {"no_show": False},
    }
    assert (failures(good), len(failures(bad))) == ([], 4)


def test_five_minutes_are_drawn_by_the_seed() -> None:
    assert sample_minutes(390, 540, 1) == sample_minutes(390, 540, 1) != sample_minutes(390, 540, 2)
    assert len(set(sample_minutes(390, 540, 1))) == 5
