import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from shared import telemetry

NIP = "198203042006041001"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkZXdpIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "line",
    [
        {"event": f"tap of {NIP}"},
        {"event": "tap", "nip": int(NIP)},
        {"event": "tap", "nip": "19820304 200604 1 001"},
        {"event": "tap", "person": {"nip": [NIP]}},
        {"event": "tap", NIP.join("ab"): "x", "keys": {NIP: 1}},
        {"event": "got", "header": f"Bearer {JWT}"},
        {"event": f"token {JWT} refused"},
        {"event": "tap", "lat": -6.9218, "lng": 107.6072},
        {"event": "tap", "place": {"latitude": -6.9218}},
        {"event": "tap at -6.9218, 107.6072"},
        {"event": '{"lat": -6.9218, "lng":107.6072}'},
        {"event": "?lat=-6.9218&lng=107.6072"},
        {"event": "failed", "error": ValueError(f"{NIP} at -6.9218,107.6072")},
    ],
)
def test_no_person_place_or_token_reaches_the_log(lines: io.StringIO, line: dict[str, object]) -> None:
    values = dict(line)
    structlog.get_logger().info(str(values.pop("event")), **values)
    logged = lines.getvalue()
    assert [secret for secret in (NIP, "200604", "c2lnbmF0dXJl", "6.9218", "107.6072") if secret in logged] == []


def test_libraries_and_their_tracebacks_are_redacted_too(lines: io.StringIO) -> None:
    people: dict[str, str] = {}
    try:
        people[f"no such person: {NIP}"]
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception for %s", NIP)
    assert NIP not in lines.getvalue()
    assert "Traceback" in json.loads(lines.getvalue())["exception"]


def test_a_line_says_which_service_when_and_how_grave(lines: io.StringIO) -> None:
    structlog.get_logger().warning("relay behind", backlog=7)
    line = json.loads(lines.getvalue())
    assert (line["service"], line["level"], line["event"], line["backlog"]) == (
        "attendance",
        "warning",
        "relay behind",
        7,
    )


def test_positions_and_times_stay_readable(lines: io.StringIO) -> None:
    structlog.get_logger().info("sent", sequence="00000000000000001234", offset=1234, at="2025-11-06T00:21:08Z", s=0.25)
    line = json.loads(lines.getvalue())
    assert [line[key] for key in ("sequence", "offset", "at", "s")] == [
        "0" * 16 + "1234",
        1234,
        "2025-11-06T00:21:08Z",
        0.25,
    ]


@given(st.text(), st.text(), st.from_regex(r"\A\d{18}\Z"))
def test_a_nip_is_found_in_any_text(before: str, after: str, nip: str) -> None:
    around = f"{before} {nip} {after}"
    assert f" {nip} " not in str(telemetry.redact(None, "info", {"event": around})["event"])
