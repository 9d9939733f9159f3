"""Defines the columns of the register sheet and parses its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from services.policy.domain.register_import import cell_parsers
from services.policy.domain.register_import.cell_parsers import CellParser
from services.policy.domain.register_import.rows import CellValue, RawRow
from shared.domain.errors import FieldError, Invalid, raise_if_any
from shared.domain.messages import Message
from shared.domain.work_location import SERVICE_CLASSES

MAX_ERRORS = 100


class Column(NamedTuple):
    """A column: its other headings, the parser of its cells, and its level: key, opd, unit or post."""

    aliases: tuple[str, ...]
    parse: CellParser
    level: str
    required: bool = False


CLASS = cell_parsers.choice_parser({name: name for name in SERVICE_CLASSES}, ", ".join(SERVICE_CLASSES))
ZONE = cell_parsers.choice_parser(cell_parsers.TIMEZONES, "WIB, WITA, WIT, Asia/Pontianak")
ON_HOLIDAYS = cell_parsers.choice_parser(cell_parsers.HOLIDAY_RULES, "BUKA, TUTUP")
COLUMNS: Mapping[str, Column] = {
    "opd": Column(("agency",), cell_parsers.parse_code, "key", required=True),
    "nama_opd": Column(("opd_name", "agency_name"), cell_parsers.name_parser(3), "opd"),
    "opd_sejak": Column(("opd_since",), cell_parsers.parse_date, "opd"),
    "unit": Column((), cell_parsers.parse_code, "key"),
    "nama_unit": Column(("unit_name",), cell_parsers.name_parser(1), "unit", required=True),
    "kelas": Column(("class",), CLASS, "unit", required=True),
    "jenis": Column(("kinds",), cell_parsers.parse_codes, "unit"),
    "situs": Column(("site",), cell_parsers.parse_code, "unit", required=True),
    "lat": Column(("latitude",), cell_parsers.number_parser(-90, 90), "unit", required=True),
    "lng": Column(("lon", "longitude"), cell_parsers.number_parser(-180, 180), "unit", required=True),
    "radius_m": Column(("radius",), cell_parsers.integer_parser(1, 5000), "unit", required=True),
    "zona": Column(("zone", "timezone"), ZONE, "unit"),
    "berlaku_dari": Column(("valid_from",), cell_parsers.parse_date, "unit", required=True),
    "berlaku_sampai": Column(("valid_to",), cell_parsers.parse_date, "unit"),
    "pos": Column(("post",), cell_parsers.parse_code, "key"),
    "hari": Column(("weekdays", "days"), cell_parsers.parse_weekdays, "post", required=True),
    "buka": Column(("opens",), cell_parsers.parse_minute, "post", required=True),
    "tutup": Column(("closes",), cell_parsers.parse_minute, "post", required=True),
    "minimum": Column(("min",), cell_parsers.integer_parser(0, 1000), "post", required=True),
    "keahlian": Column(("skills",), cell_parsers.parse_codes, "post"),
    "hari_libur": Column(
        ("on_holidays",), cell_parsers.choice_parser(cell_parsers.HOLIDAY_RULES, "BUKA, TUTUP"), "post"
    ),
}
COLUMN_OF_HEADING = {heading: name for name, column in COLUMNS.items() for heading in (name, *column.aliases)}
REQUIRED_COLUMNS = frozenset(name for name, column in COLUMNS.items() if column.required and column.level != "post")
"""Columns that a sheet must have. The columns of posts are required only in rows that name a post."""


class ParsedRow(NamedTuple):
    """A row with the values of its filled cells by column; an invalid row lacks the cells that could not be parsed."""

    number: int
    values: Mapping[str, Any]
    is_valid: bool

    def values_of(self, level: str) -> Mapping[str, Any]:
        """Return the values of one level: opd, unit or post."""
        return {name: value for name, value in self.values.items() if COLUMNS[name].level == level}


def cell_pointer(row: int, column: str) -> str:
    """Return the pointer of a cell, such as `/rows/12/kelas`."""
    return f"/rows/{row}/{column}"


def parse_rows(rows: Sequence[RawRow]) -> tuple[Sequence[ParsedRow], Sequence[FieldError]]:
    """Parse rows, the first of which holds the headings. Raise `Invalid` if a heading is wrong or no row follows."""
    header = _parse_header(rows[0])
    parsed = [_parse_row(header, row) for row in rows[1:]]
    if not parsed:
        raise Invalid("", Message("Tidak ada baris di bawah judul kolom."))
    return [row for row, _ in parsed], [error for _, errors in parsed for error in errors]


def raise_row_errors(errors: Sequence[FieldError]) -> None:
    """Raise one `Invalid` with the errors by row, at most `MAX_ERRORS` of them; do nothing if there are none."""
    ordered = sorted(errors, key=lambda error: _row_of(error.pointer))
    if rest := len(ordered[MAX_ERRORS:]):
        summary = FieldError("", Message("Masih ada {rest} kesalahan lain.", rest=rest))
        ordered = [*ordered[:MAX_ERRORS], summary]
    raise_if_any(ordered)


def _row_of(pointer: str) -> int:
    return int(pointer.split("/")[2]) if pointer.startswith("/rows/") else 0


def _parse_header(row: RawRow) -> Mapping[int, str]:
    """Return the column names by index. Raise `Invalid` if a heading is unknown, repeated or missing."""
    # Shortened, because the heading of an unknown column is repeated in its error.
    headings = {n: cell[:40] if isinstance(cell, str) else "?" for n, cell in enumerate(row.cells) if cell is not None}
    header = {n: COLUMN_OF_HEADING.get(text.casefold().replace(" ", "_"), "") for n, text in headings.items()}
    unknown = _unknown_headings(row.number, headings, header)
    raise_row_errors([*unknown, *_missing_headings(row.number, list(header.values()))])
    return header


def _unknown_headings(row: int, headings: Mapping[int, str], header: Mapping[int, str]) -> Iterator[FieldError]:
    known_columns = ", ".join(COLUMNS)
    for index, name in header.items():
        if not name:
            yield FieldError(
                cell_pointer(row, str(index + 1)),
                Message(
                    "Kolom {heading} tidak dikenal; pakai {known_columns}.",
                    heading=headings[index],
                    known_columns=known_columns,
                ),
            )


def _missing_headings(row: int, header: Sequence[str]) -> Iterator[FieldError]:
    for name in COLUMNS:
        if header.count(name) > 1:
            yield FieldError(cell_pointer(row, name), Message("Kolom {name} ada dua kali.", name=name))
        if name in REQUIRED_COLUMNS and name not in header:
            yield FieldError(cell_pointer(row, name), Message("Kolom {name} tidak ada.", name=name))


def _parse_row(header: Mapping[int, str], row: RawRow) -> tuple[ParsedRow, Sequence[FieldError]]:
    values: dict[str, Any] = {}
    errors = [*_cells_without_heading(header, row)]
    cells = {name: row.cells[index] for index, name in header.items() if index < len(row.cells)}
    for name, cell in cells.items():
        try:
            values |= {name: COLUMNS[name].parse(_require_usable(cell))} if cell is not None else {}
        except Invalid as invalid:
            errors.append(FieldError(cell_pointer(row.number, name), invalid.message))
    parsed = ParsedRow(row.number, values, is_valid=not errors)
    # A cell that could not be parsed would be reported as missing, too.
    missing = [] if errors else [missing_value(row.number, name) for name in _missing_columns(parsed)]
    return parsed._replace(is_valid=not (errors or missing)), [*errors, *missing]


def _cells_without_heading(header: Mapping[int, str], row: RawRow) -> Iterator[FieldError]:
    for index, cell in enumerate(row.cells):
        if cell is not None and index not in header:
            pointer = cell_pointer(row.number, str(index + 1))
            yield FieldError(pointer, Message("Kolom ini tidak berjudul."))


def _require_usable(cell: CellValue) -> CellValue:
    if isinstance(cell, Message):
        raise cell_parsers.cell_error(cell)
    return cell


def _missing_columns(row: ParsedRow) -> Iterator[str]:
    """Yield the columns that a row must fill: the keys of what it describes, and everything required of a post."""
    if "opd" not in row.values:
        yield "opd"
    if "unit" not in row.values and (row.values_of("unit") or row.values_of("post") or "pos" in row.values):
        yield "unit"
    if "pos" not in row.values and row.values_of("post"):
        yield "pos"
    if "pos" in row.values:
        required = (name for name, column in COLUMNS.items() if column.level == "post" and column.required)
        yield from (name for name in required if name not in row.values)


def missing_value(row: int, name: str) -> FieldError:
    """Return the error of a cell that must be filled."""
    return FieldError(cell_pointer(row, name), Message("Isi {name}.", name=name))
