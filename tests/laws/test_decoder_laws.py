"""Laws of decoding: fast decoding returns what full decoding returns, and rejects what it rejects."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.fact_store.compact import CompactFact, CompactTap, compact
from services.reporting.domain.fact_store.decoder import Decoder
from shared.domain.envelope import Event, Undecodable, decode, encode
from shared.domain.facts.attendance import PlaceClass
from tests.support import example_facts

PEOPLE = st.sampled_from([example_facts.ANI, example_facts.BUDI, example_facts.CITRA])
MORNING = example_facts.at("07:00")


@st.composite
def tap_events(draw: st.DrawFn) -> Event:
    """Any tap, received between some milliseconds and some days later."""
    when = MORNING + timedelta(milliseconds=draw(st.integers(0, 40_000_000)))
    kind = draw(st.sampled_from(["in", "out", "take"]))
    tap = example_facts.tap(
        kind,
        draw(PEOPLE),
        when,
        mode=draw(st.sampled_from(["WFO", "WFH"])),
        post="LOKET-1" if kind == "take" else draw(st.sampled_from([None, "LOKET-2"])),
        unit=draw(st.sampled_from([None, "FRONT"])),
        place=PlaceClass(
            class_=draw(st.sampled_from(["SITE", "HOME"])), site=draw(st.sampled_from([None, "DPMPTSP-1"]))
        ),
        strength=draw(st.sampled_from(["CONFIRMED", "CLAIMED"])),
        received_at=when + timedelta(milliseconds=draw(st.integers(0, 300_000_000))),
    )
    return example_facts.Ledger().record(tap, when)


def warm_decoder(*events: Event) -> Decoder:
    """Return a decoder that has decoded taps with the contexts of these events before."""
    decoder = Decoder()
    for event in events:
        decoder.decode(encode(event))
    return decoder


@given(tap_events())
def test_what_is_read_the_quick_way_is_what_the_decoder_reads(event: Event) -> None:
    body = encode(event)
    assert warm_decoder(event).decode(body) == Decoder().decode(body) == compact(decode(body))


WRONG = (
    "", "no", "2025-13-01", "2025-11-06", "2025-11-06T00:00:00", "2025-11-06T00:00:00Z", "1999-12-31", "2200-01-01",
    "32", "99", "0", "00000000000000000000", "00000000000000000007", "+0000000000000000001", "9" * 20, "WFA", "OPD X",
    "loket",
)  # fmt: skip
members = st.sampled_from(
    ["chain", "id", "partitionkey", "recordedtime", "sequence", "source", "specversion", "subject", "time", "type",
     "datacontenttype", "client_id", "employee", "kind", "mode", "occurred_at", "opd", "class", "site", "received_at",
     "region", "strength", "tap_date", "unit", "post", "distance_class"]
)  # fmt: skip


def decode_or_none(decoder: Decoder, body: bytes) -> CompactFact | None:
    try:
        return decoder.decode(body)
    except Undecodable:
        return None


@given(event=tap_events(), member=members, wrong=st.sampled_from(WRONG), is_removed=st.booleans())
def test_a_damaged_tap_is_refused_or_read_alike_by_a_new_and_a_seasoned_reader(
    event: Event, member: str, wrong: str, *, is_removed: bool
) -> None:
    body = encode(event)
    start = body.find(b'"%b":"' % member.encode())
    if start >= 0:
        end = body.index(b'"', start + len(member) + 4) + 1
        comma = body[end : end + 1] == b","
        replacement = b"" if is_removed and comma else b'"%b":"%b"' % (member.encode(), wrong.encode())
        body = body[:start] + replacement + body[end + (is_removed and comma) :]
    assert decode_or_none(warm_decoder(event), body) == decode_or_none(Decoder(), body)


@given(tap_events(), st.binary(max_size=4), st.integers(0, 2000))
def test_broken_bytes_are_read_alike_too(event: Event, broken: bytes, position: int) -> None:
    body = encode(event)
    cut = position % len(body)
    body = body[:cut] + broken + body[cut + 1 :]
    assert decode_or_none(warm_decoder(event), body) == decode_or_none(Decoder(), body)


@given(tap_events())
def test_a_tap_under_another_office_s_key_or_source_is_none(event: Event) -> None:
    body = encode(event)
    for right, wrong in ((b'"partitionkey":"32/DPMPTSP"', b'"partitionkey":"32/BKD"'), (b"/32/attend", b"/33/attend")):
        assert decode_or_none(warm_decoder(event), body.replace(right, wrong)) is None
    assert isinstance(decode_or_none(warm_decoder(event), body), CompactTap)


ODD = {
    "a raised two": (b'"sequence":"0', b'"sequence":"\\u00b2'),
    "an Arabic one": (b'"sequence":"0', b'"sequence":"\\u0661'),
    "a long number": (b'"sequence":"0', b'"sequence":"' + b"1" * 5000),
    "deeply nested": (b'"data":{', b'"data":{"more":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b","),
    "half a character": (b'"subject":"', b'"subject":"\\ud800'),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("seasoned", [True, False], ids=["known context", "new"])
def test_a_record_that_is_odd_is_refused_and_ends_no_reader(odd: str, *, seasoned: bool) -> None:
    body = encode(
        example_facts.Ledger().record(
            example_facts.tap("in", example_facts.ANI, example_facts.at("08:00")), example_facts.at("08:00")
        )
    )
    decoder = Decoder()
    if seasoned:
        decoder.decode(body)
    with pytest.raises(Undecodable):
        decoder.decode(body.replace(*ODD[odd], 1))
