"""Parses the rows of a register sheet to OPD and units, with their posts.

A row describes one post, a unit without posts, or only an OPD. Rows of the same OPD or unit may repeat its values or
leave them out after the first row, but must not contradict them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.policy.domain.opd_commands import ArrangeUnit
from services.policy.domain.register_import.columns import COLUMNS, REGISTER, SHEET_NAME, values_of
from shared.domain.errors import FieldError
from shared.domain.facts.policy import Post, Site
from shared.domain.messages import Message
from shared.domain.regions import region_timezone
from shared.domain.sheets.layout import ParsedRow, cell_pointer, missing_value, parse_rows, raise_row_errors
from shared.domain.sheets.rows import FileFormat, RawRow, read_rows

MAX_POSTS = 200  # as many as `UnitArrangement` accepts
MINUTES_PER_DAY = 24 * 60
MAX_NIGHT_MINUTES = 12 * 60
"""The longest shift over midnight that may be written as 22:00 to 06:00; a longer one counts as reversed hours."""

OPEN_ON_HOLIDAYS = {"EMERGENCY_24X7": "OPEN"}


class ParsedOpd(NamedTuple):
    """An OPD of the sheet and its first row. `name` and `since` may be empty if the register has the OPD already.

    `since` is the date in the column `opd_sejak`; `on` is the same, or without it the first `berlaku_dari` of a unit.
    """

    row: int
    opd: str
    name: str | None
    since: date | None
    on: date | None


class ParsedUnit(NamedTuple):
    """A unit of the sheet: the numbers of its rows, and the command that arranges it."""

    rows: tuple[int, ...]
    command: ArrangeUnit


class RegisterSheet(NamedTuple):
    """The OPD and units of a sheet, for the register of a region."""

    region: str
    opds: tuple[ParsedOpd, ...]
    units: tuple[ParsedUnit, ...]


def read_register(region: str, file_format: FileFormat, content: bytes) -> RegisterSheet:
    """Parse the content of a register file. Raise one `Invalid` with an error for each wrong cell."""
    return parse_sheet(region, read_rows(file_format, content, SHEET_NAME))


def parse_sheet(region: str, rows: Sequence[RawRow]) -> RegisterSheet:
    """Parse rows, the first of which holds the headings. Raise one `Invalid` with an error for each wrong cell."""
    parsed, row_errors = parse_rows(REGISTER, rows)
    errors = list(row_errors)
    opds = [_parse_opd(group, errors) for group in _group_rows(parsed, "opd")]
    units = [
        _parse_unit(region, group, errors)
        for group in _group_rows([row for row in parsed if "unit" in row.values], "opd", "unit")
        if all(row.is_valid for row in group)
    ]
    raise_row_errors(errors)
    return RegisterSheet(region, tuple(opds), tuple(unit for unit in units if unit))


def _group_rows(rows: Sequence[ParsedRow], *keys: str) -> Sequence[Sequence[ParsedRow]]:
    """Group the rows by their values of the key columns; rows without one of these are left out."""
    groups: dict[tuple[Any, ...], list[ParsedRow]] = {}
    for row in rows:
        groups.setdefault(tuple(row.values.get(key) for key in keys), []).append(row)
    return [group for key, group in groups.items() if None not in key]


def _parse_opd(group: Sequence[ParsedRow], errors: list[FieldError]) -> ParsedOpd:
    """Return the OPD of a group of rows; add contradictions between the rows to `errors`."""
    errors += _contradictions(group, "opd")
    first, values = group[0], _merge_values(group, "opd")
    unit_starts = [row.values["berlaku_dari"] for row in group if "berlaku_dari" in row.values]
    since = values.get("opd_sejak")
    on = since or min(unit_starts, default=None)
    return ParsedOpd(first.number, first.values["opd"], values.get("nama_opd"), since, on)


def _parse_unit(region: str, group: Sequence[ParsedRow], errors: list[FieldError]) -> ParsedUnit | None:
    """Return the unit of a group of rows. If the rows are wrong, add to `errors` and return None."""
    first, values = group[0], _merge_values(group, "unit")
    required = [name for name, column in COLUMNS.items() if column.level == "unit" and column.required]
    unit_errors = [
        *(missing_value(first.number, name) for name in required if name not in values),
        *_contradictions(group, "unit"),
        *_duplicate_posts(group),
        *_wrong_opening_times(group),
    ]
    errors += unit_errors
    return None if unit_errors else ParsedUnit(tuple(row.number for row in group), _command(region, group, values))


def _merge_values(group: Sequence[ParsedRow], level: str) -> Mapping[str, Any]:
    """Return the values of a group of rows: of each column the first one that is filled."""
    return {name: value for row in reversed(group) for name, value in values_of(row, level).items()}


def _contradictions(group: Sequence[ParsedRow], level: str) -> Iterator[FieldError]:
    values = _merge_values(group, level)
    for row in group:
        for name, value in values_of(row, level).items():
            if value != values[name]:
                yield FieldError(
                    cell_pointer(row.number, name),
                    Message("{name} berbeda dari baris sebelumnya untuk {level} yang sama.", name=name, level=level),
                )


def _duplicate_posts(group: Sequence[ParsedRow]) -> Iterator[FieldError]:
    """Yield an error for each row that repeats an earlier one, and one for too many posts.

    A unit has one row without a post, or one row for each post; a post may have other rows for other weekdays.
    """
    for index, row in enumerate(group):
        duplicate = next((earlier for earlier in group[:index] if _is_duplicate(row, earlier)), None)
        if duplicate:
            column = "pos" if "pos" in row.values else "unit"
            name = row.values[column]
            yield FieldError(
                cell_pointer(row.number, column),
                Message("{name} sudah tertulis di baris {number}.", name=name, number=duplicate.number),
            )
    if len(group) > MAX_POSTS:
        yield FieldError(
            cell_pointer(group[MAX_POSTS].number, "pos"),
            Message("Satu unit paling banyak {max_posts} pos.", max_posts=MAX_POSTS),
        )


def _is_duplicate(row: ParsedRow, earlier: ParsedRow) -> bool:
    posts = {row.values.get("pos"), earlier.values.get("pos")}
    return None in posts or (len(posts) == 1 and bool(set(row.values["hari"]) & set(earlier.values["hari"])))


def _wrong_opening_times(group: Sequence[ParsedRow]) -> Iterator[FieldError]:
    for row in group:
        if "pos" in row.values and row.values["buka"] >= MINUTES_PER_DAY:
            pointer = cell_pointer(row.number, "buka")
            yield FieldError(pointer, Message("Jam buka mendahului 24:00."))
        elif "pos" in row.values and closing_minute(row.values["buka"], row.values["tutup"]) is None:
            yield FieldError(
                cell_pointer(row.number, "tutup"),
                Message(
                    "Jam tutup tidak sesudah jam buka; tugas malam yang panjang ditulis lewat 24:00, misalnya 31:00."
                ),
            )


def closing_minute(opening: int, closing: int) -> int | None:
    """Return the closing minute, beyond 1440 for a night shift: 22:00-06:00 is 1320-1800. None for reversed hours."""
    if closing > opening:
        return closing
    next_day = closing + MINUTES_PER_DAY
    return next_day if next_day - opening <= MAX_NIGHT_MINUTES else None


def _command(region: str, group: Sequence[ParsedRow], values: Mapping[str, Any]) -> ArrangeUnit:
    timezone = values.get("zona") or region_timezone(region).key
    lat, lng, radius_m = values["lat"], values["lng"], values["radius_m"]
    return ArrangeUnit(
        region=region,
        opd=group[0].values["opd"],
        unit=group[0].values["unit"],
        name=values["nama_unit"],
        class_=values["kelas"],
        site=Site(site=values["situs"], lat=lat, lng=lng, radius_m=radius_m, timezone=timezone),
        posts=tuple(_post(row.values, values["kelas"]) for row in group if "pos" in row.values),
        valid_from=values["berlaku_dari"],
        valid_to=values.get("berlaku_sampai"),
        kinds=values.get("jenis", ()),
    )


def _post(values: Mapping[str, Any], class_: str) -> Post:
    return Post(
        post=values["pos"],
        weekdays=values["hari"],
        opens_minute=values["buka"],
        closes_minute=closing_minute(values["buka"], values["tutup"]) or 0,  # reversed hours were refused before
        minimum=values["minimum"],
        skills=values.get("keahlian", ()),
        on_holidays=values.get("hari_libur") or OPEN_ON_HOLIDAYS.get(class_, "CLOSED"),
    )
