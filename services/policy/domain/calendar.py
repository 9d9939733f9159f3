"""Decides on the calendar of a region: the days without duty. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.policy.domain.commands import DeclareHolidays
from services.policy.domain.instruments.decision import Decision
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import Change, Holiday, HolidayDeclared
from shared.domain.messages import Message


@dataclass(frozen=True, slots=True)
class CalendarState:
    """The state of the stream `calendar/{region}`: one holiday for each date, in the order of recording."""

    holidays: tuple[Holiday, ...] = ()


def evolve_calendar(state: CalendarState, fact: Fact) -> CalendarState:
    """Return the state after one more event. A later event about the same date replaces the earlier one."""
    if isinstance(fact, HolidayDeclared):
        others = (holiday for holiday in state.holidays if holiday.date != fact.holiday.date)
        return CalendarState((*others, fact.holiday))
    return state


def declare_holidays(command: DeclareHolidays, state: CalendarState, today: date) -> Sequence[Decision]:
    """Record the days that are not in the calendar yet. Raise `Invalid` if one changes the past."""
    declared = (Holiday(date=day.date, kind=day.kind, name=day.name, source=day.source) for day in command.holidays)
    # Every field is compared: a corrected name is a new event, which replaces the day in the state.
    new = [holiday for holiday in declared if holiday not in state.holidays]
    raise_if_any(_past_errors(new, state.holidays, today))
    facts = [HolidayDeclared(region=command.region, holiday=holiday) for holiday in new]
    # only the last day causes a policy change: each OPD gets one new revision for all days together
    return [Decision(fact, calendar_change(new, today) if fact is facts[-1] else None) for fact in facts]


def _past_errors(new: Sequence[Holiday], recorded: Sequence[Holiday], today: date) -> Iterator[FieldError]:
    """Report past dates of a year that is already recorded. A year without any record may be entered afterwards."""
    years = {holiday.date.year for holiday in recorded}
    for number, holiday in enumerate(new):
        if holiday.date < today and holiday.date.year in years:
            yield FieldError(
                f"/holidays/{number}/date", Message("{date} sudah lewat; sejarah tidak berubah.", date=holiday.date)
            )


def calendar_change(holidays: Sequence[Holiday], today: date) -> Change:
    """Return the reason of a policy change that days of the calendar cause; they are public from today on."""
    first = min(holiday.date for holiday in holidays)
    return Change(kind="CALENDAR", instrument="kalender", decided_on=today, published_on=today, effective_from=first)
