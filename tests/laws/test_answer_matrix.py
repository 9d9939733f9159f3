"""Compares Piket with an independent resolver: every unit type on every day of seven months in six governments."""

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
from services.policy.domain.reference_data.unit_types import default_unit_type
from services.policy.domain.snapshot import PolicyQuery
from shared.domain.work_location import StaffProfile
from tests.support import independent_resolver as second_resolver
from tests.support.independent_resolver import IndependentAnswer, resolve

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
"""The code of a site in Piket by its name in the circular."""


class Unit(NamedTuple):
    """The subject of a question: `name` is its type in the circulars, `piket_name` the name in Piket if it differs."""

    class_: str
    name: str | None = None
    piket_name: str | None = None
    position: str | None = None
    site: str | None = None

    def names(self) -> frozenset[str]:
        return frozenset({self.name} if self.name else ())

    def profile(self) -> StaffProfile:
        code = self.piket_name or self.name
        kinds = default_unit_type(code)[1] if code else ()
        return StaffProfile(self.class_, frozenset(kinds), SITES.get(self.site or ""), self.position)


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
    Unit("DIRECT", "dishub_terminal_pkb", piket_name="terminal"),
    Unit("DIRECT", "mpp"),
    Unit("DIRECT", "pasar"),
    Unit("MIXED", "pasar"),
    Unit("MIXED", "pbj_lpse", piket_name="lpse"),
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
def piket_answers(government: str, unit: Unit) -> tuple[IndependentAnswer, ...]:
    """Return the answers of Piket on all days."""
    snapshot = replay.reference_snapshot(government)
    periods = snapshot.effective().periods_of("X")
    results = (answer(snapshot, PolicyQuery("X", day, unit.profile()), periods) for day in DAYS)
    return tuple(IndependentAnswer(result.answer, result.max_share, result.won_by.get("pattern")) for result in results)


@cache
def independent_answers(government: str, unit: Unit) -> tuple[IndependentAnswer, ...]:
    """Return the answers of the independent resolver on all days."""
    return tuple(resolve(government, unit.names(), unit.class_, unit.position, unit.site, day) for day in DAYS)


def differences(government: str, units: tuple[Unit, ...], days: frozenset[date]) -> Iterator[str]:
    for unit in units:
        pairs = zip(DAYS, piket_answers(government, unit), independent_answers(government, unit), strict=True)
        for day, piket_answer, independent_answer in pairs:
            if day in days and piket_answer != independent_answer:
                subject = " ".join(filter(None, (unit.class_, unit.name, unit.position, unit.site)))
                question = f"{GOVERNMENTS[government]}, {subject}, {day:%a %Y-%m-%d}"
                yield f"{question}: Piket {piket_answer}, by hand {independent_answer}"


@pytest.mark.parametrize("government", GOVERNMENTS, ids=GOVERNMENTS.values())
def test_every_unit_is_answered_on_every_day_as_the_papers_read_one_by_one(government: str) -> None:
    messages = list(differences(government, UNITS, frozenset(DAYS)))
    assert not messages, f"{len(messages)} answers differ, among them:\n" + "\n".join(messages[:40])


@pytest.mark.parametrize("government", GOVERNMENTS, ids=GOVERNMENTS.values())
def test_the_back_office_of_an_excluded_house_stays_on_site_with_it_on_working_days(government: str) -> None:
    # Whether such a back office works on weekends is its own pattern, which no circular defines.
    messages = list(
        differences(government, BACK_OFFICES, frozenset(day for day in DAYS if day.weekday() < second_resolver.SAT))
    )
    assert not messages, f"{len(messages)} answers differ, among them:\n" + "\n".join(messages[:40])


def test_the_matrix_meets_every_answer_that_needs_no_approval() -> None:
    answers = {
        result.answer
        for government in GOVERNMENTS
        for unit in UNITS
        for result in independent_answers(government, unit)
    }
    assert answers == {"WFH", "WFO", "MAX_SHARE", "HOLIDAY", "UNIT_HEAD", "APPLICATION"}


def test_the_matrix_meets_every_instrument_that_gives_a_pattern_in_these_months() -> None:
    answers = {result.pattern for government in GOVERNMENTS for result in independent_answers(government, UNITS[0])}
    assert answers == {
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
