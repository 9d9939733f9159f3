"""Decides how an OPD ends: it is merged into another OPD, or split into several. Pure."""

from collections.abc import Iterator
from datetime import date

from services.policy.domain.opd.register import OpdEnd, OpdEntry, Register, ended_error, successors
from services.policy.domain.opd_commands import MergeOpd, SplitOpd
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.policy import OpdMerged, OpdSplit
from shared.domain.messages import Message


def close_opd(command: MergeOpd | SplitOpd, register: Register) -> OpdEnd | None:
    """Return the event that ends an OPD; None if it is already recorded. Raise `Invalid` if it cannot end so."""
    end = _end(command)
    entry = register.get(command.opd)
    if entry and entry.end == end:
        return None
    raise_if_any(_closing_errors(command.opd, command.on, entry))
    raise_if_any([*_successors_errors(end, register), *_inherited_duty_errors(end, register)])
    return end


def _end(command: MergeOpd | SplitOpd) -> OpdEnd:
    event = OpdMerged if isinstance(command, MergeOpd) else OpdSplit
    return event(**command.model_dump())


def _closing_errors(opd: str, on: date, entry: OpdEntry | None) -> Iterator[FieldError]:
    if entry is None:
        yield FieldError("/opd", Message("OPD {opd} belum terdaftar.", opd=opd))
    elif entry.end:
        yield ended_error("/opd", opd, entry.end)
    elif on <= entry.opened.on:
        yield FieldError(
            "/on", Message("OPD {opd} baru ada sejak {on}; akhirnya harus sesudah itu.", opd=opd, on=entry.opened.on)
        )


def _successors_errors(end: OpdEnd, register: Register) -> Iterator[FieldError]:
    for number, successor in enumerate(successors(end)):
        pointer = f"/into/{number}" if isinstance(end, OpdSplit) else "/into"
        if successor in successors(end)[:number]:
            yield FieldError(pointer, Message("OPD {successor} tertulis dua kali.", successor=successor))
        if successor == end.opd:
            yield FieldError(
                pointer,
                Message(
                    "OPD {successor} tidak dapat menjadi penerus dirinya sendiri; yang tetap ada tidak berakhir.",
                    successor=successor,
                ),
            )
            continue
        yield from _successor_errors(pointer, successor, end.on, register.get(successor))


def _successor_errors(pointer: str, successor: str, on: date, entry: OpdEntry | None) -> Iterator[FieldError]:
    if entry is None:
        yield FieldError(
            pointer,
            Message("OPD {successor} belum terdaftar; daftarkan dahulu sebelum menjadi penerus.", successor=successor),
        )
    elif entry.end and entry.end.on <= on:
        yield ended_error(pointer, successor, entry.end)
    elif entry.opened.on > on:
        yield FieldError(
            pointer,
            Message(
                "OPD {successor} baru ada sejak {on}, sesudah {end}.", successor=successor, on=entry.opened.on, end=on
            ),
        )


def _inherited_duty_errors(end: OpdEnd, register: Register) -> Iterator[FieldError]:
    """Report an end that is not after the date on which the OPD takes over the duties of another."""
    for predecessor, entry in register.items():
        if entry.end and end.opd in successors(entry.end) and entry.end.on >= end.on:
            yield FieldError(
                "/on",
                Message(
                    "OPD {opd} menerima tugas {predecessor} pada {on}, jadi tidak dapat berakhir {end}.",
                    opd=end.opd,
                    predecessor=predecessor,
                    on=entry.end.on,
                    end=end.on,
                ),
            )
