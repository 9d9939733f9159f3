"""Hours of the office on one day and over a week, from what an instrument says of them. Pure."""

from typing import NamedTuple

from shared.domain.facts.rules import Hours

HOUR = 60


class OfficeDay(NamedTuple):
    """One day of the office in local minutes from midnight, its break among them."""

    start: int
    end: int
    rest: int

    @property
    def worked(self) -> int:
        """Minutes without the break."""
        return self.end - self.start - self.rest


def office_day(hours: Hours, weekday: str) -> OfficeDay:
    """The hours of one weekday: to `day_end`, or as long as the week's hours ask, each working day the same."""
    start, rest = minute(hours.day_start), _rest(hours, weekday)
    if hours.day_end:
        return OfficeDay(start, minute(hours.day_end), rest)
    return OfficeDay(start, start + round((hours.week or 0) * HOUR / len(hours.work_days)) + rest, rest)


def week(hours: Hours) -> float:
    """Hours a week without breaks: as they are worked, where an end of the day is set; else as they are said."""
    if not hours.day_end:
        return hours.week or 0.0
    return sum(office_day(hours, day).worked for day in hours.work_days) / HOUR


def _rest(hours: Hours, weekday: str) -> int:
    return next((rest.minutes for rest in hours.breaks if weekday in rest.weekdays), 0)


def minute(clock: str) -> int:
    """`07:30` as minutes from midnight."""
    hour, past = clock.split(":")
    return int(hour) * HOUR + int(past)


def clock(minutes: int) -> str:
    """Minutes from midnight as `07:30`."""
    return f"{minutes // HOUR:02}:{minutes % HOUR:02}"
