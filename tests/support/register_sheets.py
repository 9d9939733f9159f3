"""Builds register sheets as officials write them."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from services.policy.domain.register_import.sheet import RegisterSheet, read_register
from shared.domain.sheets.rows import FileFormat

CellsByColumn = Mapping[str, Any]

COUNTER: CellsByColumn = {
    "opd": "DPMPTSP",
    "nama_opd": "Dinas Penanaman Modal dan PTSP",
    "unit": "FRONT",
    "nama_unit": "Front Office Perizinan",
    "kelas": "DIRECT",
    "situs": "DPMPTSP-1",
    "lat": "-6.9218",
    "lng": "107.6072",
    "radius_m": "100",
    "berlaku_dari": "2025-01-01",
    "pos": "LOKET-1",
    "hari": "SEN-JUM",
    "buka": "08:00",
    "tutup": "15:00",
    "minimum": "1",
}
"""The counter of DPMPTSP, as one row."""
POST = ("pos", "hari", "buka", "tutup", "minimum")
OFFICE: CellsByColumn = {name: value for name, value in COUNTER.items() if name not in POST}
"""The same unit without a post."""


def grid(*rows: CellsByColumn) -> list[list[Any]]:
    names = [*dict.fromkeys(name for row in rows for name in row)]
    return [names, *([row.get(name) for name in names] for row in rows)]


def workbook(rows: Sequence[Sequence[Any]], title: str = "register", formats: Mapping[str, str] | None = None) -> bytes:
    book, out = Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    page.title = title
    for row in rows:
        page.append([*row])
    for cell, shape in (formats or {}).items():
        page[cell].number_format = shape
    book.save(out)
    return out.getvalue()


def csv_of(rows: Sequence[Sequence[Any]], between: str = ";") -> str:
    return "\r\n".join(between.join("" if cell is None else str(cell) for cell in row) for row in rows)


def parse_file(content: bytes, kind: FileFormat = "csv", region: str = "32") -> RegisterSheet:
    return read_register(region, kind, content)


def sheet_from_rows(*rows: CellsByColumn, region: str = "32") -> RegisterSheet:
    """Parse a csv of these rows."""
    return parse_file(csv_of(grid(*rows)).encode(), region=region)


BKD: CellsByColumn = {**OFFICE, "opd": "BKD", "nama_opd": "Badan Kepegawaian Daerah", "unit": "SEKRETARIAT"}
FILE = csv_of(grid(BKD, {**BKD, "unit": "LOKET", "kelas": "MIXED"})).encode()
"""The personnel agency with two units, as a csv."""
