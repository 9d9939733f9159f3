"""The one clock that domain instants are asked of: the wall's, or in the demo a scaled one shared by all processes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def wall() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the clock itself


def scaled(start: datetime, speed: float, wall_start: float) -> Clock:
    """A clock that showed `start` at the wall second `wall_start` and runs `speed` times as fast."""
    return lambda: start.astimezone(UTC) + timedelta(seconds=(time.time() - wall_start) * speed)  # noqa: TID251


def from_setting(setting: str) -> Clock:
    """The clock of `PIKET_CLOCK`: empty for the wall's, or a file that all processes of a demo share.

    The file holds `{start}/{speed}/{wall start}` (see `set_clock`) and is read again whenever it was replaced, so a
    demo can be moved on in time. Raises ValueError for a file that holds no clock.
    """
    return _from_file(Path(setting)) if setting else wall


def set_clock(file: Path, start: datetime, speed: float) -> Clock:
    """Let every process that shares this file show `start` now, and run `speed` times as fast from here."""
    written = file.with_suffix(".new")
    written.write_text(f"{start.isoformat()}/{speed}/{time.time()}")  # noqa: TID251
    written.replace(file)
    return _from_file(file)


def _from_file(file: Path) -> Clock:
    read: tuple[int, Clock] = (0, wall)

    def now() -> datetime:
        nonlocal read
        changed = file.stat().st_mtime_ns
        if changed != read[0]:
            start, speed, wall_start = file.read_text().split("/")
            read = (changed, scaled(datetime.fromisoformat(start), float(speed), float(wall_start)))
        return read[1]()

    now()
    return now
