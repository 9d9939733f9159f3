"""Checks the error for each way to write the register wrong."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from shared.domain.errors import Invalid
from shared.domain.sheets import rows
from shared.domain.sheets.rows import FileFormat
from tests.support.messages import english, indonesian
from tests.support.register_sheets import COUNTER, OFFICE, csv_of, grid, parse_file, sheet_from_rows, workbook


def sheet_of(**cells: Any) -> bytes:
    return csv_of(grid({**COUNTER, **cells})).encode()


def without(name: str) -> bytes:
    return csv_of(grid({column: value for column, value in COUNTER.items() if column != name})).encode()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (rows.MAX_UNPACKED + 1))
    return out.getvalue()


HEADER = grid(COUNTER)[0]
BROKEN: Mapping[str, tuple[FileFormat, bytes, str, str]] = {
    "no workbook": ("xlsx", b"opd;unit", "", "no whole xlsx"),
    "a workbook cut off": ("xlsx", workbook(grid(COUNTER))[:-200], "", "no whole xlsx"),
    "a workbook with a password": ("xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "", "without a password"),
    "a workbook that unpacks to more than the limit": ("xlsx", bomb(), "", "no whole xlsx"),
    "an empty workbook": ("xlsx", workbook([]), "", "The sheet is empty"),
    "an empty file": ("csv", b"", "", "The sheet is empty"),
    "only spaces": ("csv", b" \r\n;;\r\n", "", "The sheet is empty"),
    "only the names of the columns": ("csv", csv_of([HEADER]).encode(), "", "no row below"),
    "no text": ("csv", b"opd;unit\x00", "", "no csv text"),
    "a workbook called csv": ("csv", workbook(grid(COUNTER)), "", "no csv text"),
    "bytes that no code page has": ("csv", b"opd;\x81\x8d", "", "no csv text"),
    "a cell without an end": ("csv", b'opd;"' + b"a" * 200_000, "", "no csv text"),
    "a file over ten megabytes": ("csv", b"a" * (rows.MAX_BYTES + 1), "", "exceeds 10 MB"),
    "too many rows": ("csv", b"opd\n" + b"BKD\n" * rows.MAX_ROWS, f"/rows/{rows.MAX_ROWS + 1}", "More than 10000"),
    "too many empty rows": ("csv", b"opd\n" + b"\n" * rows.LAST_ROW, f"/rows/{rows.LAST_ROW + 1}", "More than"),
    "a missing column": ("csv", without("kelas"), "/rows/1/kelas", "Column kelas is missing"),
    "an unknown column": ("csv", sheet_of(kls="x"), "/rows/1/16", "Column kls is unknown"),
    "a column twice": ("csv", sheet_of(post="LOKET-1"), "/rows/1/pos", "is there twice"),
    "a column called by a number": ("xlsx", workbook([[*HEADER, 7]]), "/rows/1/16", "is unknown"),
    "a cell under no column": ("csv", sheet_of() + b";x", "/rows/2/16", "has no name"),
    "an unknown class": ("csv", sheet_of(kelas="VIP"), "/rows/2/kelas", "Choose one of NON_SERVICE"),
    "a minute 61": ("csv", sheet_of(buka="25:61"), "/rows/2/buka", "Write a time as 07:30"),
    "a time that is a number": ("xlsx", workbook(grid({**COUNTER, "buka": 7.3})), "/rows/2/buka", "Write a time"),
    "a time after the second midnight": ("csv", sheet_of(tutup="49:00"), "/rows/2/tutup", "Write a time"),
    "an opening on the morning after": ("csv", sheet_of(buka="24:00", tutup="31:00"), "/rows/2/buka", "before 24:00"),
    "reversed hours": ("csv", sheet_of(buka="15:00", tutup="08:00"), "/rows/2/tutup", "does not close after it opens"),
    "no hours at all": ("csv", sheet_of(tutup="08:00"), "/rows/2/tutup", "does not close after it opens"),
    "an unknown weekday": ("csv", sheet_of(hari="SEN-RABU-JUM"), "/rows/2/hari", "Give weekdays"),
    "no weekday": ("csv", sheet_of(hari="dan"), "/rows/2/hari", "Give weekdays"),
    "an unknown zone": ("csv", sheet_of(zona="Mars/Olympus"), "/rows/2/zona", "Choose one of WIB"),
    "a latitude of 91": ("csv", sheet_of(lat="91"), "/rows/2/lat", "from -90 to 90"),
    "a longitude in words": ("csv", sheet_of(lng="timur"), "/rows/2/lng", "from -180 to 180"),
    "a radius of half a metre": ("csv", sheet_of(radius_m="1.5"), "/rows/2/radius_m", "whole number"),
    "the year 9999": ("csv", sheet_of(berlaku_dari="9999-12-31"), "/rows/2/berlaku_dari", "2000-01-01 to 2199"),
    "the 30th of February": ("csv", sheet_of(berlaku_dari="30/02/2026"), "/rows/2/berlaku_dari", "This is no date"),
    "a date in words": ("csv", sheet_of(berlaku_dari="besok"), "/rows/2/berlaku_dari", "This is no date"),
    "a formula": ("xlsx", workbook(grid({**COUNTER, "minimum": "=1+1"})), "/rows/2/minimum", "holds a formula"),
    "the error of a formula": ("xlsx", workbook(grid({**COUNTER, "minimum": "#N/A"})), "/rows/2/minimum", "the error"),
    "a truth for a name": ("xlsx", workbook(grid({**COUNTER, "nama_unit": True})), "/rows/2/nama_unit", "Fill in text"),
    "a code in small letters": ("csv", sheet_of(unit="front"), "/rows/2/unit", "A code has capitals"),
    "a date for a skill": (
        "xlsx", workbook(grid({**COUNTER, "keahlian": date(2026, 1, 1)})), "/rows/2/keahlian", "Fill in text",
    ),
    "a name too long": ("csv", sheet_of(nama_unit="N" * 121), "/rows/2/nama_unit", "1 to 120 letters"),
    "a row of no agency": ("csv", sheet_of(opd=""), "/rows/2/opd", "Fill in opd"),
    "a class of no unit": ("csv", sheet_of(unit=""), "/rows/2/unit", "Fill in unit"),
    "hours of no post": ("csv", sheet_of(pos=""), "/rows/2/pos", "Fill in pos"),
    "a post without hours": ("csv", sheet_of(buka=""), "/rows/2/buka", "Fill in buka"),
    "a unit without a class": ("csv", sheet_of(kelas=""), "/rows/2/kelas", "Fill in kelas"),
    "a post twice": ("csv", csv_of(grid(COUNTER, COUNTER)).encode(), "/rows/3/pos", "LOKET-1 is written in row 2"),
    "a unit twice": ("csv", csv_of(grid(OFFICE, OFFICE)).encode(), "/rows/3/unit", "FRONT is written in row 2"),
    "a unit with and without posts": (
        "csv", csv_of(grid(COUNTER, OFFICE)).encode(), "/rows/3/unit", "FRONT is written in row 2",
    ),
    "two classes of one unit": (
        "csv", csv_of(grid(COUNTER, {**COUNTER, "pos": "LOKET-2", "kelas": "MIXED"})).encode(),
        "/rows/3/kelas", "differs from an earlier row",
    ),
    "two names of one agency": (
        "csv", csv_of(grid(COUNTER, {**COUNTER, "unit": "BACK", "nama_opd": "Dinas Lain"})).encode(),
        "/rows/3/nama_opd", "differs from an earlier row",
    ),
    "more posts than a unit can have": (
        "csv", csv_of(grid(*({**COUNTER, "pos": f"LOKET-{n}"} for n in range(201)))).encode(),
        "/rows/202/pos", "at most 200 posts",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file_format", "content", "pointer", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_is_rejected_with_a_sentence_in_both_languages_for(
    file_format: FileFormat, content: bytes, pointer: str, message: str
) -> None:
    with pytest.raises(Invalid) as caught:
        parse_file(content, file_format)
    (error,) = caught.value.errors
    assert (error.pointer, message in english(error.message), indonesian(error.message) != english(error.message)) == (
        pointer,
        True,
        True,
    )


def test_every_faulty_row_is_named_at_once_in_its_order() -> None:
    wrong_rows = [{**COUNTER, "kelas": "VIP", "lat": "91"}, {**COUNTER, "unit": "BACK", "buka": "25:61"}]
    with pytest.raises(Invalid) as caught:
        sheet_from_rows(*wrong_rows)
    assert [error.pointer for error in caught.value.errors] == ["/rows/2/kelas", "/rows/2/lat", "/rows/3/buka"]


def test_of_very_many_faults_the_first_hundred_are_reported() -> None:
    with pytest.raises(Invalid) as caught:
        sheet_from_rows(*({**COUNTER, "pos": f"LOKET-{n}", "minimum": "x"} for n in range(150)))
    assert (len(caught.value.errors), english(caught.value.errors[-1].message)) == (101, "There are 50 more faults.")
