"""The calendar that a region may begin with: public holidays and cuti bersama, as a library knows the decrees."""

from collections.abc import Iterable, Mapping
from datetime import date

from holidays import country_holidays
from holidays.version import __version__ as version

from shared.domain.facts.base import EARLIEST
from shared.domain.facts.policy import Holiday

KINDS: Mapping[str, str] = {"government": "cuti_bersama", "public": "public"}
"""The library's category of each kind; on a date of both the public holiday stands."""

DECREED: Mapping[int, date] = {
    2022: date(2022, 4, 7),
    2023: date(2022, 10, 11),
    2024: date(2023, 9, 12),
    2025: date(2024, 10, 14),
    2026: date(2025, 9, 19),
}
"""When three ministers decreed the cuti bersama of a year (SKB 375/2022, 1066/2022, 855/2023, 1017/2024, 1497/2025)."""
ADDED: Mapping[date, date] = {
    date(2023, 4, 19): date(2023, 3, 29),
    date(2023, 4, 20): date(2023, 3, 29),
    date(2023, 6, 28): date(2023, 6, 16),
    date(2023, 6, 30): date(2023, 6, 16),
    date(2024, 2, 14): date(2024, 2, 8),
    date(2024, 11, 27): date(2024, 11, 21),
    date(2025, 8, 18): date(2025, 8, 7),
}
"""Days that were declared later than the others of their year, and when (SKB 327 and 624/2023, 933/2025; elections)."""


def declared(day: Holiday) -> date:
    """When a day was declared. Public holidays stand in law; cuti bersama without a decree yet are estimates."""
    decreed = DECREED.get(day.date.year, EARLIEST) if day.kind == "cuti_bersama" else EARLIEST
    return ADDED.get(day.date, decreed)


def seeded(years: Iterable[int]) -> tuple[Holiday, ...]:
    """The days without duty of these years by date, named in Indonesian; several of one day share its name.

    Dates of years to come are estimates, named so, until the decree of three ministers declares them.
    """
    asked = sorted(years)
    found = {day.date: day for category in KINDS for day in _category(category, asked)}
    return tuple(found[day] for day in sorted(found))


def _category(category: str, years: Iterable[int]) -> Iterable[Holiday]:
    source = f"holidays {version}"
    named = country_holidays("ID", years=years, categories=(category,), language="id")
    return [Holiday(date=day, kind=KINDS[category], name=name, source=source) for day, name in named.items()]
