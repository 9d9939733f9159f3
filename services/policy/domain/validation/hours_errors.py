"""Reports what is wrong with the office hours of an instrument. Pure."""

from collections.abc import Iterator

from services.policy.domain.resolution.working_hours import clock_time, minutes_of, office_day, weekly_hours
from services.policy.domain.validation.errors import duplicate_errors, weekday_errors
from shared.domain.errors import FieldError
from shared.domain.facts.rules import WEEKDAYS, OfficeBreak, WorkingHours
from shared.domain.messages import Message

MINUTES_PER_DAY = 24 * 60
WEEK_TOLERANCE_HOURS = 0.01
"""Greatest difference between the stated hours of a week and the sum of its days, in hours."""


def hours_errors(pointer: str, hours: WorkingHours) -> Iterator[FieldError]:
    """Report weekdays, breaks and day ends that make no working week. `pointer` is that of the hours."""
    yield from weekday_errors(f"{pointer}/work_days", hours.work_days)
    for number, pause in enumerate(hours.breaks):
        yield from weekday_errors(f"{pointer}/breaks/{number}/weekdays", pause.weekdays)
    if hours.week is None and hours.day_end is None:
        yield FieldError(pointer, Message("Isi jam seminggu (week) atau akhir hari (day_end)."))
    break_days = [day for pause in hours.breaks for day in pause.weekdays]
    yield from duplicate_errors(pointer + "/breaks/{}/weekdays", break_days)
    # As text, which compares like the time: `HH:MM` has leading zeros.
    if hours.day_end and hours.day_end <= hours.day_start:
        yield FieldError(
            f"{pointer}/day_end",
            Message(
                "Hari kerja berakhir {day_end}, tidak sesudah mulai {day_start}.",
                day_end=hours.day_end,
                day_start=hours.day_start,
            ),
        )
    elif hours.week is not None or hours.day_end is not None:
        yield from _length_errors(pointer, hours)


def _length_errors(pointer: str, hours: WorkingHours) -> Iterator[FieldError]:
    """Report days without work or past midnight, breaks outside the day, a week that differs from its days."""
    for day in hours.work_days if set(hours.work_days) <= set(WEEKDAYS) else ():
        office = office_day(hours, day)
        if office.worked_minutes <= 0 or office.end > MINUTES_PER_DAY:
            span = f"{clock_time(office.start)}-{clock_time(office.end)}, {office.break_minutes} min"
            yield FieldError(
                pointer,
                Message(
                    "{day}: {span} bukan hari kerja; harus ada jam kerja, dan berakhir sebelum tengah malam.",
                    day=day,
                    span=span,
                ),
            )
            return  # the days are alike: one report is enough, and breaks cannot be judged in a broken day
    for number, pause in enumerate(hours.breaks if hours.work_days else ()):
        if pause.begins:
            yield from _break_errors(f"{pointer}/breaks/{number}", pause.begins, pause, hours)
    if hours.week is not None and hours.day_end and abs(weekly_hours(hours) - hours.week) > WEEK_TOLERANCE_HOURS:
        yield FieldError(
            f"{pointer}/week",
            Message(
                "week {week:g} tidak sama dengan jam hari-harinya, {hours:g}; isi salah satu.",
                week=hours.week,
                hours=weekly_hours(hours),
            ),
        )


def _break_errors(pointer: str, start: str, pause: OfficeBreak, hours: WorkingHours) -> Iterator[FieldError]:
    ends = min((office_day(hours, day).end for day in pause.weekdays), default=MINUTES_PER_DAY)
    if not minutes_of(hours.day_start) <= minutes_of(start) < ends:
        yield FieldError(f"{pointer}/begins", Message("Istirahat {start} di luar jam kerja.", start=start))
    elif minutes_of(start) + pause.minutes > ends:
        yield FieldError(
            f"{pointer}/minutes",
            Message(
                "Istirahat {start} selama {minutes} menit melewati akhir hari, {end}.",
                start=start,
                minutes=pause.minutes,
                end=clock_time(ends),
            ),
        )
