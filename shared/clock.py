"""Provides the clock of domain instants: the wall clock, or in a demo a scaled one that all processes share."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

Clock = Callable[[], datetime]
"""Returns the current instant, with a time zone."""


def wall_time() -> datetime:
    """Return the current wall time in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the only place that may read it


def scaled_clock(start: datetime, speed: float, wall_start: float) -> Clock:
    """Return a clock that showed `start` at wall second `wall_start` (Unix time) and runs `speed` times as fast."""
    return lambda: start.astimezone(UTC) + timedelta(seconds=(time.time() - wall_start) * speed)  # noqa: TID251


def clock_from_setting(setting: str) -> Clock:
    """Return the clock of `PIKET_CLOCK`: the wall clock if empty, else that of a file which all demo processes share.

    The file holds `{start}/{speed}/{wall start}` (see `set_clock`). It is read again after it was replaced, so a demo
    can jump in time. Raises ValueError for a file that does not hold a clock.
    """
    return _clock_from_file(Path(setting)) if setting else wall_time


def set_clock(file: Path, start: datetime, speed: float) -> Clock:
    """Set the clock of every process that shares this file to `start`, from now on `speed` times as fast."""
    # Replaced atomically: another process that reads now gets the old clock or the new one, never a part.
    replacement = file.with_suffix(".new")
    replacement.write_text(f"{start.isoformat()}/{speed}/{time.time()}")  # noqa: TID251
    replacement.replace(file)
    return _clock_from_file(file)


class ClockPace(NamedTuple):
    """Since which instant of the clock it runs without a jump, and how many times as fast as real time."""

    since: datetime
    speed: float


def clock_pace(setting: str) -> ClockPace:
    """Return the pace of the clock of `PIKET_CLOCK`; the wall clock, if the setting is empty, never jumps."""
    if not setting:
        return ClockPace(datetime.min.replace(tzinfo=UTC), 1.0)
    start, speed, _ = Path(setting).read_text().split("/")
    return ClockPace(datetime.fromisoformat(start), float(speed))


def _clock_from_file(file: Path) -> Clock:
    cached: tuple[int, Clock] = (0, wall_time)

    def now() -> datetime:
        nonlocal cached
        changed = file.stat().st_mtime_ns
        if changed != cached[0]:
            start, speed, wall_start = file.read_text().split("/")
            cached = (changed, scaled_clock(datetime.fromisoformat(start), float(speed), float(wall_start)))
        return cached[1]()

    now()  # raises ValueError at the start of the process, not at its first request
    return now
