"""Defines the columns of the register sheet."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.messages import Message
from shared.domain.sheets import cell_parsers
from shared.domain.sheets.layout import Column, Layout, ParsedRow
from shared.domain.work_location import SERVICE_CLASSES

SHEET_NAME = "register"
ZONES = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
CLASS = cell_parsers.choice_parser({name: name for name in SERVICE_CLASSES}, ", ".join(SERVICE_CLASSES))
ZONE = cell_parsers.choice_parser(cell_parsers.TIMEZONES, "WIB, WITA, WIT, Asia/Pontianak")
ON_HOLIDAYS = cell_parsers.choice_parser(cell_parsers.HOLIDAY_RULES, "BUKA, TUTUP")
CLOSING_HINT = Message("15:00; malam 22:00 sampai 06:00, sehari penuh 00:00 sampai 24:00")
COLUMNS: Mapping[str, Column] = {
    "opd": Column(("agency",), cell_parsers.parse_code, "key", required=True, hint=Message("kode OPD")),
    "nama_opd": Column(
        ("opd_name", "agency_name"), cell_parsers.name_parser(3), "opd", hint=Message("wajib untuk OPD baru")
    ),
    "opd_sejak": Column(
        ("opd_since",), cell_parsers.parse_date, "opd", hint=Message("tanggal OPD ada; kosong: berlaku_dari")
    ),
    "unit": Column((), cell_parsers.parse_code, "key", hint=Message("kode unit")),
    "nama_unit": Column(("unit_name",), cell_parsers.name_parser(1), "unit", required=True),
    "kelas": Column(
        ("class",), CLASS, "unit", required=True, hint=Message("kelas layanan unit"), choices=SERVICE_CLASSES
    ),
    "jenis": Column(("kinds",), cell_parsers.parse_codes, "unit", hint=Message("kosong: dari nama")),
    "situs": Column(("site",), cell_parsers.parse_code, "unit", required=True),
    "lat": Column(("latitude",), cell_parsers.number_parser(-90, 90), "unit", required=True),
    "lng": Column(("lon", "longitude"), cell_parsers.number_parser(-180, 180), "unit", required=True),
    "radius_m": Column(("radius",), cell_parsers.integer_parser(1, 5000), "unit", required=True, hint="1-5000"),
    "zona": Column(("zone", "timezone"), ZONE, "unit", choices=ZONES),
    "berlaku_dari": Column(
        ("valid_from",), cell_parsers.parse_date, "unit", required=True, hint=Message("2026-01-31 atau 31/01/2026")
    ),
    "berlaku_sampai": Column(("valid_to",), cell_parsers.parse_date, "unit", hint=Message("kosong: seterusnya")),
    "pos": Column(
        ("post",), cell_parsers.parse_code, "key", hint=Message("satu baris per pos; kosong: unit tanpa pos")
    ),
    "hari": Column(
        ("weekdays", "days"),
        cell_parsers.parse_weekdays,
        "post",
        required=True,
        hint=Message("SEN-JUM, SEN,RAB, SETIAP HARI"),
    ),
    "buka": Column(("opens",), cell_parsers.parse_minute, "post", required=True, hint="07:30"),
    "tutup": Column(("closes",), cell_parsers.parse_minute, "post", required=True, hint=CLOSING_HINT),
    "minimum": Column(
        ("min",), cell_parsers.integer_parser(0, 1000), "post", required=True, hint=Message("orang sekurang-kurangnya")
    ),
    "keahlian": Column(("skills",), cell_parsers.parse_codes, "post", hint=Message("kode, dengan spasi di antaranya")),
    "hari_libur": Column(
        ("on_holidays",),
        ON_HOLIDAYS,
        "post",
        hint=Message("kosong: BUKA hanya untuk EMERGENCY_24X7"),
        choices=("BUKA", "TUTUP"),
    ),
}


def values_of(row: ParsedRow, level: str) -> Mapping[str, Any]:
    """Return the values of one level of a row: opd, unit or post."""
    return {name: value for name, value in row.values.items() if COLUMNS[name].level == level}


def _missing_cells(row: ParsedRow) -> Iterator[str]:
    """Yield the columns that a row must fill: the keys of what it describes, and everything required of a post."""
    if "opd" not in row.values:
        yield "opd"
    if "unit" not in row.values and (values_of(row, "unit") or values_of(row, "post") or "pos" in row.values):
        yield "unit"
    if "pos" not in row.values and values_of(row, "post"):
        yield "pos"
    if "pos" in row.values:
        required = (name for name, column in COLUMNS.items() if column.level == "post" and column.required)
        yield from (name for name in required if name not in row.values)


# The columns of posts are required only in rows that name a post.
REGISTER = Layout(
    COLUMNS,
    frozenset(name for name, column in COLUMNS.items() if column.required and column.level != "post"),
    _missing_cells,
)
"""The layout of the register sheet."""
