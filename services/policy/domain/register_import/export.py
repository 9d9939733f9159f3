"""Exports the register as an xlsx or csv sheet, which the import reads back as the same register."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from services.policy.domain.opd_commands import ArrangeUnit, OpenOpd
from services.policy.domain.register_import.cell_parsers import WEEKDAY_CODES_ID
from services.policy.domain.register_import.columns import COLUMNS
from services.policy.domain.register_import.rows import MAX_ROWS, SHEET_NAME, FileFormat
from services.policy.domain.register_import.sheet import MAX_NIGHT_MINUTES, MINUTES_PER_DAY
from services.policy.domain.resolution.working_hours import clock_time
from shared.domain.facts.policy import Post
from shared.domain.facts.rules import WEEKDAYS
from shared.domain.messages import Message, Text
from shared.domain.work_location import SERVICE_CLASSES

SheetRow = Mapping[str, str | int | float]
HintRenderer = Callable[[Text], str]

COLUMN_CHOICES: Mapping[str, Sequence[str]] = {
    "kelas": SERVICE_CLASSES,
    "hari_libur": ("BUKA", "TUTUP"),
    "zona": ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"),
}
COLUMN_HINTS: Mapping[str, Text] = {
    "opd": Message("kode OPD"),
    "nama_opd": Message("wajib untuk OPD baru"),
    "opd_sejak": Message("tanggal OPD ada; kosong: berlaku_dari"),
    "unit": Message("kode unit"),
    "kelas": Message("kelas layanan unit"),
    "jenis": Message("kosong: dari nama"),
    "radius_m": "1-5000",
    "berlaku_dari": Message("2026-01-31 atau 31/01/2026"),
    "berlaku_sampai": Message("kosong: seterusnya"),
    "pos": Message("satu baris per pos; kosong: unit tanpa pos"),
    "hari": Message("SEN-JUM, SEN,RAB, SETIAP HARI"),
    "buka": "07:30",
    "tutup": Message("15:00; malam 22:00 sampai 06:00, sehari penuh 00:00 sampai 24:00"),
    "minimum": Message("orang sekurang-kurangnya"),
    "keahlian": Message("kode, dengan spasi di antaranya"),
    "hari_libur": Message("kosong: BUKA hanya untuk EMERGENCY_24X7"),
}


def register_rows(agencies: Iterable[OpenOpd], units: Sequence[ArrangeUnit]) -> Iterator[SheetRow]:
    """Yield the rows of a register: each OPD with its units and their posts."""
    for agency in agencies:
        opd_values: SheetRow = {"opd": agency.opd, "nama_opd": agency.name, "opd_sejak": agency.on.isoformat()}
        units_of_opd = [unit for unit in units if unit.opd == agency.opd]
        if not units_of_opd:
            yield opd_values
        for unit in units_of_opd:
            yield from _unit_rows(opd_values, unit)


def _unit_rows(opd_values: SheetRow, unit: ArrangeUnit) -> Iterator[SheetRow]:
    values: SheetRow = {
        **opd_values,
        "unit": unit.unit,
        "nama_unit": unit.name,
        "kelas": unit.class_,
        "jenis": " ".join(unit.kinds),
        "situs": unit.site.site,
        "lat": unit.site.lat,
        "lng": unit.site.lng,
        "radius_m": unit.site.radius_m,
        "zona": unit.site.timezone,
        "berlaku_dari": unit.valid_from.isoformat(),
        "berlaku_sampai": unit.valid_to.isoformat() if unit.valid_to else "",
    }
    yield from ({**values, **_post_values(post)} for post in unit.posts) if unit.posts else [values]


def _post_values(post: Post) -> SheetRow:
    return {
        "pos": post.post,
        "hari": weekdays_text(post.weekdays),
        "buka": clock_time(post.opens_minute),
        "tutup": clock_time(_written_closing_minute(post)),
        "minimum": post.minimum,
        "keahlian": " ".join(post.skills),
        "hari_libur": "BUKA" if post.on_holidays == "OPEN" else "TUTUP",
    }


def _written_closing_minute(post: Post) -> int:
    """Return the closing time as people write it: a night shift ends at 06:00, only a longer shift beyond 24:00."""
    is_night = post.closes_minute > MINUTES_PER_DAY and post.closes_minute - post.opens_minute <= MAX_NIGHT_MINUTES
    return post.closes_minute - MINUTES_PER_DAY if is_night else post.closes_minute


def weekdays_text(weekdays: Sequence[str]) -> str:
    """Return weekdays as `SEN-JUM`, `SETIAP HARI` or `SEN,RAB`."""
    numbers = sorted(WEEKDAYS.index(day) for day in weekdays)
    if len(numbers) == len(WEEKDAYS):
        return "SETIAP HARI"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{WEEKDAY_CODES_ID[numbers[0]]}-{WEEKDAY_CODES_ID[numbers[-1]]}"
    return ",".join(WEEKDAY_CODES_ID[number] for number in numbers)


def register_file(file_format: FileFormat, sheet_rows: Sequence[SheetRow], render_hint: HintRenderer) -> bytes:
    """Return the content of a register file. `render_hint` renders the hints of the xlsx sheet; csv has none."""
    return _csv(sheet_rows) if file_format == "csv" else _xlsx(sheet_rows, render_hint)


def _csv(sheet_rows: Sequence[SheetRow]) -> bytes:
    """Return csv as Excel with Indonesian settings reads and writes it: byte order mark, semicolons, decimal commas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(COLUMNS)
    for row in sheet_rows:
        values = (row.get(name, "") for name in COLUMNS)
        writer.writerow(str(value).replace(".", ",") if isinstance(value, float) else value for value in values)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(sheet_rows: Sequence[SheetRow], render_hint: HintRenderer) -> bytes:
    workbook, out = Workbook(), io.BytesIO()
    sheet: Worksheet = workbook.active  # type: ignore[assignment] # a new workbook has one worksheet
    sheet.title = SHEET_NAME
    sheet.append([*COLUMNS])
    for row in sheet_rows:
        sheet.append([row.get(name) for name in COLUMNS])
    for number, name in enumerate(COLUMNS, 1):
        letter = get_column_letter(number)
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[letter].width = max(12, len(name) + 3)
        if name in COLUMN_CHOICES:
            # Excel allows at most 255 characters in such a list.
            allowed = DataValidation(type="list", formula1=f'"{",".join(COLUMN_CHOICES[name])}"', allow_blank=True)
            allowed.add(f"{letter}2:{letter}{MAX_ROWS}")
            sheet.add_data_validation(allowed)
    sheet.freeze_panes = "A2"
    _add_column_guide(workbook.create_sheet("pilihan"), render_hint)
    workbook.save(out)
    return out.getvalue()


def _add_column_guide(sheet: Worksheet, render_hint: HintRenderer) -> None:
    sheet.append(["kolom", "English", "isi", "pilihan"])
    for name, column in COLUMNS.items():
        hint, choices = COLUMN_HINTS.get(name, ""), COLUMN_CHOICES.get(name, ())
        sheet.append([name, " / ".join(column.aliases), render_hint(hint), ", ".join(choices)])
    for letter, width in zip("ABCD", (16, 24, 90, 60), strict=True):
        sheet.column_dimensions[letter].width = width
