"""Parses the rows of a sheet by its columns: headings in the first row, then one value in each filled cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain.errors import FieldError, Invalid, raise_if_any
from shared.domain.messages import Message, Text
from shared.domain.sheets import cell_parsers
from shared.domain.sheets.cell_parsers import CellParser
from shared.domain.sheets.rows import CellValue, RawRow

MAX_ERRORS = 100


class Column(NamedTuple):
    """A column: its other headings, the parser of its cells, its level (such as opd, unit or post), and its guide.

    `hint` says what to write into a cell; `choices` are the values that a spreadsheet program offers.
    """

    aliases: tuple[str, ...]
    parse: CellParser
    level: str = ""
    required: bool = False
    hint: Text = ""
    choices: Sequence[str] = ()


class ParsedRow(NamedTuple):
    """A row with the values of its filled cells by column; an invalid row lacks the cells that could not be parsed."""

    number: int
    values: Mapping[str, Any]
    is_valid: bool


class Layout(NamedTuple):
    """The columns of a sheet by name, the headings that it must have, and which cells a parsed row lacks."""

    columns: Mapping[str, Column]
    required_headings: frozenset[str]
    missing_cells: Callable[[ParsedRow], Iterator[str]]


def cell_pointer(row: int, column: str) -> str:
    """Return the pointer of a cell, such as `/rows/12/kelas`."""
    return f"/rows/{row}/{column}"


def missing_value(row: int, name: str) -> FieldError:
    """Return the error of a cell that must be filled."""
    return FieldError(cell_pointer(row, name), Message("Isi {name}.", name=name))


def parse_rows(layout: Layout, rows: Sequence[RawRow]) -> tuple[Sequence[ParsedRow], Sequence[FieldError]]:
    """Parse rows, the first of which holds the headings. Raise `Invalid` if a heading is wrong or no row follows."""
    header = _parse_header(layout, rows[0])
    parsed = [_parse_row(layout, header, row) for row in rows[1:]]
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


def _parse_header(layout: Layout, row: RawRow) -> Mapping[int, str]:
    """Return the column names by index. Raise `Invalid` if a heading is unknown, repeated or missing."""
    name_of = {text: name for name, column in layout.columns.items() for text in (name, *column.aliases)}
    # Shortened, because the heading of an unknown column is repeated in its error.
    headings = {n: cell[:40] if isinstance(cell, str) else "?" for n, cell in enumerate(row.cells) if cell is not None}
    header = {n: name_of.get(text.casefold().replace(" ", "_"), "") for n, text in headings.items()}
    unknown = _unknown_headings(layout, row.number, headings, header)
    raise_row_errors([*unknown, *_missing_headings(layout, row.number, list(header.values()))])
    return header


def _unknown_headings(
    layout: Layout, row: int, headings: Mapping[int, str], header: Mapping[int, str]
) -> Iterator[FieldError]:
    known_columns = ", ".join(layout.columns)
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


def _missing_headings(layout: Layout, row: int, header: Sequence[str]) -> Iterator[FieldError]:
    for name in layout.columns:
        if header.count(name) > 1:
            yield FieldError(cell_pointer(row, name), Message("Kolom {name} ada dua kali.", name=name))
        if name in layout.required_headings and name not in header:
            yield FieldError(cell_pointer(row, name), Message("Kolom {name} tidak ada.", name=name))


def _parse_row(layout: Layout, header: Mapping[int, str], row: RawRow) -> tuple[ParsedRow, Sequence[FieldError]]:
    values: dict[str, Any] = {}
    errors = [*_cells_without_heading(header, row)]
    cells = {name: row.cells[index] for index, name in header.items() if index < len(row.cells)}
    for name, cell in cells.items():
        try:
            values |= {name: layout.columns[name].parse(_require_usable(cell))} if cell is not None else {}
        except Invalid as invalid:
            errors.append(FieldError(cell_pointer(row.number, name), invalid.message))
    parsed = ParsedRow(row.number, values, is_valid=not errors)
    # A cell that could not be parsed would be reported as missing, too.
    missing = [] if errors else [missing_value(row.number, name) for name in layout.missing_cells(parsed)]
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
