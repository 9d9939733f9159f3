"""Tests the bytes that are stored, sent and chained."""

import pytest

from shared.domain import envelope
from shared.domain.envelope import FIRST_CHAIN, Event
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
