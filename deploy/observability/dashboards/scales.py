"""Holds the colours of values together with the text that says the same: colour is never the only sign."""

from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

GREEN, ORANGE, RED, BLUE, GREY = "green", "orange", "red", "blue", "text"


class RangeText(NamedTuple):
    """The text and colour of the values from `low` to `high`, both included."""

    low: float
    high: float
    text: str
    color: str


class Scale(NamedTuple):
    """Colours of values from a lower limit on (None: from the smallest), and texts of ranges and of names of states."""

    steps: tuple[tuple[float | None, str], ...] = ((None, BLUE),)
    ranges: tuple[RangeText, ...] = ()
    names: tuple[tuple[str, str, str], ...] = ()

    def thresholds(self) -> builders.ThresholdsConfig:
        """Return the colours as thresholds."""
        steps = [dashboard.Threshold(value, color) for value, color in self.steps]
        return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)

    def mappings(self) -> list[dashboard.ValueMapping]:
        """Return the texts as value mappings."""
        texts: list[dashboard.ValueMapping] = [_range_map(index, text) for index, text in enumerate(self.ranges)]
        names = {
            value: dashboard.ValueMappingResult(text, color, index=index)
            for index, (value, text, color) in enumerate(self.names)
        }
        return [*texts, dashboard.ValueMap(names)] if names else texts


def _range_map(index: int, text: RangeText) -> dashboard.RangeMap:
    result = dashboard.ValueMappingResult(text.text, text.color, index=index)
    return dashboard.RangeMap(dashboard.DashboardRangeMapOptions(text.low, text.high, result))


PLAIN = Scale()

STATE_TEXTS = (
    ("KRITIS", "✖ KRITIS", RED),
    ("TIDAK_DIKETAHUI", "? TIDAK DIKETAHUI", "purple"),
    ("RAWAN", "▲ RAWAN", ORANGE),
    ("AMAN", "✔ AMAN", GREEN),
    ("TUTUP", "○ TUTUP", GREY),
)
"""The states of an OPD, the most severe first, as the public board names them."""

SEVERITIES = {state: len(STATE_TEXTS) - 1 - rank for rank, (state, _, _) in enumerate(STATE_TEXTS)}
"""The number of a state in a query: 0 is TUTUP, 4 is KRITIS."""

STATES = Scale(names=STATE_TEXTS)

STATE_NUMBERS = Scale(
    steps=tuple((float(rank) if rank else None, color) for rank, (_, _, color) in enumerate(reversed(STATE_TEXTS))),
    ranges=tuple(RangeText(SEVERITIES[state], SEVERITIES[state], text, color) for state, text, color in STATE_TEXTS),
)

COVERAGE = Scale(
    steps=((None, RED), (0.0001, ORANGE), (1.0, GREEN)),
    ranges=(
        RangeText(0, 0, "✖ KOSONG", RED),
        RangeText(0.0001, 0.9999, "▲ KURANG", ORANGE),
        RangeText(1, 1, "✔ CUKUP", GREEN),
    ),
)
"""A ratio of present to required staff."""

OPEN = Scale(
    steps=((None, GREY), (1.0, BLUE)),
    ranges=(RangeText(0, 0, "○ TUTUP", GREY), RangeText(1, 1, "● BUKA", BLUE)),
)

CONNECTED = Scale(
    steps=((None, RED), (1.0, GREEN)),
    ranges=(RangeText(0, 0, "✖ TERPUTUS", RED), RangeText(1, 1, "✔ TERHUBUNG", GREEN)),
)

EXCESS = Scale(
    steps=((None, GREEN), (0.0001, RED)),
    ranges=(RangeText(-1, 0, "✔ DALAM BATAS", GREEN), RangeText(0.0001, 1, "✖ MELEBIHI BATAS", RED)),
)
"""A share minus its limit."""

BUDGET = Scale(
    steps=((None, RED), (0.0, ORANGE), (0.5, GREEN)),
    ranges=(RangeText(-1e9, -0.000001, "✖ HABIS", RED),),
)
"""The part of an error budget that is left; the unit says the rest."""


def none_is_good(limit: float = 1, color: str = RED) -> Scale:
    """Return the scale of a count that should be 0, coloured from `limit` on."""
    return Scale(steps=((None, GREEN), (limit, color)), ranges=(RangeText(0, 0, "✔ 0", GREEN),))


def small_is_good(limit: float, text: str = "✔ lancar") -> Scale:
    """Return the scale of a quantity that is in order below `limit`; from there on its number is displayed."""
    return Scale(steps=((None, GREEN), (limit, RED)), ranges=(RangeText(0, limit * 0.9999, text, GREEN),))


NEVER_COMPARED = -1
COMPARED = Scale(
    steps=((None, ORANGE), (0.0, GREEN), (1.0, RED)),
    ranges=(RangeText(NEVER_COMPARED, NEVER_COMPARED, "? belum dibandingkan", ORANGE), RangeText(0, 0, "✔ 0", GREEN)),
)
"""A number of divergent rows, or `NEVER_COMPARED`."""
