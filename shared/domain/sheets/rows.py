"""Reads the rows of a sheet from the bytes of an xlsx or csv file.

Files are untrusted input: size is limited, and each problem is reported as an `Invalid` with one sentence.
"""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, Literal, NamedTuple

from openpyxl import load_workbook

from shared.domain.errors import Invalid
from shared.domain.messages import Message

MAX_BYTES, MAX_UNPACKED = 10 * 1024 * 1024, 100 * 1024 * 1024
MAX_ROWS, LAST_ROW, MAX_COLUMNS = 10_000, 100_000, 60
FileFormat = Literal["xlsx", "csv"]


FORMULA_CELL = Message("Sel berisi rumus; salin lalu tempel sebagai nilai.")
ERROR_CELL = Message("Sel berisi galat rumus.")

CellValue = str | int | float | bool | date | time | timedelta | Message | None


class RawRow(NamedTuple):
    """A row that is not empty, with its number in the file (from 1)."""

    number: int
    cells: Sequence[CellValue]


def read_rows(file_format: FileFormat, content: bytes, sheet_name: str) -> Sequence[RawRow]:
    """Return every row that is not empty. Raise `Invalid` if the file is broken, too large, or empty.

    A workbook without a worksheet `sheet_name` is read from its first worksheet.
    """
    if len(content) > MAX_BYTES:
        raise Invalid("", Message("Berkas melebihi 10 MB; bagi per OPD."))
    raw_rows = _workbook_rows(content, sheet_name) if file_format == "xlsx" else _csv_rows(content)
    rows: list[RawRow] = []
    for number, cells in enumerate(raw_rows, 1):
        if any(cell is not None for cell in cells):
            rows.append(RawRow(number, cells))
        # LAST_ROW counts empty rows as well: a file may hold many of them.
        if len(rows) > MAX_ROWS or number > LAST_ROW:
            raise Invalid(f"/rows/{number}", Message("Lebih dari {max_rows} baris; bagi per OPD.", max_rows=MAX_ROWS))
    if not rows:
        raise Invalid("", Message("Lembarnya kosong."))
    return rows


def _workbook_rows(content: bytes, sheet_name: str) -> Iterator[Sequence[CellValue]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of a workbook other than its cells
            yield from _worksheet_rows(content, sheet_name)
    except Exception as error:  # a parser of untrusted bytes may raise anything
        raise Invalid(
            "", Message("Ini bukan buku kerja xlsx yang utuh; simpan sebagai .xlsx tanpa kata sandi.")
        ) from error


def _worksheet_rows(content: bytes, sheet_name: str) -> Iterator[Sequence[CellValue]]:
    # Before openpyxl unpacks anything: a small file can unpack to gigabytes. `zipfile` reads no more than `file_size`.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise ValueError("the unpacked workbook is larger than any typed register")
    # data_only=False shows formulas as such: they are refused, and what they last returned is not trusted.
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    sheet: Any = workbook[sheet_name] if sheet_name in workbook.sheetnames else workbook.worksheets[0]
    sheet.reset_dimensions()  # some programs store wrong dimensions
    for row in sheet.iter_rows(max_col=MAX_COLUMNS):
        yield [_cell_value(cell) for cell in row]
    workbook.close()


def _cell_value(cell: Any) -> CellValue:  # noqa: ANN401 - openpyxl's cells
    data_type = getattr(cell, "data_type", "n")
    value: CellValue = {"f": FORMULA_CELL, "e": ERROR_CELL}.get(data_type, cell.value)
    return (value.strip() or None) if isinstance(value, str) else value


def _csv_rows(content: bytes) -> Iterator[Sequence[CellValue]]:
    text = _decode(content)
    lines, separator = _split_lines(text)
    try:
        for row in csv.reader(lines, delimiter=separator, strict=False):
            yield [cell.strip() or None for cell in row[:MAX_COLUMNS]]
    except csv.Error as error:
        raise _not_csv() from error


def _split_lines(text: str) -> tuple[Iterable[str], str]:
    """Return the lines and the separator: the one that `sep=` sets, or the most frequent one in the first line."""
    first = text.lstrip().split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == len("sep=;"):
        # An empty line replaces `sep=`, so that row numbers in errors are those of the file.
        return io.StringIO("\n" + text.partition("\n")[2], newline=""), first[-1]
    return io.StringIO(text, newline=""), max(";,\t", key=first.count)


def _decode(content: bytes) -> str:
    """Decode UTF-8 with or without a byte order mark, UTF-16 with one, or cp1252, which Excel writes on Windows."""
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # cp1252 decodes nearly all bytes: a NUL shows that the file is not text.
        if "\x00" not in text:
            return text
    raise _not_csv()


def _not_csv() -> Invalid:
    return Invalid("", Message("Ini bukan teks csv; simpan sebagai CSV UTF-8."))
