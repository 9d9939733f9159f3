"""Where a region's clocks stand: WIB, WITA or WIT by province code (Kepres 41/1987)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONES = {
    "Asia/Jakarta": "11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62",
    "Asia/Makassar": "51 52 53 63 64 65 71 72 73 74 75 76",
    "Asia/Jayapura": "81 82 91 92 93 94 95 96",
}
_ZONE = {province: ZoneInfo(zone) for zone, provinces in ZONES.items() for province in provinces.split()}

PROVINCES = frozenset(_ZONE)
"""The code of every province."""


def zone(region: str) -> ZoneInfo:
    """The time zone of a region by its province, the first two digits of the code. Unknown codes keep WIB."""
    return _ZONE.get(region[:2], ZoneInfo("Asia/Jakarta"))


def local_date(instant: datetime, region: str) -> date:
    """The region's calendar date at an instant."""
    return instant.astimezone(zone(region)).date()


def minute_of(instant: datetime) -> int:
    """Whole minutes since the epoch."""
    return int(instant.timestamp() // 60)


def midnight(day: date, timezone: ZoneInfo | str) -> int:
    """The minute since the epoch at which a day begins in a zone."""
    place = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    return minute_of(datetime(day.year, day.month, day.day, tzinfo=place))
