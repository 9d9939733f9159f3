"""Finds the next working day of a calendar. Pure."""

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY = 5


def next_working_day(today: date, holidays: Collection[date]) -> date:
    """Return the first date after today that is neither a Saturday, nor a Sunday, nor a holiday."""
    day = today + timedelta(days=1)
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day
