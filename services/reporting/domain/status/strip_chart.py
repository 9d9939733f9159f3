"""A counter's day as a strip: one column is 15 minutes, the worse the taller, so that colour never speaks alone."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.reporting.domain.status.status_timeline import SLOT, SLOTS, State

HOUR = 4
OFFICE_DAY = (6 * HOUR, 18 * HOUR)
"""The slots of 06:00 to 18:00, shown when nothing is open."""


class Look(NamedTuple):
    """How a state is drawn: its class, and its bar from `top`, `tall` high, in a strip of height 12."""

    mark: str
    top: float
    tall: float


LOOKS: Mapping[State, Look] = {
    State.KRITIS: Look("k", 0, 12),
    State.RAWAN: Look("r", 6, 6),
    State.AMAN: Look("a", 9, 3),
    State.TUTUP: Look("t", 11.2, 0.8),
}
"""TIDAK_DIKETAHUI is not a bar but a hatched column (path `b`)."""


class Part(NamedTuple):
    """A stretch of slots in one state, as minutes of the day on which the strip begins."""

    start: int
    end: int
    state: State


class Strip(NamedTuple):
    """What the template draws. `paths` are SVG path data by class; `now` is a column, or None outside."""

    width: int
    first: int
    parts: tuple[Part, ...]
    paths: Mapping[str, str]
    hours: str
    now: float | None


def window(days: Iterable[Sequence[State]]) -> tuple[int, int]:
    """The slots worth showing: from the hour before anything opens to the hour after all is closed."""
    open_slots = [n for slots in days for n, state in enumerate(slots) if state is not State.TUTUP]
    if not open_slots:
        return OFFICE_DAY
    first, last = min(open_slots) // HOUR * HOUR - HOUR, -(-(max(open_slots) + 1) // HOUR) * HOUR + HOUR
    return max(first, 0), min(last, SLOTS)


def strip(states: Sequence[State], first: int, minute: int | None = None) -> Strip:
    """Draw slots, the first of which is slot `first` of the day; `minute` is now, if it is to be marked."""
    last = first + len(states)
    parts: list[Part] = []
    at = first
    for state, group in groupby(states):
        end = at + len(list(group))
        parts.append(Part(at * SLOT, end * SLOT, state))
        at = end
    return Strip(
        width=len(states),
        first=first,
        parts=tuple(parts),
        paths=_paths(parts, first),
        hours="".join(f"M{n - first} 0v12" for n in range(first, last) if n % HOUR == 0),
        now=minute / SLOT - first if minute is not None and first <= minute / SLOT < last else None,
    )


def hours(strip: Strip) -> list[int]:
    """The full hours that begin within a strip."""
    return [n // HOUR % 24 for n in range(strip.first, strip.first + strip.width) if n % HOUR == 0]


def _paths(parts: Iterable[Part], first: int) -> Mapping[str, str]:
    paths: dict[str, str] = {}
    for part in parts:
        x, wide = part.start // SLOT - first, (part.end - part.start) // SLOT
        look = LOOKS.get(part.state)
        drawn = f"M{x + 0.25} 6h{wide - 0.25}" if look is None else _bar(look, x, wide)
        mark = look.mark if look else "b"
        paths[mark] = paths.get(mark, "") + drawn
    return paths


def _bar(look: Look, x: int, wide: int) -> str:
    return f"M{x} {look.top:g}h{wide}v{look.tall:g}h-{wide}z"
