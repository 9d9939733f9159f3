"""Checks that the register template of a typical government is read back as the same register."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from deploy.cli.policy.errors import both_languages
from deploy.reference_world.register_template import register_template, template_rows
from services.policy.domain.register_import.export import register_file, register_rows, weekdays_text
from shared.domain.errors import Invalid
from shared.domain.places import government_of, governments
from shared.domain.sheets.rows import FileFormat
from tests.support.register_sheets import parse_file


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
@pytest.mark.parametrize(("region", "set_", "count"), [("32", None, 38), ("3276", None, 34), ("32", "kota", 34)])
def test_a_template_is_read_back_as_the_register_it_was_written_from(
    file_format: FileFormat, region: str, set_: str | None, count: int
) -> None:
    template = register_template(governments()[region], set_, date(2025, 1, 1))
    rows = list(register_rows(template.agencies, template.units))
    sheet = parse_file(register_file(file_format, rows, both_languages), file_format, region)
    assert [(a.opd, a.name, a.on) for a in sheet.opds] == [(a.opd, a.name, a.on) for a in template.agencies]
    assert ([unit.command for unit in sheet.units], len(sheet.opds) >= count) == ([*template.units], True)


def test_where_the_centre_is_not_known_the_officer_fills_in_the_position() -> None:
    semarang = government_of("3374")
    rows = template_rows(semarang, register_template(semarang, None, date(2025, 1, 1)))
    with pytest.raises(Invalid) as invalid:
        parse_file(register_file("xlsx", rows, both_languages), "xlsx", "3374")
    assert {error.pointer for error in invalid.value.errors} >= {"/rows/2/lat", "/rows/2/lng"}


def test_an_agency_without_units_and_a_unit_that_ends_are_written_too() -> None:
    template = register_template(governments()["32"], None, date(2025, 1, 1))
    ending = template.units[0].model_copy(update={"valid_to": date(2025, 12, 31), "kinds": ("LOKET",)})
    rows = list(register_rows(template.agencies[:2], [ending]))
    sheet = parse_file(register_file("csv", rows, both_languages))
    assert ([a.opd for a in sheet.opds], [u.command for u in sheet.units]) == (["SETDA", "SETWAN"], [ending])


@pytest.mark.parametrize(
    ("days", "expected"), [("MON TUE WED", "SEN-RAB"), ("MON WED", "SEN,RAB"), ("SAT SUN", "SAB,MIN")]
)
def test_weekdays_are_written_as_people_read_them(days: str, expected: str) -> None:
    assert weekdays_text(days.split()) == expected


def test_the_template_lists_the_allowed_values() -> None:
    book = load_workbook(io.BytesIO(register_file("xlsx", [], both_languages)))
    lists: Sequence[Any] = book["register"].data_validations.dataValidation
    assert (lists[0].formula1, book.sheetnames) == (
        '"NON_SERVICE,MIXED,DIRECT,EMERGENCY_24X7"', ["register", "pilihan"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        ("opd", "kode OPD / code of the OPD"),
        ("jenis", "kosong: dari nama / kinds of the unit; empty: derived from its name"),
        ("radius_m", "1-5000"),
        ("berlaku_dari", "2026-01-31 atau 31/01/2026 / 2026-01-31 or 31/01/2026"),
        ("lat", None),
    ],
)
def test_the_guide_of_the_template_explains_a_column_in_both_languages(column: str, hint: str | None) -> None:
    guide = load_workbook(io.BytesIO(register_file("xlsx", [], both_languages)))["pilihan"]
    assert {row[0].value: row[2].value for row in guide.iter_rows()}[column] == hint
