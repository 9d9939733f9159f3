"""Defines the sheet of people, parses it to the bodies of the import over HTTP, and writes its template."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from services.policy.domain.reference_data.positions import known_positions, position_code
from shared.domain.errors import FieldError
from shared.domain.messages import Message
from shared.domain.sheets import cell_parsers
from shared.domain.sheets.files import HintRenderer, sheet_file
from shared.domain.sheets.layout import (
    Column,
    Layout,
    ParsedRow,
    cell_pointer,
    parse_rows,
    raise_row_errors,
)
from shared.domain.sheets.rows import FileFormat, read_rows

LOCALE = Path(__file__).parent / "locale"
SHEET_NAME = "pegawai"
STATUSES = ("PNS", "PPPK")
REQUIRED = ("opd", "unit", "nama", "nip", "mulai")


def _parse_nip(cell: object) -> str:
    # A spreadsheet program rounds a number of 18 digits: only a text keeps it.
    text = cell.replace(" ", "") if isinstance(cell, str) else ""
    if not (text.isascii() and text.isdecimal() and len(text) == 18):
        raise cell_parsers.cell_error(Message("NIP terdiri dari 18 angka; format selnya Teks."))
    return text


def _parse_job_type(cell: object) -> str:
    return cell_parsers.parse_code(cell).replace("-", "_")


_parse_status = cell_parsers.choice_parser({name: name for name in STATUSES}, ", ".join(STATUSES))


def columns(region: str) -> Mapping[str, Column]:
    """Return the columns of the sheet; some names of positions differ between provinces and kabupaten or kota."""

    def parse_position(cell: object) -> str:
        return position_code(cell_parsers.parse_text(cell), region)

    positions, day, codes = known_positions(), cell_parsers.parse_date, cell_parsers.parse_codes
    return {
        "opd": Column(("agency",), cell_parsers.parse_code, hint=Message("kode OPD seperti pada register")),
        "unit": Column((), cell_parsers.parse_code, hint=Message("kode unit seperti pada register")),
        "nama": Column(("name",), cell_parsers.name_parser(1)),
        "nip": Column((), _parse_nip, hint=Message("18 angka, sebagai teks")),
        "kelas_jabatan": Column(
            ("position_class",), parse_position, hint=Message("kosong: PELAKSANA"), choices=positions
        ),
        "jenis_jabatan": Column(("job_type",), _parse_job_type, hint=Message("kosong: UMUM")),
        "status": Column((), _parse_status, hint=Message("kosong: PNS"), choices=STATUSES),
        "keahlian": Column(("skills",), codes, hint=Message("kode keahlian yang diminta pos")),
        "mulai": Column(("from", "valid_from"), day, hint=Message("hari pertama di unit ini")),
        "sampai": Column(("to", "valid_to"), day, hint=Message("kosong: sampai ada perubahan")),
    }


FIELDS: Mapping[str, str] = {
    "nama": "name",
    "kelas_jabatan": "position_class",
    "jenis_jabatan": "job_type",
    "keahlian": "skills",
    "mulai": "from",
    "sampai": "to",
}
"""The field of the HTTP body by column, where they differ."""
Person = Mapping[str, Any]


class PeopleSheet(NamedTuple):
    """The people of a sheet as bodies of the import, and the number of the row of each."""

    people: Sequence[Person]
    rows: Sequence[int]


def people_template(region: str, file_format: FileFormat, render_hint: HintRenderer) -> bytes:
    """Return an empty sheet of people with its headings, choices and guide."""
    return sheet_file(file_format, SHEET_NAME, columns(region), [], render_hint)


def parse_people(region: str, file_format: FileFormat, content: bytes) -> PeopleSheet:
    """Return the people of a file. Raise one `Invalid` with an error for each wrong cell."""
    layout = Layout(columns(region), frozenset(REQUIRED), _missing_cells)
    rows, errors = parse_rows(layout, read_rows(file_format, content, SHEET_NAME))
    raise_row_errors([*errors, *_repeated_nips(rows)])
    return PeopleSheet([_body(row) for row in rows], [row.number for row in rows])


def _missing_cells(row: ParsedRow) -> Iterator[str]:
    return (name for name in REQUIRED if name not in row.values)


def _repeated_nips(rows: Sequence[ParsedRow]) -> Iterator[FieldError]:
    first: dict[str, int] = {}
    for row in rows:
        nip = row.values.get("nip")
        if nip and (number := first.setdefault(nip, row.number)) != row.number:
            yield FieldError(
                cell_pointer(row.number, "nip"), Message("NIP ini sudah tertulis di baris {number}.", number=number)
            )


def _body(row: ParsedRow) -> Person:
    return {FIELDS.get(name, name): _json(value) for name, value in row.values.items()}


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def cell_of(pointer: str, sheet: PeopleSheet) -> tuple[int, str]:
    """Return the row and column of an error of the import, such as `/people/3/unit`; row 0 if it is of the file."""
    match = re.fullmatch(r"/people/(\d+)(?:/(\w+).*)?", pointer)
    if not match:
        return 0, ""
    column_of = {field: name for name, field in FIELDS.items()}
    return sheet.rows[int(match[1])], column_of.get(match[2], match[2] or "")
