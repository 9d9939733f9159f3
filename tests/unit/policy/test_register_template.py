"""Checks that the register template of a typical government is read back as the same register."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from deploy.reference_world.register_template import register_template
from services.policy.domain.register_import.export import WRITERS, register_rows, weekdays_text
from services.policy.domain.register_import.rows import FileFormat
from shared.domain.places import governments
from tests.support.register_sheets import parse_file


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
@pytest.mark.parametrize(("region", "set_", "count"), [("32", None, 38), ("3276", None, 34), ("32", "kota", 34)])
def test_a_template_is_read_back_as_the_register_it_was_written_from(
    file_format: FileFormat, region: str, set_: str | None, count: int
) -> None:
    template = register_template(governments()[region], set_, date(2025, 1, 1))
    sheet = parse_file(
        WRITERS[file_format](list(register_rows(template.agencies, template.units))), file_format, region
    )
    assert [(a.opd, a.name, a.on) for a in sheet.opds] == [(a.opd, a.name, a.on) for a in template.agencies]
    assert ([unit.command for unit in sheet.units], len(sheet.opds) >= count) == ([*template.units], True)


def test_an_agency_without_units_and_a_unit_that_ends_are_written_too() -> None:
    template = register_template(governments()["32"], None, date(2025, 1, 1))
    ending = template.units[0].model_copy(update={"valid_to": date(2025, 12, 31), "kinds": ("LOKET",)})
    sheet = parse_file(WRITERS["csv"](list(register_rows(template.agencies[:2], [ending]))))
    assert ([a.opd for a in sheet.opds], [u.command for u in sheet.units]) == (["SETDA", "SETWAN"], [ending])


@pytest.mark.parametrize(
    ("days", "expected"), [("MON TUE WED", "SEN-RAB"), ("MON WED", "SEN,RAB"), ("SAT SUN", "SAB,MIN")]
)
def test_weekdays_are_written_as_people_read_them(days: str, expected: str) -> None:
    assert weekdays_text(days.split()) == expected


def test_the_template_lists_the_allowed_values() -> None:
    book = load_workbook(io.BytesIO(WRITERS["xlsx"]([])))
    lists: Sequence[Any] = book["register"].data_validations.dataValidation
    assert (lists[0].formula1, book.sheetnames) == (
        '"NON_SERVICE,MIXED,DIRECT,EMERGENCY_24X7"', ["register", "pilihan"],
    )  # fmt: skip
