"""Parses the cells of a sheet: codes, names, weekdays, times of day, dates, numbers.

Each parser takes a cell that is not empty and raises `Invalid`, with an empty pointer, if the cell is wrong. A
spreadsheet program may have converted typed text to a time, date or number, so a parser accepts these types as well.
Text follows Indonesian conventions: a decimal comma, and dates with the day first.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from shared.domain.errors import Invalid
from shared.domain.facts.base import EARLIEST, LATEST
from shared.domain.facts.rules import WEEKDAYS
from shared.domain.messages import Message

WEEKDAY_CODES_ID = ("SEN", "SEL", "RAB", "KAM", "JUM", "SAB", "MIN")
WEEKDAY_NUMBERS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        ("sen senin mon monday", "sel selasa tue tuesday", "rab rabu wed wednesday", "kam kamis thu thursday",
         "jum jumat fri friday", "sab sabtu sat saturday", "min minggu ahad sun sunday")
    )
    for name in names.split()
}  # fmt: skip
EVERY_DAY_WORDS = frozenset({"setiaphari", "everyday"})
TIMEZONES: Mapping[str, str] = {
    "WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura", "ASIA/JAKARTA": "Asia/Jakarta",
    "ASIA/PONTIANAK": "Asia/Pontianak", "ASIA/MAKASSAR": "Asia/Makassar", "ASIA/JAYAPURA": "Asia/Jayapura",
}  # fmt: skip
HOLIDAY_RULES: Mapping[str, str] = {"BUKA": "OPEN", "OPEN": "OPEN", "TUTUP": "CLOSED", "CLOSED": "CLOSED"}
# Excel's day 1 is 1900-01-01.
EXCEL_DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001 - a time of day without a time zone
"""A cell with a duration of 24 hours or more is read as a datetime that counts from this date."""
DATE_FORMATS = (
    (r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?", (1, 2, 3)),
    (r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", (3, 2, 1)),
)

CellParser = Callable[[Any], Any]


def cell_error(message: Message) -> Invalid:
    """Return the error of a cell. The caller, who knows row and column, adds the pointer."""
    return Invalid("", message)


def parse_text(cell: object) -> str:
    """Return the cell as text, a whole number without decimals. Raise `Invalid` for a boolean, date or time."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    # In Python a bool is an int, too.
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise cell_error(Message("Isi dengan teks."))
    return str(cell)


def parse_code(cell: object) -> str:
    """Return the code of an OPD, unit, post, site or skill."""
    text = parse_text(cell)
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9_-]{0,39}", text):
        raise cell_error(Message("Kode terdiri dari huruf besar, angka, - dan _, paling banyak 40."))
    return text


def parse_codes(cell: object) -> tuple[str, ...]:
    """Return distinct codes that are separated by commas, semicolons or spaces."""
    return tuple(dict.fromkeys(parse_code(part) for part in re.split(r"[\s,;]+", parse_text(cell)) if part))


def name_parser(min_length: int) -> CellParser:
    """Return a parser of a name on one line, with `min_length` to 120 characters."""

    def parse(cell: object) -> str:
        text = parse_text(cell)
        if not min_length <= len(text) <= 120 or not text.isprintable():
            raise cell_error(Message("Nama terdiri dari {min_length} sampai 120 huruf.", min_length=min_length))
        return text

    return parse


def choice_parser(choices: Mapping[str, str], hint: str) -> CellParser:
    """Return a parser that maps one of the keys of `choices`, in any case, to its value; `hint` lists the choices."""

    def parse(cell: object) -> str:
        text = re.sub(r"[\s-]+", "_", parse_text(cell).upper())
        if text not in choices:
            raise cell_error(Message("Pilih {hint}.", hint=hint))
        return choices[text]

    return parse


def number_parser(low: float, high: float, unit: str = "") -> CellParser:
    """Return a parser of a number from `low` to `high`, with a decimal point or comma."""

    def parse(cell: object) -> float:
        text = parse_text(cell).replace(",", ".")
        # `float` alone would also accept `1e2` and `1_0`.
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,20})?", text) or not low <= float(text) <= high:
            raise cell_error(Message("Isi angka {low:g} sampai {high:g}{unit}.", low=low, high=high, unit=unit))
        return float(text)

    return parse


def integer_parser(low: int, high: int) -> CellParser:
    """Return a parser of a whole number from `low` to `high`."""
    parse_number = number_parser(low, high)

    def parse(cell: object) -> int:
        number = float(parse_number(cell))
        if not number.is_integer():
            raise cell_error(Message("Isi bilangan bulat."))
        return int(number)

    return parse


def parse_date(cell: object) -> date:
    """Return a date from `EARLIEST` to `LATEST`, given as a date, `2026-01-31` or `31/01/2026`."""
    if isinstance(cell, datetime):
        day = cell.date()
    else:
        day = cell if isinstance(cell, date) else _date_from_text(parse_text(cell))
    if not EARLIEST <= day <= LATEST:
        raise cell_error(Message("Tanggal harus {earliest} sampai {latest}.", earliest=EARLIEST, latest=LATEST))
    return day


def _date_from_text(text: str) -> date:
    for pattern, order in DATE_FORMATS:
        if match := re.fullmatch(pattern, text):
            try:
                return date(*(int(match[group]) for group in order))
            except ValueError:
                break
    raise cell_error(Message("Ini bukan tanggal; tulis 2026-01-31 atau 31/01/2026."))


def parse_minute(cell: object) -> int:
    """Return a time of day in minutes since midnight, up to 48:00 for a shift that ends on the next day."""
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute
    if isinstance(cell, datetime):
        return _whole_minutes(cell - EXCEL_DAY_ZERO)
    if isinstance(cell, timedelta):
        return _whole_minutes(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Spreadsheets store a time as a fraction of a day.
        return _whole_minutes(timedelta(days=cell) if 0 <= cell < 1 else None)
    # Indonesian writes 07.30.
    match = re.fullmatch(r"(\d{1,2})[:.]([0-5]\d)(?::00)?", parse_text(cell))
    return _whole_minutes(timedelta(hours=int(match[1]), minutes=int(match[2])) if match else None)


def _whole_minutes(since_midnight: timedelta | None) -> int:
    if since_midnight is None or not timedelta() <= since_midnight <= timedelta(days=2):
        raise cell_error(Message("Tulis jam sebagai 07:30; menit 00 sampai 59."))
    # Rounded, because a fraction of a day is not an exact number of minutes.
    return round(since_midnight.total_seconds() / 60)


def parse_weekdays(cell: object) -> tuple[str, ...]:
    """Return the weekdays of a text such as `SEN-JUM`, `Senin, Rabu`, `setiap hari` or `MON-FRI`, from Monday on."""
    # `Jum'at` is another spelling of Jumat; `s/d` means until; \u2013 is the en dash.
    plain = re.sub(r"\s*(?:-|\u2013|s/d)\s*", "-", re.sub("['`\u2019]", "", parse_text(cell).casefold()))
    if re.sub(r"\s", "", plain) in EVERY_DAY_WORDS:
        return WEEKDAYS
    # `[[]]`: a cell without any name is an error of `_weekday_range`, not an empty list of days.
    parts = [part.split("-") for part in re.split(r"[,;/&+\s]+", plain) if part not in {"", "dan"}] or [[]]
    numbers = {number for part in parts for number in _weekday_range(part)}
    return tuple(WEEKDAYS[number] for number in sorted(numbers))


def _weekday_range(names: list[str]) -> list[int]:
    if not 0 < len(names) <= 2 or any(name not in WEEKDAY_NUMBERS for name in names):
        raise cell_error(Message("Isi hari, misalnya SEN-JUM atau SEN,RAB."))
    first, last = WEEKDAY_NUMBERS[names[0]], WEEKDAY_NUMBERS[names[-1]]
    # A range may pass the end of the week: SAB-SEN is Saturday to Monday.
    return [n % 7 for n in range(first, last + 1 if last >= first else last + 8)]
