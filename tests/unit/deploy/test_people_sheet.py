"""Tests that a sheet of people is read as officials fill it in, with an error for each wrong cell."""

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from deploy.cli.policy.errors import both_languages
from deploy.onboarding.people_sheet import PeopleSheet, cell_of, parse_people, people_template
from shared.domain.errors import Invalid
from tests.support.messages import english
from tests.support.register_sheets import csv_of, grid, workbook

DEWI = {"opd": "DPMPTSP", "unit": "FRONT", "nama": "Dewi Contoh", "nip": "199001012015032001", "mulai": "2025-01-01"}
FULL = {**DEWI, "kelas_jabatan": "Eselon III.a", "jenis_jabatan": "ARSIPARIS", "status": "PPPK", "keahlian": "A B"}


def people(*rows: dict[str, Any]) -> PeopleSheet:
    return parse_people("3276", "csv", csv_of(grid(*rows)).encode())


def errors_of(*rows: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as invalid:
        people(*rows)
    return {error.pointer: english(error.message) for error in invalid.value.errors}


def test_a_person_becomes_the_body_of_the_import() -> None:
    sheet = people(FULL)
    assert sheet.people == [
        {"opd": "DPMPTSP", "unit": "FRONT", "name": "Dewi Contoh", "nip": "199001012015032001", "from": "2025-01-01",
         "position_class": "ADMINISTRATOR", "job_type": "ARSIPARIS", "status": "PPPK", "skills": ("A", "B")}
    ]  # fmt: skip


def test_what_is_left_empty_is_left_to_the_service() -> None:
    assert set(people(DEWI).people[0]) == {"opd", "unit", "name", "nip", "from"}


def test_dates_of_a_spreadsheet_program_are_read() -> None:
    content = workbook(grid({**DEWI, "mulai": date(2025, 1, 31)}), title="pegawai")
    assert parse_people("3276", "xlsx", content).people[0]["from"] == "2025-01-31"


def test_a_nip_that_is_a_number_is_refused_because_its_last_digits_are_lost() -> None:
    content = workbook(grid({**DEWI, "nip": 199001012015032001}), title="pegawai")
    with pytest.raises(Invalid) as invalid:
        parse_people("3276", "xlsx", content)
    assert [error.pointer for error in invalid.value.errors] == ["/rows/2/nip"]


def test_every_wrong_cell_is_named() -> None:
    wrong = {**FULL, "nip": "1990", "status": "HONORER", "kelas_jabatan": "Raja", "unit": "Loket Satu"}
    assert set(errors_of(FULL, wrong)) == {f"/rows/3/{column}" for column in ("nip", "status", "kelas_jabatan", "unit")}


def test_what_must_be_filled_in_is_named() -> None:
    assert errors_of({**DEWI, "unit": None, "nama": None}) == {
        "/rows/2/unit": "Fill in unit.",
        "/rows/2/nama": "Fill in nama.",
    }


def test_a_nip_that_is_twice_is_named_by_its_first_row_and_not_repeated() -> None:
    assert errors_of(DEWI, FULL) == {"/rows/3/nip": "This NIP is in row 2 already."}


def test_an_error_of_the_service_is_found_in_its_cell() -> None:
    sheet = people(DEWI, {**DEWI, "nip": "198002032005012002"})
    assert [cell_of(pointer, sheet) for pointer in ("/people/1/from", "/people/0", "/people", "")] == [
        (3, "mulai"), (2, ""), (0, ""), (0, ""),
    ]  # fmt: skip


def test_the_template_has_choices_and_a_guide_and_is_read_back() -> None:
    content = people_template("3276", "xlsx", both_languages)
    book = load_workbook(io.BytesIO(content))
    assert (book.sheetnames, [cell.value for cell in book["pegawai"][1]][:4]) == (
        ["pegawai", "pilihan"], ["opd", "unit", "nama", "nip"],
    )  # fmt: skip
    assert "kosong: PNS / empty: PNS" in [row[2].value for row in book["pilihan"].iter_rows()]
    with pytest.raises(Invalid, match="Tidak ada baris"):
        parse_people("3276", "xlsx", content)
