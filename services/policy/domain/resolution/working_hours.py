"""Computes the office hours of one day and of a week from the hours that an instrument sets. Pure."""

from typing import NamedTuple

from shared.domain.facts.rules import WorkingHours

MINUTES_PER_HOUR = 60


class OfficeDay(NamedTuple):
    """One day of the office: start and end in local minutes from midnight, and the minutes of break between."""

    start: int
    end: int
    break_minutes: int

    @property
    def worked_minutes(self) -> int:
        """Minutes between start and end, without the break."""
        return self.end - self.start - self.break_minutes


def office_day(hours: WorkingHours, weekday: str) -> OfficeDay:
    """Return the hours of one weekday: until `day_end`, or the hours of the week in equal parts on its work days."""
    start, pause = minutes_of(hours.day_start), _break_minutes(hours, weekday)
    if hours.day_end:
        return OfficeDay(start, minutes_of(hours.day_end), pause)
    worked = round((hours.week or 0) * MINUTES_PER_HOUR / len(hours.work_days))
    return OfficeDay(start, start + worked + pause, pause)


def weekly_hours(hours: WorkingHours) -> float:
    """Return the hours of a week without breaks: the sum of its days if `day_end` is set, otherwise `week`."""
    if not hours.day_end:
        return hours.week or 0.0
    return sum(office_day(hours, day).worked_minutes for day in hours.work_days) / MINUTES_PER_HOUR


def _break_minutes(hours: WorkingHours, weekday: str) -> int:
    return next((pause.minutes for pause in hours.breaks if weekday in pause.weekdays), 0)


def minutes_of(clock: str) -> int:
    """Return `07:30` as minutes from midnight."""
    hours, minutes = clock.split(":")
    return int(hours) * MINUTES_PER_HOUR + int(minutes)


def clock_time(minutes: int) -> str:
    """Return minutes from midnight as `07:30`."""
    return f"{minutes // MINUTES_PER_HOUR:02}:{minutes % MINUTES_PER_HOUR:02}"
