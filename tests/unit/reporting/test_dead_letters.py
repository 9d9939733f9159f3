"""Dead letters of region 32: one entry for each position, its code, and the decisions about it."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.reporting.domain import decider
from services.reporting.domain.commands import DiscardDeadLetter, ReplayDeadLetter
from services.reporting.domain.dead_letters import (
    Letter,
    RecordPosition,
    unreadable_code,
    unreadable_text,
    with_letters,
)
from services.reporting.domain.decider import State
from shared.domain.errors import Invalid
from shared.domain.facts.reporting.dead_letters import DeadLetterDiscarded, DeadLetterReplayed
from tests.support.example_facts import ANI, at, tap
from tests.support.given_when_then import decide
from tests.support.messages import english

FIELDS: Mapping[str, Any] = {
    "region": "32",
    "topic": "piket.32.attendance.v1",
    "partition": 1,
    "offset": 42,
    "unreadable": "WRONG_KEY",
    "sha256": "9f" * 32,
}
STREAM = "dead-letter/32/piket.32.attendance.v1/1/42"
REPLAYED = DeadLetterReplayed(**FIELDS)
DISCARDED = DeadLetterDiscarded(**FIELDS, reason="TEST_RECORD")
REPLAY, DISCARD = ReplayDeadLetter(**FIELDS), DiscardDeadLetter(**FIELDS, reason="TEST_RECORD")
HEADERS = {"topic": b"piket.32.attendance.v1", "partition": b"1", "offset": b"42", "reason": b"event: Invalid JSON: x"}


@pytest.mark.parametrize(
    ("given", "when", "then"),
    [
        ([], REPLAY, [REPLAYED]),
        ([], DISCARD, [DISCARDED]),
        ([REPLAYED], REPLAY, None),
        ([DISCARDED], DISCARD, None),
        ([DISCARDED], REPLAY, [REPLAYED]),
    ],
)
def test_a_letter_is_decided_once_and_a_discarded_one_may_be_replayed(given: Any, when: Any, then: Any) -> None:
    assert decide(decider, {STREAM: given}, when) == ({STREAM: then} if then else {})


def test_a_decision_about_other_bytes_at_the_same_position_does_not_count() -> None:
    other = REPLAYED.model_copy(update={"sha256": "ab" * 32})
    assert decide(decider, {STREAM: [other]}, DISCARD) == {STREAM: [DISCARDED]}
    assert (State(other).decision_about("9f" * 32), State(other).decision_about("ab" * 32)) == (None, other)


def test_a_replayed_letter_is_not_discarded() -> None:
    with pytest.raises(Invalid) as refused:
        decide(decider, {STREAM: [REPLAYED]}, DISCARD)
    assert "was sent again" in english(refused.value.message)


def test_a_fact_of_another_kind_changes_nothing() -> None:
    assert decider.evolve(State(REPLAYED), tap("in", ANI, at("07:40"))) == State(REPLAYED)


@pytest.mark.parametrize(
    ("reason", "code", "text"),
    [
        ("/piket/32/attendance with the key 32/A does not belong on this topic", "WRONG_KEY", "key or topic is wrong"),
        ("/piket/32/policy with the key 32/A is not of 32/B", "WRONG_KEY", "key or topic is wrong"),
        ("unknown event type 'id.piket.policy.moon-landed.v1'", "UNKNOWN_TYPE", "does not know the type"),
        ("event: Invalid JSON: expected value", "NOT_JSON", "not JSON"),
        ("opd: Field required", "INVALID_FIELD", "incomplete or invalid"),
    ],
)
def test_a_reason_has_a_code_and_a_text(reason: str, code: str, text: str) -> None:
    assert (unreadable_code(reason), text in english(unreadable_text(code))) == (code, True)


def test_several_letters_of_a_position_are_one_entry() -> None:
    first = Letter("32", HEADERS, b"x", at("07:41"))
    later = Letter("32", {**HEADERS, "reason": b"unknown event type 'y'"}, b"x", at("07:45"))
    entries = with_letters(with_letters({}, [later]), [first._replace(headers=later.headers), later])
    (entry,) = entries.values()
    assert entry.position == RecordPosition("32", "piket.32.attendance.v1", 1, 42)
    assert (entry.first, entry.last, entry.letters, entry.code) == (at("07:41"), at("07:45"), 3, "UNKNOWN_TYPE")
    assert entry.position.stream == STREAM


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**HEADERS, "offset": b"x"},
        {**HEADERS, "offset": b"-2"},
        {**HEADERS, "partition": b"-2"},
        {**HEADERS, "topic": b"\xff"},
        {**HEADERS, "topic": b"orders"},
        {**HEADERS, "topic": b"piket.33.attendance.v1"},
    ],
)
def test_a_letter_without_a_position_of_its_region_is_left_out(headers: Mapping[str, bytes]) -> None:
    assert with_letters({}, [Letter("32", headers, b"x", at("07:41"))]) == {}
