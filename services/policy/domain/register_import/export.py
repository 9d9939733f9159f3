"""The register written as a sheet: what is written is read back as the same register."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from services.policy.domain.commands import ArrangeUnit, OpenOpd
from services.policy.domain.register_import.cell_parsers import HARI
from services.policy.domain.register_import.columns import COLUMNS
from services.policy.domain.register_import.rows import MAX_ROWS, NAME, Kind
from services.policy.domain.register_import.sheet import LONGEST_NIGHT
from shared.domain.facts.policy import Post
from shared.domain.work_location import CLASSES, WEEKDAYS

Filled = Mapping[str, str | int | float]

LISTS: Mapping[str, Sequence[str]] = {
    "kelas": CLASSES,
    "hari_libur": ("BUKA", "TUTUP"),
    "zona": ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"),
}
SAID: Mapping[str, str] = {
    "opd": "kode OPD / code of the OPD",
    "nama_opd": "wajib untuk OPD baru / needed for a new OPD",
    "opd_sejak": "tanggal OPD ada; kosong: berlaku_dari / since when the OPD exists; empty: berlaku_dari",
    "unit": "kode unit / code of the unit",
    "kelas": "kelas layanan unit / service class of the unit",
    "jenis": "kosong: dari nama / kinds of the unit; empty: told from its name",
    "radius_m": "1-5000",
    "berlaku_dari": "2026-01-31 atau 31/01/2026",
    "berlaku_sampai": "kosong: seterusnya / empty: until further notice",
    "pos": "satu baris per pos; kosong: unit tanpa pos / one row for each post; empty: a unit without posts",
    "hari": "SEN-JUM, SEN,RAB, SETIAP HARI / MON-FRI",
    "buka": "07:30",
    "tutup": "15:00; malam 22:00 sampai 06:00, sehari penuh 00:00 sampai 24:00",
    "minimum": "orang sekurang-kurangnya / people at least",
    "keahlian": "kode, dengan spasi di antaranya / codes with spaces between",
    "hari_libur": "kosong: BUKA hanya untuk EMERGENCY_24X7 / empty: open for EMERGENCY_24X7 only",
}


def rows(agencies: Iterable[OpenOpd], units: Sequence[ArrangeUnit]) -> Iterator[Filled]:
    """The rows of a register: every OPD with its units and their posts."""
    for agency in agencies:
        key: Filled = {"opd": agency.opd, "nama_opd": agency.name, "opd_sejak": agency.on.isoformat()}
        own = [unit for unit in units if unit.opd == agency.opd]
        yield from (row for unit in own for row in _unit(key, unit)) if own else [key]


def _unit(key: Filled, unit: ArrangeUnit) -> Iterator[Filled]:
    says: Filled = {
        **key,
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
    yield from ({**says, **_post(post)} for post in unit.posts) if unit.posts else [says]


def _post(post: Post) -> Filled:
    return {
        "pos": post.post,
        "hari": hari(post.weekdays),
        "buka": clock(post.opens_minute),
        "tutup": clock(_closing(post)),
        "minimum": post.minimum,
        "keahlian": " ".join(post.skills),
        "hari_libur": "BUKA" if post.on_holidays == "OPEN" else "TUTUP",
    }


def _closing(post: Post) -> int:
    """A night ends at the time of the morning after, as one would say it; a longer shift beyond 24:00."""
    night = post.closes_minute > 1440 and post.closes_minute - post.opens_minute <= LONGEST_NIGHT
    return post.closes_minute - 1440 if night else post.closes_minute


def hari(weekdays: Sequence[str]) -> str:
    """`SEN-JUM`, `SETIAP HARI`, `SEN,RAB`."""
    numbers = sorted(WEEKDAYS.index(day) for day in weekdays)
    if len(numbers) == len(WEEKDAYS):
        return "SETIAP HARI"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{HARI[numbers[0]]}-{HARI[numbers[-1]]}"
    return ",".join(HARI[number] for number in numbers)


def clock(minute: int) -> str:
    """Minutes as `07:30`, beyond midnight as `31:15`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _csv(filled: Sequence[Filled]) -> bytes:
    """As Excel in Indonesia reads and writes it: a mark, semicolons, decimal commas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(COLUMNS)
    for row in filled:
        values = (row.get(name, "") for name in COLUMNS)
        writer.writerow(str(value).replace(".", ",") if isinstance(value, float) else value for value in values)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(filled: Sequence[Filled]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    page: Worksheet = book.active  # type: ignore[assignment] # a new workbook has one worksheet
    page.title = NAME
    page.append([*COLUMNS])
    for row in filled:
        page.append([row.get(name) for name in COLUMNS])
    for number, name in enumerate(COLUMNS, 1):
        letter = get_column_letter(number)
        page.cell(1, number).font = Font(bold=True)
        page.column_dimensions[letter].width = max(12, len(name) + 3)
        if name in LISTS:
            allowed = DataValidation(type="list", formula1=f'"{",".join(LISTS[name])}"', allow_blank=True)
            allowed.add(f"{letter}2:{letter}{MAX_ROWS}")
            page.add_data_validation(allowed)
    page.freeze_panes = "A2"
    _explained(book.create_sheet("pilihan"))
    book.save(out)
    return out.getvalue()


def _explained(page: Worksheet) -> None:
    page.append(["kolom", "English", "isi", "pilihan"])
    for name, column in COLUMNS.items():
        page.append([name, " / ".join(column.others), SAID.get(name, ""), ", ".join(LISTS.get(name, ()))])
    for letter, width in zip("ABCD", (16, 24, 90, 60), strict=True):
        page.column_dimensions[letter].width = width


FILLED: Mapping[Kind, Callable[[Sequence[Filled]], bytes]] = {"xlsx": _xlsx, "csv": _csv}
"""How a register becomes a file."""
