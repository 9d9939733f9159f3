"""A counter's day as a strip: one column is 15 minutes, the worse the taller, so that colour never speaks alone."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.reporting.runs import SLOTS, State

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
    """A stretch of slots in one state, as minutes of the day."""

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


def strip(slots: Sequence[State], shown: tuple[int, int], minute: int) -> Strip:
    """Draw the slots of a window; `minute` is now."""
    first, last = shown
    parts: list[Part] = []
    at = first
    for state, group in groupby(slots[first:last]):
        end = at + len(list(group))
        parts.append(Part(at * 15, end * 15, state))
        at = end
    return Strip(
        width=last - first,
        first=first,
        parts=tuple(parts),
        paths=_paths(parts, first),
        hours="".join(f"M{n - first} 0v12" for n in range(first, last) if n % HOUR == 0),
        now=minute / 15 - first if first <= minute / 15 < last else None,
    )


def _paths(parts: Iterable[Part], first: int) -> Mapping[str, str]:
    paths: dict[str, str] = {}
    for part in parts:
        x, wide = part.start // 15 - first, (part.end - part.start) // 15
        look = LOOKS.get(part.state)
        drawn = f"M{x + 0.25} 6h{wide - 0.25}" if look is None else _bar(look, x, wide)
        mark = look.mark if look else "b"
        paths[mark] = paths.get(mark, "") + drawn
    return paths


def _bar(look: Look, x: int, wide: int) -> str:
    return f"M{x} {look.top:g}h{wide}v{look.tall:g}h-{wide}z"
