"""Exports the register as an xlsx or csv sheet, which the import reads back as the same register."""

from collections.abc import Iterable, Iterator, Sequence

from services.policy.domain.opd_commands import ArrangeUnit, OpenOpd
from services.policy.domain.register_import.columns import COLUMNS, SHEET_NAME
from services.policy.domain.register_import.sheet import MAX_NIGHT_MINUTES, MINUTES_PER_DAY
from services.policy.domain.resolution.working_hours import clock_time
from shared.domain.facts.policy import Post
from shared.domain.facts.rules import WEEKDAYS
from shared.domain.sheets.cell_parsers import WEEKDAY_CODES_ID
from shared.domain.sheets.files import HintRenderer, SheetRow, sheet_file
from shared.domain.sheets.rows import FileFormat


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
    """Return the content of a register file, as `sheet_file` does."""
    return sheet_file(file_format, SHEET_NAME, COLUMNS, sheet_rows, render_hint)
