"""The one clock that domain instants are asked of: the wall's, or in the demo a scaled one shared by all processes."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def wall() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the clock itself


def scaled(start: datetime, speed: float, wall_start: float) -> Clock:
    """A clock that showed `start` at the wall second `wall_start` and runs `speed` times as fast."""
    return lambda: start.astimezone(UTC) + timedelta(seconds=(time.time() - wall_start) * speed)  # noqa: TID251


def from_setting(setting: str, profile: str) -> Clock:
    """The clock of `PIKET_CLOCK`: empty for the wall's, or `{start}/{speed}/{wall start}` in the demo profile only.

    Raises ValueError for a scaled clock outside the demo, or a setting that is no clock.
    """
    if not setting:
        return wall
    if profile != "demo":
        raise ValueError("PIKET_CLOCK sets a demo clock; it is refused outside PIKET_PROFILE=demo.")
    start, speed, wall_start = setting.split("/")
    return scaled(datetime.fromisoformat(start), float(speed), float(wall_start))


def minute_of(instant: datetime) -> int:
    """Whole minutes since the epoch."""
    return int(instant.timestamp() // 60)


def midnight(day: date, timezone: ZoneInfo | str) -> int:
    """The minute since the epoch at which a day begins in a zone."""
    place = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    return minute_of(datetime(day.year, day.month, day.day, tzinfo=place))
