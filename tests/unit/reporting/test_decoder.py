"""Tests which bytes the fast decoder of the worker leaves to the full decoder, and which are refused."""

import pytest

from services.reporting.domain.fact_store.compact import CompactTap
from services.reporting.domain.fact_store.decoder import Decoder
from shared.domain.envelope import Undecodable, encode
from tests.support.example_facts import ANI, Ledger, at, tap

BODY = encode(Ledger().record(tap("in", ANI, at("08:16")), at("08:16")))


@pytest.fixture
def decoder() -> Decoder:
    """Return a decoder that has seen the context of the tap before."""
    decoder = Decoder()
    decoder.decode(BODY)
    return decoder


def test_a_tap_is_decoded_equally_by_both_decoders(decoder: Decoder) -> None:
    assert decoder.decode(BODY) == Decoder().decode(BODY)
    assert isinstance(decoder.decode(BODY), CompactTap)


def test_a_key_of_another_opd_is_refused(decoder: Decoder) -> None:
    with pytest.raises(Undecodable, match="is not of 32/DPMPTSP"):
        decoder.decode(BODY.replace(b'"partitionkey":"32/DPMPTSP"', b'"partitionkey":"32/BAPPEDA"'))


@pytest.mark.parametrize("sequence", [b"1x", b"0", b"9" * 30])
def test_a_sequence_that_is_no_number_from_one_is_refused(decoder: Decoder, sequence: bytes) -> None:
    with pytest.raises(Undecodable, match="sequence"):
        decoder.decode(BODY.replace(b"00000000000000000001", sequence))


def test_a_member_of_another_type_is_refused(decoder: Decoder) -> None:
    with pytest.raises(Undecodable, match="sequence"):
        decoder.decode(BODY.replace(b'"00000000000000000001"', b"[]"))
