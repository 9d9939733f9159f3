"""Every class and kind of unit on every day of seven months in six governments: Piket and a second reading agree."""

import ast
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from services.policy.domain.explanation.answer import answer
from services.policy.domain.presets import replay
from services.policy.domain.reference_data.unit_types import typical
from services.policy.domain.snapshot import Asked
from shared.domain.work_location import Who
from tests.support import independent_resolver as second_resolver
from tests.support.independent_resolver import Found, resolve

GOVERNMENTS: Mapping[str, str] = {
    "32": "Jawa Barat",
    "3276": "Depok",
    "3271": "Kota Bogor",
    "3277": "Cimahi",
    "3201": "Kabupaten Bogor",
    "3273": "Kota Bandung",
}
FIRST, LAST = date(2025, 11, 1), date(2026, 5, 31)
DAYS = tuple(FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))
SITES: Mapping[str, str] = {"Gedung Sate": "GEDUNG-SATE"}
"""Sites as the circular names them, and as Piket codes them."""


class Unit(NamedTuple):
    """Who is asked about. `name` is the kind in the circulars' word, `asked` the word Piket is asked with."""

    class_: str
    name: str | None = None
    asked: str | None = None
    position: str | None = None
    site: str | None = None

    def names(self) -> frozenset[str]:
        return frozenset({self.name} if self.name else ())

    def who(self) -> Who:
        word = self.asked or self.name
        kinds = typical(word)[1] if word else ()
        return Who(self.class_, frozenset(kinds), SITES.get(self.site or ""), self.position)


UNITS = (
    Unit("NON_SERVICE"),
    Unit("MIXED"),
    Unit("DIRECT"),
    Unit("EMERGENCY_24X7"),
    Unit("MIXED", "kecamatan"),
    Unit("MIXED", "kelurahan"),
    Unit("EMERGENCY_24X7", "rsud"),
    Unit("DIRECT", "sekolah"),
    Unit("EMERGENCY_24X7", "satpolpp"),
    Unit("MIXED", "dishub"),
    Unit("DIRECT", "dishub_terminal_pkb", asked="terminal"),
    Unit("DIRECT", "mpp"),
    Unit("DIRECT", "pasar"),
    Unit("MIXED", "pasar"),
    Unit("MIXED", "pbj_lpse", asked="lpse"),
    Unit("MIXED", "perpustakaan"),
    Unit("DIRECT", "samsat"),
    Unit("MIXED", "pajak"),
    Unit("NON_SERVICE", position="ADMINISTRATOR"),
    Unit("MIXED", "kecamatan", position="CAMAT"),
    Unit("NON_SERVICE", site="Gedung Sate"),
)
BACK_OFFICES = tuple(
    Unit("NON_SERVICE", name) for name in ("rsud", "puskesmas", "sekolah", "samsat", "satpolpp", "damkar", "mpp")
)


@cache
def answered(government: str, unit: Unit) -> tuple[Found, ...]:
    """What Piket answers on each of the days."""
    books = replay.books(government)
    stretches = books.effective().stretches("X")
    found = (answer(books, Asked("X", day, unit.who()), stretches) for day in DAYS)
    return tuple(Found(each.answer, each.max_share, each.won_by.get("pattern")) for each in found)


@cache
def by_hand(government: str, unit: Unit) -> tuple[Found, ...]:
    """What the second reading says of each of the days."""
    return tuple(resolve(government, unit.names(), unit.class_, unit.position, unit.site, day) for day in DAYS)


def differing(government: str, units: tuple[Unit, ...], days: frozenset[date]) -> Iterator[str]:
    for unit in units:
        both = zip(DAYS, answered(government, unit), by_hand(government, unit), strict=True)
        for day, product, second in both:
            if day in days and product != second:
                who = " ".join(filter(None, (unit.class_, unit.name, unit.position, unit.site)))
                yield f"{GOVERNMENTS[government]}, {who}, {day:%a %Y-%m-%d}: Piket {product}, by hand {second}"


@pytest.mark.parametrize("government", GOVERNMENTS, ids=GOVERNMENTS.values())
def test_every_unit_is_told_on_every_day_what_the_papers_say_read_one_by_one(government: str) -> None:
    found = list(differing(government, UNITS, frozenset(DAYS)))
    assert not found, f"{len(found)} answers differ, among them:\n" + "\n".join(found[:40])


@pytest.mark.parametrize("government", GOVERNMENTS, ids=GOVERNMENTS.values())
def test_the_back_office_of_an_excluded_house_stays_on_site_with_it_on_working_days(government: str) -> None:
    # Whether such a back office works on weekends is its own pattern, which no circular tells.
    found = list(
        differing(government, BACK_OFFICES, frozenset(day for day in DAYS if day.weekday() < second_resolver.SAT))
    )
    assert not found, f"{len(found)} answers differ, among them:\n" + "\n".join(found[:40])


def test_the_matrix_meets_every_answer_that_needs_no_approval() -> None:
    met = {found.answer for government in GOVERNMENTS for unit in UNITS for found in by_hand(government, unit)}
    assert met == {"WFH", "WFO", "MAX_SHARE", "HOLIDAY", "UNIT_HEAD", "APPLICATION"}


def test_the_matrix_meets_every_instrument_that_gives_a_pattern_in_these_months() -> None:
    met = {found.pattern for government in GOVERNMENTS for found in by_hand(government, UNITS[0])}
    assert met == {
        None,
        "jabar-2025-se-150-stage-1",
        "jabar-2025-se-150-stage-2",
        "jabar-2026-se-188",
        "depok-2026-se-42",
        "depok-2026-se-80",
        "kota-bogor-2026-se-1633",
        "kab-bogor-2026-se-578",
        "cimahi-2026-friday",
        "nasional-2026-friday",
        "panrb-2026-around-lebaran",
    }


def test_the_second_reading_shares_no_code_with_the_product() -> None:
    tree = ast.parse(Path(second_resolver.__file__).read_text())
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} - sys.stdlib_module_names == {"holidays"}
