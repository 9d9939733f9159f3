"""What a file says of the register: one row for each post, for a unit without posts, or for an OPD alone. Pure.

Whatever a row says of its OPD and its unit may be left out in the rows after the first, and may not differ there.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.policy.domain.commands import ArrangeUnit
from services.policy.domain.register_import.columns import COLUMNS, Line, at, lines, missed, refuse
from services.policy.domain.register_import.rows import Row
from services.policy.domain.validation.rule_errors import Fault
from shared.domain.facts.policy import Post, Site
from shared.domain.regions import zone

MOST_POSTS = 200
LONGEST_NIGHT = 12 * 60
"""The longest shift over midnight that is told from its times alone; a longer one is taken for reversed hours."""
OPEN_ON_HOLIDAYS = {"EMERGENCY_24X7": "OPEN"}


class Agency(NamedTuple):
    """An OPD of the sheet, by its first row; what stands in the register already may be left out.

    `on` is since when it exists as written, or else from when its first unit is arranged.
    """

    row: int
    opd: str
    name: str | None
    since: date | None
    on: date | None


class Arranged(NamedTuple):
    """A unit of the sheet, and the rows of its posts in their order."""

    rows: tuple[int, ...]
    command: ArrangeUnit


class Sheet(NamedTuple):
    """What a file says of the register of a region."""

    region: str
    agencies: tuple[Agency, ...]
    units: tuple[Arranged, ...]


def sheet(region: str, rows: Sequence[Row]) -> Sheet:
    """Read the rows of a table, of which the first names the columns. Raises `Invalid` with a fault for each cell."""
    read, faults = lines(rows)
    found = list(faults)
    agencies = [_agency(own, found) for own in _grouped(read, "opd")]
    units = [
        _arranged(region, own, found)
        for own in _grouped([line for line in read if "unit" in line.says], "opd", "unit")
        if all(line.sound for line in own)
    ]
    refuse(found)
    return Sheet(region, tuple(agencies), tuple(unit for unit in units if unit))


def _grouped(read: Sequence[Line], *keys: str) -> Sequence[Sequence[Line]]:
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in read:
        groups.setdefault(tuple(line.says.get(key) for key in keys), []).append(line)
    return [own for named, own in groups.items() if None not in named]


def _agency(own: Sequence[Line], found: list[Fault]) -> Agency:
    found += _differences(own, "opd")
    says = _merged(own, "opd")
    since = [line.says["berlaku_dari"] for line in own if "berlaku_dari" in line.says]
    written = says.get("opd_sejak")
    return Agency(own[0].row, own[0].says["opd"], says.get("nama_opd"), written, written or min(since, default=None))


def _arranged(region: str, own: Sequence[Line], found: list[Fault]) -> Arranged | None:
    """A unit whose rows agree, or None with what is wrong put among the faults."""
    first, says = own[0], _merged(own, "unit")
    gaps = [name for name, column in COLUMNS.items() if column.of == "unit" and column.needed and name not in says]
    faults = [*(missed(first.row, name) for name in gaps), *_differences(own, "unit"), *_twice(own), *_reversed(own)]
    found += faults
    return None if faults else Arranged(tuple(line.row for line in own), _command(region, own, says))


def _merged(own: Sequence[Line], what: str) -> Mapping[str, Any]:
    """What rows say together: of each column the first that is filled in."""
    return {name: value for line in reversed(own) for name, value in line.of(what).items()}


def _differences(own: Sequence[Line], what: str) -> Iterator[Fault]:
    says = _merged(own, what)
    for line in own:
        for name, value in line.of(what).items():
            if value != says[name]:
                yield (
                    at(line.row, name),
                    f"{name} berbeda dari baris sebelumnya untuk {what} yang sama.",
                    f"{name} differs from an earlier row of the same {what}.",
                )


def _twice(own: Sequence[Line]) -> Iterator[Fault]:
    """A unit has one row without a post, or one for each of its posts; a post may keep other hours on other days."""
    for number, line in enumerate(own):
        same = next((other for other in own[:number] if _again(line, other)), None)
        if same:
            column = "pos" if "pos" in line.says else "unit"
            name = line.says[column]
            yield (
                at(line.row, column),
                f"{name} sudah tertulis di baris {same.row}.",
                f"{name} is written in row {same.row} already.",
            )
    if len(own) > MOST_POSTS:
        yield (
            at(own[MOST_POSTS].row, "pos"),
            f"Satu unit paling banyak {MOST_POSTS} pos.",
            f"A unit has at most {MOST_POSTS} posts.",
        )


def _again(line: Line, other: Line) -> bool:
    posts = {line.says.get("pos"), other.says.get("pos")}
    return None in posts or (len(posts) == 1 and bool(set(line.says["hari"]) & set(other.says["hari"])))


def _reversed(own: Sequence[Line]) -> Iterator[Fault]:
    for line in own:
        if "pos" in line.says and line.says["buka"] >= 1440:
            yield (at(line.row, "buka"), "Jam buka mendahului 24:00.", "A post opens before 24:00.")
        elif "pos" in line.says and closes(line.says["buka"], line.says["tutup"]) is None:
            yield (
                at(line.row, "tutup"),
                "Jam tutup tidak sesudah jam buka; tugas malam yang panjang ditulis lewat 24:00, misalnya 31:00.",
                "It does not close after it opens; write a long night beyond 24:00, for example 31:00.",
            )


def closes(opens: int, written: int) -> int | None:
    """When a post closes, beyond 1440 for a night: 22:00-06:00 is 1320-1800. None for reversed hours."""
    if written > opens:
        return written
    night = written + 1440
    return night if night - opens <= LONGEST_NIGHT else None


def _command(region: str, own: Sequence[Line], says: Mapping[str, Any]) -> ArrangeUnit:
    place = Site(
        site=says["situs"],
        lat=says["lat"],
        lng=says["lng"],
        radius_m=says["radius_m"],
        timezone=says.get("zona") or zone(region).key,
    )
    return ArrangeUnit(
        region=region,
        opd=own[0].says["opd"],
        unit=own[0].says["unit"],
        name=says["nama_unit"],
        class_=says["kelas"],
        site=place,
        posts=tuple(_post(line.says, says["kelas"]) for line in own if "pos" in line.says),
        valid_from=says["berlaku_dari"],
        valid_to=says.get("berlaku_sampai"),
        kinds=says.get("jenis", ()),
    )


def _post(says: Mapping[str, Any], class_: str) -> Post:
    return Post(
        post=says["pos"],
        weekdays=says["hari"],
        opens_minute=says["buka"],
        closes_minute=closes(says["buka"], says["tutup"]) or 0,
        minimum=says["minimum"],
        skills=says.get("keahlian", ()),
        on_holidays=says.get("hari_libur") or OPEN_ON_HOLIDAYS.get(class_, "CLOSED"),
    )
