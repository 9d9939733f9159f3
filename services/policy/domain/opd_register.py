"""The register of OPD. An OPD is a key: what ends keeps its code and its history, and no other takes the code up."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.policy.domain.commands import ArrangeUnit, MergeOpd, OpenOpd, SplitOpd
from services.policy.domain.validation.rule_errors import Fault, raised
from shared.domain.facts.base import Day, Region, Value
from shared.domain.facts.policy import OpdMerged, OpdOpened, OpdSplit

End = OpdMerged | OpdSplit


class Entry(NamedTuple):
    """An OPD of the register, and how it ended."""

    opened: OpdOpened
    end: End | None

    def stands(self, day: date) -> bool:
        """Whether it exists on a day, for all that is known; its opening may be typed in before or after."""
        return self.end is None or day < self.end.on


Register = Mapping[str, Entry]


class Ended(Value):
    """How an OPD ended: MERGED or SPLIT, into which, and the first day without it."""

    how: str
    into: tuple[str, ...]
    on: Day


class Listed(Value):
    """An OPD as the register shows it, and what became of it."""

    region: Region
    opd: str
    name: str
    on: Day
    kinds: tuple[str, ...]
    became: Ended | None


def listed(entry: Entry) -> Listed:
    """An entry of the register for its readers."""
    end = entry.end
    how = "MERGED" if isinstance(end, OpdMerged) else "SPLIT"
    became = Ended(how=how, into=heirs(end), on=end.on) if end else None
    return Listed(**entry.opened.model_dump(), became=became)


def heirs(end: End) -> tuple[str, ...]:
    """Who goes on with the duties of an OPD that ended."""
    return end.into if isinstance(end, OpdSplit) else (end.into,)


def ended(command: MergeOpd | SplitOpd, register: Register) -> End | None:
    """The fact that ends an OPD, or None if it is on record already. Raises `Invalid`."""
    fact = _end(command)
    own = register.get(command.opd)
    if own and own.end == fact:
        return None
    raised(_own_faults(command.opd, command.on, own))
    raised([*_heir_faults(fact, register), *_legacy_faults(fact, register)])
    return fact


def _end(command: MergeOpd | SplitOpd) -> End:
    kind = OpdMerged if isinstance(command, MergeOpd) else OpdSplit
    return kind(**command.model_dump())


def _own_faults(opd: str, on: date, own: Entry | None) -> Iterator[Fault]:
    if own is None:
        yield ("/opd", f"OPD {opd} belum terdaftar.", f"OPD {opd} is not in the register.")
    elif own.end:
        yield _over("/opd", opd, own.end)
    elif on <= own.opened.on:
        yield (
            "/on",
            f"OPD {opd} baru ada sejak {own.opened.on}; akhirnya harus sesudah itu.",
            f"OPD {opd} exists from {own.opened.on} on only; it must end after that.",
        )


def _heir_faults(end: End, register: Register) -> Iterator[Fault]:
    for number, heir in enumerate(heirs(end)):
        pointer = f"/into/{number}" if isinstance(end, OpdSplit) else "/into"
        if heir in heirs(end)[:number]:
            yield (pointer, f"OPD {heir} tertulis dua kali.", f"OPD {heir} is written twice.")
        if heir == end.opd:
            yield (
                pointer,
                f"OPD {heir} tidak dapat menjadi penerus dirinya sendiri; yang tetap ada tidak berakhir.",
                f"OPD {heir} cannot go on as itself: what goes on under its code does not end.",
            )
            continue
        yield from _standing_faults(pointer, heir, end.on, register.get(heir))


def _standing_faults(pointer: str, heir: str, on: date, entry: Entry | None) -> Iterator[Fault]:
    if entry is None:
        yield (
            pointer,
            f"OPD {heir} belum terdaftar; daftarkan dahulu sebelum menjadi penerus.",
            f"OPD {heir} is not in the register; enter it before it takes over.",
        )
    elif entry.end and entry.end.on <= on:
        yield _over(pointer, heir, entry.end)
    elif entry.opened.on > on:
        yield (
            pointer,
            f"OPD {heir} baru ada sejak {entry.opened.on}, sesudah {on}.",
            f"OPD {heir} exists from {entry.opened.on} on only, after {on}.",
        )


def _legacy_faults(end: End, register: Register) -> Iterator[Fault]:
    """Whoever takes over from others must exist on the day on which it does."""
    for other, entry in register.items():
        if entry.end and end.opd in heirs(entry.end) and entry.end.on >= end.on:
            yield (
                "/on",
                f"OPD {end.opd} menerima tugas {other} pada {entry.end.on}, jadi tidak dapat berakhir {end.on}.",
                f"OPD {end.opd} takes over from {other} on {entry.end.on}, so it cannot end on {end.on}.",
            )


def _over(pointer: str, opd: str, end: End) -> Fault:
    into = ", ".join(heirs(end))
    return (
        pointer,
        f"OPD {opd} berakhir {end.on} dan dilanjutkan {into}.",
        f"OPD {opd} ended on {end.on}; {into} went on.",
    )


def opening_faults(command: OpenOpd, entry: Entry, today: date) -> Iterator[Fault]:
    """A code is not used again: neither after its OPD has ended nor from a date on which it will have."""
    if entry.end and not (entry.stands(today) and entry.stands(command.on)):
        pointer, indonesian, english = _over("/opd", command.opd, entry.end)
        yield (
            pointer,
            f"{indonesian} Kodenya tidak dipakai lagi; beri kode baru.",
            f"{english} Its code is not used again; give a new one.",
        )


def arranging_faults(command: ArrangeUnit, entry: Entry | None) -> Iterator[Fault]:
    """A unit is arranged in an OPD that exists when the arrangement begins."""
    if entry is None:
        yield (
            "/opd",
            f"OPD {command.opd} belum terdaftar di wilayah {command.region}.",
            f"OPD {command.opd} is not in the register of region {command.region}.",
        )
    elif entry.end and not entry.stands(command.valid_from):
        _, indonesian, english = _over("", command.opd, entry.end)
        yield (
            "/valid_from",
            f"{indonesian} Unit tidak dapat diatur mulai {command.valid_from}.",
            f"{english} No unit of it can be arranged from {command.valid_from} on.",
        )


def names(register: Register, today: date) -> Sequence[str]:
    """The OPD that exist today, for all that is known."""
    return [opd for opd, entry in register.items() if entry.stands(today)]
