"""Tests how long taps are said to take from their commit to the view."""

from pathlib import Path

from prometheus_client import REGISTRY

from services.reporting.view.latency import encode_instants, observe_taps
from shared.clock import ClockPace, clock_pace, set_clock
from tests.support.example_facts import at

NOW = at("08:00:10")


def observed(region: str) -> tuple[float, float]:
    count, total = (
        REGISTRY.get_sample_value(f"piket_checkin_to_view_seconds_{name}", {"region": region}) or 0
        for name in ("count", "sum")
    )
    return count, round(total, 3)


def test_each_tap_of_a_row_is_observed() -> None:
    header = encode_instants([at("08:00:09.750").timestamp(), at("08:00:08").timestamp()])
    observe_taps("9001", header, lambda: NOW, lambda: clock_pace(""))
    assert observed("9001") == (2, 2.25)


def test_a_faster_clock_shortens_what_it_measures() -> None:
    observe_taps(
        "9002", encode_instants([at("08:00:00").timestamp()]), lambda: NOW, lambda: ClockPace(at("07:00"), 20.0)
    )
    assert observed("9002") == (1, 0.5)


def test_taps_from_before_the_clock_was_set_are_left_out() -> None:
    instants = [at(time).timestamp() for time in ("07:59:59", "09:00:00", "08:00:00")]
    observe_taps("9003", encode_instants(instants), lambda: NOW, lambda: ClockPace(at("08:00:00"), 1.0))
    assert observed("9003") == (1, 10)


def test_the_pace_is_that_of_the_clock_in_use(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    set_clock(file, NOW, 60)
    assert clock_pace(str(file)) == (NOW, 60)
    assert clock_pace("").speed == 1
