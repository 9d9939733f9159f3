"""Tests the wire format: a tap as it is on Kafka, and bytes that are not an event."""

import json
from datetime import date
from typing import Any

import pytest

from shared.domain.envelope import (
    FIRST_CHAIN,
    Undecodable,
    decode,
    decode_envelope,
    encode,
    event_name,
    is_chained_to,
    seal,
    topic,
)
from shared.domain.facts.attendance import CheckedIn
from shared.domain.facts.instruments import InstrumentRevoked
from tests.support.example_facts import ANI, Ledger, arrangement, at, tap

TAP = Ledger().record(tap("in", ANI, at("07:21:08")), at("07:21:09"))
WRITTEN: dict[str, Any] = json.loads(encode(TAP))
ARRANGED: dict[str, Any] = json.loads(encode(Ledger().record(arrangement(), at("07:00"))))


def altered(event: dict[str, Any], **more: object) -> bytes:
    return json.dumps({**event, "data": {**event["data"], **more}}).encode()


def test_a_tap_carries_every_attribute_of_its_envelope() -> None:
    assert set(WRITTEN) == {
        "specversion", "id", "source", "type", "subject", "time", "recordedtime", "sequence", "streamversion",
        "partitionkey", "datacontenttype", "chain", "data",
    }  # fmt: skip


def test_a_tap_on_the_wire() -> None:
    attributes = {key: WRITTEN[key] for key in ("source", "type", "time", "recordedtime", "sequence", "partitionkey")}
    assert attributes == {
        "source": "/piket/32/attendance",
        "type": "id.piket.attendance.checked-in.v1",
        "time": "2025-11-06T00:21:08Z",
        "recordedtime": "2025-11-06T00:21:09Z",
        "sequence": "00000000000000000001",
        "partitionkey": "32/DPMPTSP",
    }


def test_a_tap_carries_no_coordinate_no_lateness_and_no_work_date() -> None:
    assert set(WRITTEN["data"]) == {
        "region", "opd", "employee", "unit", "tap_date", "mode", "occurred_at", "received_at", "place", "evidence",
        "strength", "offline", "client_id",
    }  # fmt: skip


def test_times_are_utc_and_absent_fields_are_left_out() -> None:
    assert (WRITTEN["data"]["occurred_at"], "post" in WRITTEN["data"]) == ("2025-11-06T00:21:08Z", False)


def test_a_reader_ignores_unknown_fields_and_values() -> None:
    data = {**WRITTEN["data"], "mood": "good", "mode": "WFX", "place": {"class": "MOON", "crater": 7}}
    read = decode(json.dumps({**WRITTEN, "data": data, "deprecation": "soon"}).encode())
    assert isinstance(read.data, CheckedIn)
    assert (read.data.mode, read.data.place.class_) == ("WFX", "MOON")


BROKEN = {
    "no JSON": b"\xff\x00",
    "no object": b"[]",
    "null": b"null",
    "no envelope": b"{}",
    "an unknown type": json.dumps({**WRITTEN, "type": "id.piket.attendance.moon-landed.v1"}).encode(),
    "broken data": json.dumps({**WRITTEN, "data": {**WRITTEN["data"], "employee": "Ani"}}).encode(),
    "a sequence that is none": json.dumps({**WRITTEN, "sequence": "first"}).encode(),
    **{
        f"a sequence of {written!r}": json.dumps({**WRITTEN, "sequence": written}).encode()
        for written in (None, [1], True, 1.5, float("inf"), -5, 0, "9" * 25, "٣", " 1")
    },
    "a time without a zone": json.dumps({**WRITTEN, "time": "2025-11-06T07:21:08"}).encode(),
    "a zone that no map knows": altered(ARRANGED, site={**ARRANGED["data"]["site"], "timezone": "Mars/Olympus"}),
    "a date beyond any roster": altered(ARRANGED, valid_from="9999-12-31"),
    "another specversion": json.dumps({**WRITTEN, "specversion": "2.0"}).encode(),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_bytes_that_are_not_an_event_give_a_reason(body: bytes) -> None:
    with pytest.raises(Undecodable) as why:
        decode(body)
    assert why.value.reason


def test_the_envelope_of_an_unknown_type_can_still_be_read() -> None:
    assert decode_envelope(BROKEN["an unknown type"]).sequence == 1


def test_the_type_is_that_of_the_event_not_another_one_in_its_bytes() -> None:
    event = Ledger().record(tap("in", ANI, at("08:16")), at("08:16"))
    misleading = encode(event)[:-1] + b',"zz":{"type":"id.piket.attendance.checked-out.v1"}}'
    assert decode(misleading) == event


def test_the_chain_breaks_when_anything_is_altered() -> None:
    sealed = seal(TAP, FIRST_CHAIN)
    altered = sealed.body.replace(b'"WFO"', b'"WFH"')
    assert (is_chained_to(sealed.body, FIRST_CHAIN), is_chained_to(altered, FIRST_CHAIN)) == (True, False)


def test_an_event_says_its_service_and_its_name() -> None:
    assert (TAP.service, event_name(TAP.type), topic("32", TAP.service)) == (
        "attendance",
        "checked-in",
        "piket.32.attendance.v1",
    )


def test_what_concerns_no_single_opd_has_a_key_of_its_own() -> None:
    day = date(2025, 11, 13)
    dates = {"decided_on": day, "published_on": day, "effective_from": day, "binds_until": day}
    assert InstrumentRevoked(region="32", instrument="se-150", **dates).partition_key == "32/-"
