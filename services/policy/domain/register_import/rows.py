"""The rows of a sheet from the bytes of an xlsx or csv file. They come from strangers: each fault is one sentence."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, Literal, NamedTuple

from openpyxl import load_workbook

from shared.domain.facts.base import Invalid

MAX_BYTES, MAX_UNPACKED = 10 * 1024 * 1024, 100 * 1024 * 1024
MAX_ROWS, LAST_ROW, MAX_COLUMNS = 10_000, 100_000, 60
NAME = "register"
"""The sheet that is read where a workbook has one of this name; else the first."""

Kind = Literal["xlsx", "csv"]


class Unusable(NamedTuple):
    """A cell that shows something which does not stand in it."""

    indonesian: str
    english: str


FORMULA = Unusable(
    "Sel berisi rumus; salin lalu tempel sebagai nilai.", "The cell holds a formula; copy and paste it as a value."
)
ERROR = Unusable("Sel berisi galat rumus.", "The cell holds the error of a formula.")

Cell = str | int | float | bool | date | time | timedelta | Unusable | None


class Row(NamedTuple):
    """A row that is not empty, by its number in the file."""

    number: int
    cells: Sequence[Cell]


def table(kind: Kind, content: bytes) -> Sequence[Row]:
    """Every row that is not empty. Raises `Invalid` for what is no such file, too large, or empty."""
    if len(content) > MAX_BYTES:
        raise Invalid("", "Berkas melebihi 10 MB; bagi per OPD.", "The file exceeds 10 MB; split it by OPD.")
    read = _workbook(content) if kind == "xlsx" else _text(content)
    rows: list[Row] = []
    for number, cells in enumerate(read, 1):
        if any(cell is not None for cell in cells):
            rows.append(Row(number, cells))
        if len(rows) > MAX_ROWS or number > LAST_ROW:
            raise Invalid(
                f"/rows/{number}",
                f"Lebih dari {MAX_ROWS} baris; bagi per OPD.",
                f"More than {MAX_ROWS} rows; split it by OPD.",
            )
    if not rows:
        raise Invalid("", "Lembarnya kosong.", "The sheet is empty.")
    return rows


def _workbook(content: bytes) -> Iterator[Sequence[Cell]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a workbook holds beside its cells is of no concern
            yield from _cells(content)
    except Exception as broken:  # a library that reads strangers' bytes may raise anything
        raise Invalid(
            "",
            "Ini bukan buku kerja xlsx yang utuh; simpan sebagai .xlsx tanpa kata sandi.",
            "This is no whole xlsx workbook; save it as .xlsx without a password.",
        ) from broken


def _cells(content: bytes) -> Iterator[Sequence[Cell]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
            raise ValueError("a workbook that unpacks to more than anybody types")
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    sheet: Any = book[NAME] if NAME in book.sheetnames else book.worksheets[0]
    sheet.reset_dimensions()  # some programs write wrong ones
    for row in sheet.iter_rows(max_col=MAX_COLUMNS):
        yield [_cell(cell) for cell in row]
    book.close()


def _cell(cell: Any) -> Cell:  # noqa: ANN401 - openpyxl's cells
    kind = getattr(cell, "data_type", "n")
    value: Cell = {"f": FORMULA, "e": ERROR}.get(kind, cell.value)
    return (value.strip() or None) if isinstance(value, str) else value


def _text(content: bytes) -> Iterator[Sequence[Cell]]:
    text = _decoded(content)
    lines, separator = _separated(text)
    try:
        for row in csv.reader(lines, delimiter=separator, strict=False):
            yield [cell.strip() or None for cell in row[:MAX_COLUMNS]]
    except csv.Error as broken:
        raise _no_text() from broken


def _separated(text: str) -> tuple[Iterable[str], str]:
    """The lines and what stands between their cells: what `sep=` says, or the most frequent in the first line."""
    first = text.lstrip().split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == len("sep=;"):
        return io.StringIO("\n" + text.partition("\n")[2], newline=""), first[-1]
    return io.StringIO(text, newline=""), max(";,\t", key=first.count)


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 by its mark, or what Excel writes on Windows."""
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _no_text()


def _no_text() -> Invalid:
    return Invalid("", "Ini bukan teks csv; simpan sebagai CSV UTF-8.", "This is no csv text; save it as CSV UTF-8.")
