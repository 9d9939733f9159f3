"""Provides the default calendar of a region: public holidays and cuti bersama from the library `holidays`."""

from collections.abc import Iterable, Mapping
from datetime import date

from holidays import country_holidays
from holidays.version import __version__ as version

from shared.domain.facts.base import EARLIEST
from shared.domain.facts.policy import Holiday

HOLIDAY_CATEGORIES: Mapping[str, str] = {"government": "cuti_bersama", "public": "public"}
"""The kind of holiday by category of the library. The order matters: on a date of both, the last one prevails."""

DECREE_DATES: Mapping[int, date] = {
    2022: date(2022, 4, 7),
    2023: date(2022, 10, 11),
    2024: date(2023, 9, 12),
    2025: date(2024, 10, 14),
    2026: date(2025, 9, 19),
}
"""The date of the joint ministerial decree (SKB) on the cuti bersama of a year.

Sources: SKB 375/2022, 1066/2022, 855/2023, 1017/2024, 1497/2025.
"""

LATE_DECLARATIONS: Mapping[date, date] = {
    date(2023, 4, 19): date(2023, 3, 29),
    date(2023, 4, 20): date(2023, 3, 29),
    date(2023, 6, 28): date(2023, 6, 16),
    date(2023, 6, 30): date(2023, 6, 16),
    date(2024, 2, 14): date(2024, 2, 8),
    date(2024, 11, 27): date(2024, 11, 21),
    date(2025, 8, 18): date(2025, 8, 7),
}
"""Days that were declared after the decree of their year, with the date of the declaration.

Sources: SKB 327/2023, 624/2023, 933/2025, and the decrees on the elections.
"""


def declaration_date(day: Holiday) -> date:
    """Return the date on which a day was declared; `EARLIEST` for public holidays, which the law fixes.

    Cuti bersama of a year without a decree yet are estimates and count as always declared.
    """
    decreed = DECREE_DATES.get(day.date.year, EARLIEST) if day.kind == "cuti_bersama" else EARLIEST
    return LATE_DECLARATIONS.get(day.date, decreed)


def default_holidays(years: Iterable[int]) -> tuple[Holiday, ...]:
    """Return the days without duty of these years by date, with Indonesian names.

    Holidays on the same date share one entry. Dates of future years are estimates, and their names say so, until the
    joint ministerial decree declares them.
    """
    ordered = sorted(years)
    by_date = {day.date: day for category in HOLIDAY_CATEGORIES for day in _of_category(category, ordered)}
    return tuple(by_date[day] for day in sorted(by_date))


def _of_category(category: str, years: Iterable[int]) -> Iterable[Holiday]:
    source = f"holidays {version}"
    names = country_holidays("ID", years=years, categories=(category,), language="id")
    return [
        Holiday(date=day, kind=HOLIDAY_CATEGORIES[category], name=name, source=source) for day, name in names.items()
    ]
