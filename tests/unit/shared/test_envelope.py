"""Tests the bytes that are stored, sent and chained."""

import json
from typing import Any

import pytest
import rfc8785

from shared.domain import envelope
from shared.domain.envelope import FIRST_CHAIN, Event, Undecodable
from shared.domain.facts.attendance import CheckedOut
from tests.support.example_facts import ANI, Ledger, at, policy, tap


@pytest.fixture(params=["plain", "caused", "traced"])
def event(request: pytest.FixtureRequest) -> Event:
    """Return events with attributes on both sides of `chain`, and one whose fact has fractions and text."""
    plain = Ledger().record(tap("in", ANI, at("08:16")), at("08:16"))
    caused = plain.model_copy(update={"causationid": "ab", "correlationid": "é"})
    traced = Ledger().record(policy(), at("08:16")).model_copy(update={"traceparent": "00-1-2-01"})
    return {"plain": plain, "caused": caused, "traced": traced}[str(request.param)]


def test_the_sealed_bytes_are_the_canonical_form_of_the_event(event: Event) -> None:
    sealed = envelope.seal(event, FIRST_CHAIN)
    assert sealed.body == envelope.encode(sealed.event)


def test_a_sealed_event_follows_its_predecessor(event: Event) -> None:
    assert envelope.is_chained_to(envelope.seal(event, "ab" * 32).body, "ab" * 32)


def test_an_altered_byte_breaks_the_chain(event: Event) -> None:
    body = envelope.seal(event, FIRST_CHAIN).body
    assert not envelope.is_chained_to(body.replace(b"DPMPTSP", b"DPMPTSQ"), FIRST_CHAIN)


def altered(**changes: Any) -> bytes:
    """Return the bytes of a check-in with other members; its canonical form ends with the type."""
    event = json.loads(envelope.encode(Ledger().record(tap("in", ANI, at("08:16")), at("08:16"))))
    return rfc8785.dumps({**event, **changes})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (altered(type="id.piket.attendance.unheard-of.v1"), "unknown event type 'id.piket.attendance.unheard-of.v1'"),
        (altered(data={"region": "32"}), "opd: Field required"),
        (altered(sequence="12x"), "sequence: Value error, a sequence is written in digits"),
    ],
)
def test_bytes_that_are_no_event_are_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        envelope.decode(body)
    assert refusal.value.reason == reason


def test_an_event_whose_members_are_in_another_order_is_decoded() -> None:
    event = json.loads(altered())
    assert envelope.decode(json.dumps({"type": event.pop("type"), **event}).encode()).data == tap(
        "in", ANI, at("08:16")
    )


def test_a_sequence_may_be_a_number() -> None:
    assert envelope.decode(altered(sequence=12)).sequence == 12


def test_the_type_of_an_event_is_its_own_member_not_one_of_its_data() -> None:
    event = json.loads(altered(type="id.piket.attendance.checked-out.v1"))
    data = {**event.pop("data"), "type": "id.piket.attendance.checked-in.v1"}
    assert isinstance(
        envelope.decode(json.dumps({**event, "data": data}, separators=(",", ":")).encode()).data, CheckedOut
    )
