"""Measures how long taps take from their commit until the view shows them.

A row's record carries the instants at which the taps new in it were recorded. They are domain instants; in a demo,
whose clock runs faster, the difference is divided by the speed of the clock.
"""

from collections.abc import Callable, Sequence

from prometheus_client import Histogram

from shared.clock import Clock, ClockPace

TAPS_HEADER = "taps"
"""Header of a row: when its new taps were recorded, in seconds since the epoch, separated by spaces."""
MAX_INSTANTS = 10_000
"""Most instants in one header: Kafka accepts records up to 1 MB with their headers."""

CHECK_IN_TO_VIEW = Histogram(
    "piket_checkin_to_view_seconds",
    "Seconds from the commit of a tap until the view shows it.",
    ("region",),
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)


def encode_instants(instants: Sequence[float]) -> bytes:
    """Return the value of the header `taps`."""
    return " ".join(f"{instant:.3f}" for instant in instants).encode()


def observe_taps(region: str, value: bytes, now: Clock, pace: Callable[[], ClockPace]) -> None:
    """Observe the taps of a row that has just become visible. `pace`: of the clock `now`.

    Taps from before the clock was set are left out: nothing says how long ago they were.
    """
    at, (since, speed), histogram = now().timestamp(), pace(), CHECK_IN_TO_VIEW.labels(region)
    for instant in map(float, value.split()):
        if since.timestamp() <= instant <= at:
            histogram.observe((at - instant) / speed)
