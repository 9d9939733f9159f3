"""Writes a sheet as xlsx, with choices and a guide to its columns, or as csv."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from shared.domain.messages import Text
from shared.domain.sheets.layout import Column
from shared.domain.sheets.rows import MAX_ROWS, FileFormat

Columns = Mapping[str, Column]
SheetRow = Mapping[str, str | int | float]
HintRenderer = Callable[[Text], str]


def sheet_file(
    file_format: FileFormat, name: str, columns: Columns, rows: Sequence[SheetRow], render_hint: HintRenderer
) -> bytes:
    """Return the content of a file. `render_hint` renders the hints of the xlsx sheet `name`; csv has none."""
    return _csv(columns, rows) if file_format == "csv" else _xlsx(name, columns, rows, render_hint)


def _csv(columns: Columns, rows: Sequence[SheetRow]) -> bytes:
    """Return csv as Excel with Indonesian settings reads and writes it: byte order mark, semicolons, decimal commas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(columns)
    for row in rows:
        values = (row.get(name, "") for name in columns)
        writer.writerow(str(value).replace(".", ",") if isinstance(value, float) else value for value in values)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(name: str, columns: Columns, rows: Sequence[SheetRow], render_hint: HintRenderer) -> bytes:
    workbook, out = Workbook(), io.BytesIO()
    sheet: Worksheet = workbook.active  # type: ignore[assignment] # a new workbook has one worksheet
    sheet.title = name
    sheet.append([*columns])
    for row in rows:
        sheet.append([row.get(column) for column in columns])
    for number, (heading, column) in enumerate(columns.items(), 1):
        _format_column(sheet, number, heading, column)
    sheet.freeze_panes = "A2"
    _add_column_guide(workbook.create_sheet("pilihan"), columns, render_hint)
    workbook.save(out)
    return out.getvalue()


def _format_column(sheet: Worksheet, number: int, heading: str, column: Column) -> None:
    letter = get_column_letter(number)
    sheet.cell(1, number).font = Font(bold=True)
    sheet.column_dimensions[letter].width = max(12, len(heading) + 3)
    if column.choices:
        # Excel allows at most 255 characters in such a list.
        allowed = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
        allowed.add(f"{letter}2:{letter}{MAX_ROWS}")
        sheet.add_data_validation(allowed)


def _add_column_guide(sheet: Worksheet, columns: Columns, render_hint: HintRenderer) -> None:
    sheet.append(["kolom", "English", "isi", "pilihan"])
    for name, column in columns.items():
        sheet.append([name, " / ".join(column.aliases), render_hint(column.hint), ", ".join(column.choices)])
    for letter, width in zip("ABCD", (16, 24, 90, 60), strict=True):
        sheet.column_dimensions[letter].width = width
