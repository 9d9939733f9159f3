"""Maps regions to time zones, WIB, WITA or WIT by province code (Kepres 41/1987), and converts instants to minutes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PROVINCES_BY_ZONE = {
    "Asia/Jakarta": "11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62",
    "Asia/Makassar": "51 52 53 63 64 65 71 72 73 74 75 76",
    "Asia/Jayapura": "81 82 91 92 93 94 95 96",
}
_ZONE_BY_PROVINCE = {
    province: ZoneInfo(zone) for zone, provinces in PROVINCES_BY_ZONE.items() for province in provinces.split()
}


def region_timezone(region: str) -> ZoneInfo:
    """Return the time zone of a region by its province, the first two digits of the code; WIB for unknown codes."""
    return _ZONE_BY_PROVINCE.get(region[:2], ZoneInfo("Asia/Jakarta"))


def local_date(instant: datetime, region: str) -> date:
    """Return the calendar date of an instant in a region."""
    return instant.astimezone(region_timezone(region)).date()


def epoch_minute(instant: datetime) -> int:
    """Return the whole minutes from the Unix epoch to an instant."""
    return int(instant.timestamp() // 60)


def midnight_minute(day: date, timezone: ZoneInfo | str) -> int:
    """Return the minute since the Unix epoch at which a day begins in a time zone."""
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    # Indonesia has no summer time: the next midnight is always 1440 minutes later. Coverage relies on this.
    return epoch_minute(datetime(day.year, day.month, day.day, tzinfo=zone))
