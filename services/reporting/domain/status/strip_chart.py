"""Draws the states of a post or OPD as a strip chart in SVG. Pure.

One column is a slot of 15 minutes. The more severe a state, the taller its bar: colour is never the only signal.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.reporting.domain.status.status_timeline import SLOT_MINUTES, SLOTS_PER_DAY, CoverageState

SLOTS_PER_HOUR = 4
OFFICE_HOURS_SLOTS = (6 * SLOTS_PER_HOUR, 18 * SLOTS_PER_HOUR)
"""The slots from 06:00 to 18:00, shown if nothing is open that day."""


class BarStyle(NamedTuple):
    """The CSS class of a state, and the top and height of its bar in a strip 12 units high."""

    css_class: str
    top: float
    height: float


BAR_STYLES: Mapping[CoverageState, BarStyle] = {
    CoverageState.KRITIS: BarStyle("k", 0, 12),
    CoverageState.RAWAN: BarStyle("r", 6, 6),
    CoverageState.AMAN: BarStyle("a", 9, 3),
    CoverageState.TUTUP: BarStyle("t", 11.2, 0.8),
}
"""TIDAK_DIKETAHUI has no bar: it is drawn as a hatched column in the path of `UNKNOWN_CSS_CLASS`."""
UNKNOWN_CSS_CLASS = "b"


class StripPart(NamedTuple):
    """Adjacent slots in one state, in minutes from midnight of the day on which the strip begins."""

    start: int
    end: int
    state: CoverageState


class Strip(NamedTuple):
    """The data of the template that draws a strip.

    `first` is the slot at which the strip begins; `paths` are SVG path data by CSS class; `hours` is the path of the
    hour lines; `now` is the column of the current time, None if it is outside.
    """

    width: int
    first: int
    parts: tuple[StripPart, ...]
    paths: Mapping[str, str]
    hours: str
    now: float | None


def visible_slots(days: Iterable[Sequence[CoverageState]]) -> tuple[int, int]:
    """Return the first slot to show and the slot after the last: from an hour before opening to an hour after closing.

    Full hours. `days` are the 96 slots of each post; without an open one, the office hours.
    """
    open_slots = [n for slots in days for n, state in enumerate(slots) if state is not CoverageState.TUTUP]
    if not open_slots:
        return OFFICE_HOURS_SLOTS
    first_hour, hour_after_last = min(open_slots) // SLOTS_PER_HOUR, -(-(max(open_slots) + 1) // SLOTS_PER_HOUR)
    first, last = (first_hour - 1) * SLOTS_PER_HOUR, (hour_after_last + 1) * SLOTS_PER_HOUR
    return max(first, 0), min(last, SLOTS_PER_DAY)


def draw_strip(states: Sequence[CoverageState], first: int, minute: int | None = None) -> Strip:
    """Return the strip of some slots, the first of which is slot `first` of the day. `minute` is the current minute."""
    last = first + len(states)
    parts: list[StripPart] = []
    start = first
    for state, slots in groupby(states):
        end = start + len(list(slots))
        parts.append(StripPart(start * SLOT_MINUTES, end * SLOT_MINUTES, state))
        start = end
    return Strip(
        width=len(states),
        first=first,
        parts=tuple(parts),
        paths=_paths(parts, first),
        hours="".join(f"M{n - first} 0v12" for n in range(first, last) if n % SLOTS_PER_HOUR == 0),
        now=minute / SLOT_MINUTES - first if minute is not None and first <= minute / SLOT_MINUTES < last else None,
    )


def hour_labels(strip: Strip) -> list[int]:
    """Return the full hours at which a slot of the strip begins, from 0 to 23."""
    slots = range(strip.first, strip.first + strip.width)
    return [n // SLOTS_PER_HOUR % 24 for n in slots if n % SLOTS_PER_HOUR == 0]


def _paths(parts: Iterable[StripPart], first: int) -> Mapping[str, str]:
    paths: dict[str, str] = {}
    for part in parts:
        x, width = part.start // SLOT_MINUTES - first, (part.end - part.start) // SLOT_MINUTES
        style = BAR_STYLES.get(part.state)
        # A dashed line as wide as the strip is high makes the hatched column: it starts a quarter into the slot.
        path = f"M{x + 0.25} 6h{width - 0.25}" if style is None else _bar(style, x, width)
        css_class = style.css_class if style else UNKNOWN_CSS_CLASS
        paths[css_class] = paths.get(css_class, "") + path
    return paths


def _bar(style: BarStyle, x: int, width: int) -> str:
    return f"M{x} {style.top:g}h{width}v{style.height:g}h-{width}z"
