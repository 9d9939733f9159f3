"""What the cells of the register mean: codes, names, weekdays, times of day, dates, places. Pure.

Each reader takes a cell that is not empty and raises `Invalid` with a sentence about it. Programs of spreadsheets turn
what was typed into times, dates and numbers; numbers with a comma are Indonesian ones, and so is the order of dates.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from shared.domain.facts.base import EARLIEST, LATEST, Invalid
from shared.domain.work_location import WEEKDAYS

HARI = ("SEN", "SEL", "RAB", "KAM", "JUM", "SAB", "MIN")
DAY_NAMES: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        ("sen senin mon monday", "sel selasa tue tuesday", "rab rabu wed wednesday", "kam kamis thu thursday",
         "jum jumat fri friday", "sab sabtu sat saturday", "min minggu ahad sun sunday")
    )
    for name in names.split()
}  # fmt: skip
EVERY_DAY = frozenset({"setiaphari", "everyday"})
ZONES: Mapping[str, str] = {
    "WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura", "ASIA/JAKARTA": "Asia/Jakarta",
    "ASIA/PONTIANAK": "Asia/Pontianak", "ASIA/MAKASSAR": "Asia/Makassar", "ASIA/JAYAPURA": "Asia/Jayapura",
}  # fmt: skip
HOLIDAYS: Mapping[str, str] = {"BUKA": "OPEN", "OPEN": "OPEN", "TUTUP": "CLOSED", "CLOSED": "CLOSED"}
EXCEL_DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001 - a time of day, of no zone
DATES = (
    (r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?", (1, 2, 3)),
    (r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", (3, 2, 1)),
)

Reader = Callable[[Any], Any]


def wrong(indonesian: str, english: str) -> Invalid:
    """A fault of a cell; its place is told by who knows it."""
    return Invalid("", indonesian, english)


def text(cell: object) -> str:
    """What was typed; a whole number without its decimals. Anything else is no text."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise wrong("Isi dengan teks.", "Fill in text.")
    return str(cell)


def code(cell: object) -> str:
    """A code of an OPD, unit, post or site."""
    written = text(cell)
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9_-]{0,39}", written):
        raise wrong(
            "Kode terdiri dari huruf besar, angka, - dan _, paling banyak 40.",
            "A code has capitals, digits, - and _, at most 40.",
        )
    return written


def codes(cell: object) -> tuple[str, ...]:
    """Several codes, with commas or spaces between."""
    return tuple(dict.fromkeys(code(part) for part in re.split(r"[\s,;]+", text(cell)) if part))


def words(least: int) -> Reader:
    """A name on one line."""

    def read(cell: object) -> str:
        written = text(cell)
        if not least <= len(written) <= 120 or not written.isprintable():
            raise wrong(f"Nama terdiri dari {least} sampai 120 huruf.", f"A name has {least} to 120 letters.")
        return written

    return read


def one_of(table: Mapping[str, str], shown: str) -> Reader:
    """A word of a closed list, in any case."""

    def read(cell: object) -> str:
        written = re.sub(r"[\s-]+", "_", text(cell).upper())
        if written not in table:
            raise wrong(f"Pilih {shown}.", f"Choose one of {shown}.")
        return table[written]

    return read


def number(low: float, high: float, unit: str = "") -> Reader:
    """A number between two others, both included, with a point or a comma."""

    def read(cell: object) -> float:
        written = text(cell).replace(",", ".")
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,20})?", written) or not low <= float(written) <= high:
            raise wrong(f"Isi angka {low:g} sampai {high:g}{unit}.", f"Give a number from {low:g} to {high:g}{unit}.")
        return float(written)

    return read


def whole(low: int, high: int) -> Reader:
    """A whole number between two others, both included."""
    read_any = number(low, high)

    def read(cell: object) -> int:
        found = float(read_any(cell))
        if not found.is_integer():
            raise wrong("Isi bilangan bulat.", "Give a whole number.")
        return int(found)

    return read


def day(cell: object) -> date:
    """A date of this and the next century: 2026-01-31 or 31/01/2026."""
    found = cell.date() if isinstance(cell, datetime) else cell if isinstance(cell, date) else _written_day(text(cell))
    if not EARLIEST <= found <= LATEST:
        raise wrong(f"Tanggal harus {EARLIEST} sampai {LATEST}.", f"The date must be {EARLIEST} to {LATEST}.")
    return found


def _written_day(written: str) -> date:
    for form, order in DATES:
        if found := re.fullmatch(form, written):
            try:
                return date(*(int(found[n]) for n in order))
            except ValueError:
                break
    raise wrong("Ini bukan tanggal; tulis 2026-01-31 atau 31/01/2026.", "This is no date; write 2026-01-31.")


def minute(cell: object) -> int:
    """A time of day in minutes; beyond midnight up to 48:00. A spreadsheet may have made a time or a part of a day."""
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute
    if isinstance(cell, datetime):
        return _bounded(cell - EXCEL_DAY_ZERO)
    if isinstance(cell, timedelta):
        return _bounded(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _bounded(timedelta(days=cell) if 0 <= cell < 1 else None)
    found = re.fullmatch(r"(\d{1,2})[:.]([0-5]\d)(?::00)?", text(cell))
    return _bounded(timedelta(hours=int(found[1]), minutes=int(found[2])) if found else None)


def _bounded(span: timedelta | None) -> int:
    if span is None or not timedelta() <= span <= timedelta(days=2):
        raise wrong("Tulis jam sebagai 07:30; menit 00 sampai 59.", "Write a time as 07:30; minutes are 00 to 59.")
    return round(span.total_seconds() / 60)


def weekdays(cell: object) -> tuple[str, ...]:
    """`SEN-JUM`, `Senin, Rabu`, `setiap hari`, `MON-FRI`."""
    plain = re.sub(r"\s*(?:-|\u2013|s/d)\s*", "-", re.sub("['`\u2019]", "", text(cell).casefold()))
    if re.sub(r"\s", "", plain) in EVERY_DAY:
        return WEEKDAYS
    parts = [part.split("-") for part in re.split(r"[,;/&+\s]+", plain) if part not in {"", "dan"}] or [[]]
    found = {number for part in parts for number in _span(part)}
    return tuple(WEEKDAYS[number] for number in sorted(found))


def _span(names: list[str]) -> list[int]:
    if not 0 < len(names) <= 2 or any(name not in DAY_NAMES for name in names):
        raise wrong("Isi hari, misalnya SEN-JUM atau SEN,RAB.", "Give weekdays, for example MON-FRI or MON,WED.")
    first, last = DAY_NAMES[names[0]], DAY_NAMES[names[-1]]
    return [n % 7 for n in range(first, last + 1 if last >= first else last + 8)]
