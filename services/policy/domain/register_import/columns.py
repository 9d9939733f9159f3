"""The columns of the register's sheet, and what its rows say in them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from services.policy.domain.register_import import cell_parsers
from services.policy.domain.register_import.cell_parsers import Reader
from services.policy.domain.register_import.rows import Cell, Row, Unusable
from services.policy.domain.validation.rule_errors import Fault, raised
from shared.domain.facts.base import Invalid
from shared.domain.work_location import CLASSES

MOST_FAULTS = 100


class Column(NamedTuple):
    """A column: its other names, how its cells are read, and what it tells of: an OPD, a unit or a post."""

    others: tuple[str, ...]
    read: Reader
    of: str
    needed: bool = False


CLASS = cell_parsers.one_of({name: name for name in CLASSES}, ", ".join(CLASSES))
ZONE = cell_parsers.one_of(cell_parsers.ZONES, "WIB, WITA, WIT, Asia/Pontianak")
COLUMNS: Mapping[str, Column] = {
    "opd": Column(("agency",), cell_parsers.code, "key", needed=True),
    "nama_opd": Column(("opd_name", "agency_name"), cell_parsers.words(3), "opd"),
    "opd_sejak": Column(("opd_since",), cell_parsers.day, "opd"),
    "unit": Column((), cell_parsers.code, "key"),
    "nama_unit": Column(("unit_name",), cell_parsers.words(1), "unit", needed=True),
    "kelas": Column(("class",), CLASS, "unit", needed=True),
    "jenis": Column(("kinds",), cell_parsers.codes, "unit"),
    "situs": Column(("site",), cell_parsers.code, "unit", needed=True),
    "lat": Column(("latitude",), cell_parsers.number(-90, 90), "unit", needed=True),
    "lng": Column(("lon", "longitude"), cell_parsers.number(-180, 180), "unit", needed=True),
    "radius_m": Column(("radius",), cell_parsers.whole(1, 5000), "unit", needed=True),
    "zona": Column(("zone", "timezone"), ZONE, "unit"),
    "berlaku_dari": Column(("valid_from",), cell_parsers.day, "unit", needed=True),
    "berlaku_sampai": Column(("valid_to",), cell_parsers.day, "unit"),
    "pos": Column(("post",), cell_parsers.code, "key"),
    "hari": Column(("weekdays", "days"), cell_parsers.weekdays, "post", needed=True),
    "buka": Column(("opens",), cell_parsers.minute, "post", needed=True),
    "tutup": Column(("closes",), cell_parsers.minute, "post", needed=True),
    "minimum": Column(("min",), cell_parsers.whole(0, 1000), "post", needed=True),
    "keahlian": Column(("skills",), cell_parsers.codes, "post"),
    "hari_libur": Column(("on_holidays",), cell_parsers.one_of(cell_parsers.HOLIDAYS, "BUKA, TUTUP"), "post"),
}
NAMES = {other: name for name, column in COLUMNS.items() for other in (name, *column.others)}
NEEDED = frozenset(name for name, column in COLUMNS.items() if column.needed and column.of != "post")
"""A sheet without these columns cannot tell of any unit; those of posts are missed where a row has one."""


class Line(NamedTuple):
    """A row as it was read; one that is not sound lacks what could not be read."""

    row: int
    says: Mapping[str, Any]
    sound: bool

    def of(self, what: str) -> Mapping[str, Any]:
        """What it says of its OPD, its unit or its post."""
        return {name: value for name, value in self.says.items() if COLUMNS[name].of == what}


def at(row: int, column: str) -> str:
    """The pointer of a cell: `/rows/12/kelas`."""
    return f"/rows/{row}/{column}"


def lines(rows: Sequence[Row]) -> tuple[Sequence[Line], Sequence[Fault]]:
    """Read rows, of which the first names the columns. Raises `Invalid` where those cannot be understood."""
    header = _header(rows[0])
    read = [(_read(header, row)) for row in rows[1:]]
    if not read:
        raise Invalid("", "Tidak ada baris di bawah judul kolom.", "There is no row below the names of the columns.")
    return [line for line, _ in read], [fault for _, faults in read for fault in faults]


def refuse(found: Sequence[Fault]) -> None:
    """Raise `Invalid` with these faults in the order of their rows, if there is one; of very many, the first."""
    told = sorted(found, key=lambda fault: _row_of(fault[0]))
    if left := len(told[MOST_FAULTS:]):
        told = [*told[:MOST_FAULTS], ("", f"Masih ada {left} kesalahan lain.", f"There are {left} more faults.")]
    raised(told)


def _row_of(pointer: str) -> int:
    return int(pointer.split("/")[2]) if pointer.startswith("/rows/") else 0


def _header(row: Row) -> Mapping[int, str]:
    """The columns by their place. Raises `Invalid` for one that is unknown, there twice, or missing."""
    shown = {n: cell[:40] if isinstance(cell, str) else "?" for n, cell in enumerate(row.cells) if cell is not None}
    header = {n: NAMES.get(name.casefold().replace(" ", "_"), "") for n, name in shown.items()}
    refuse([*_unknown(row.number, shown, header), *_missing(row.number, list(header.values()))])
    return header


def _unknown(row: int, shown: Mapping[int, str], header: Mapping[int, str]) -> Iterator[Fault]:
    known = ", ".join(COLUMNS)
    for number, name in header.items():
        if not name:
            yield (
                at(row, str(number + 1)),
                f"Kolom {shown[number]} tidak dikenal; pakai {known}.",
                f"Column {shown[number]} is unknown; use {known}.",
            )


def _missing(row: int, header: Sequence[str]) -> Iterator[Fault]:
    for name in COLUMNS:
        if header.count(name) > 1:
            yield (at(row, name), f"Kolom {name} ada dua kali.", f"Column {name} is there twice.")
        if name in NEEDED and name not in header:
            yield (at(row, name), f"Kolom {name} tidak ada.", f"Column {name} is missing.")


def _read(header: Mapping[int, str], row: Row) -> tuple[Line, Sequence[Fault]]:
    says: dict[str, Any] = {}
    faults = [*_nameless(header, row)]
    given = {name: row.cells[number] for number, name in header.items() if number < len(row.cells)}
    for name, cell in given.items():
        try:
            says |= {name: COLUMNS[name].read(_usable(cell))} if cell is not None else {}
        except Invalid as broken:
            faults.append((at(row.number, name), broken.indonesian, broken.english))
    line = Line(row.number, says, sound=not faults)
    gaps = [] if faults else [missed(row.number, name) for name in _gaps(line)]
    return line._replace(sound=not (faults or gaps)), [*faults, *gaps]


def _nameless(header: Mapping[int, str], row: Row) -> Iterator[Fault]:
    for number, cell in enumerate(row.cells):
        if cell is not None and number not in header:
            yield (at(row.number, str(number + 1)), "Kolom ini tidak berjudul.", "This column has no name.")


def _usable(cell: Cell) -> Cell:
    if isinstance(cell, Unusable):
        raise cell_parsers.wrong(cell.indonesian, cell.english)
    return cell


def _gaps(line: Line) -> Iterator[str]:
    """What a row must say besides: of what it speaks, and of a post everything."""
    if "opd" not in line.says:
        yield "opd"
    if "unit" not in line.says and (line.of("unit") or line.of("post") or "pos" in line.says):
        yield "unit"
    if "pos" not in line.says and line.of("post"):
        yield "pos"
    if "pos" in line.says:
        yield from (name for name, c in COLUMNS.items() if c.of == "post" and c.needed and name not in line.says)


def missed(row: int, name: str) -> Fault:
    """The fault of a cell that is empty."""
    return (at(row, name), f"Isi {name}.", f"Fill in {name}.")
