"""The calendar that a region may begin with: public holidays and cuti bersama, as a library knows the decrees."""

from collections.abc import Iterable, Mapping

from holidays import country_holidays
from holidays.version import __version__ as version

from shared.facts.policy import Holiday

KINDS: Mapping[str, str] = {"government": "cuti_bersama", "public": "public"}
"""The library's category of each kind; on a date of both the public holiday stands."""


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
