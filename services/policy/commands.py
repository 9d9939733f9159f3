"""What somebody may want of policy: imperative, closed, and checked before anything is decided."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, assert_never

from pydantic import Field

from shared.facts.fact import Code, Command, Day, Function, Invalid, Region
from shared.facts.policy import Instrument, Post, Site

WEEKDAYS = frozenset({"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"})

LAYERS: Mapping[str, frozenset[int]] = {
    "NATIONAL": frozenset({2, 4}),
    "PROVINCE": frozenset({2}),
    "REGION": frozenset({4}),
}
"""The layers that may be enacted, and how many digits the codes of their regions have."""

Fault = tuple[str, str, str]
"""(pointer into the body, sentence in Indonesian, sentence in English)"""


class Enactment(Command):
    """A decree or circular. Published before today it binds from today, unless a function attests it."""

    instrument: Instrument
    published_attested_by: Function | None = None


class EnactInstrument(Enactment):
    """Enact an instrument in a region."""

    region: Region


class Revocation(Command):
    """The end of an instrument."""

    decided_on: Day
    published_on: Day
    effective_from: Day


class RevokeInstrument(Revocation):
    """End an instrument in a region."""

    region: Region
    instrument: str


class Opening(Command):
    """An agency of the register."""

    opd: Code
    name: str = Field(min_length=3, max_length=120)
    on: Day


class OpenOpd(Opening):
    """Enter an agency into the register of a region."""

    region: Region


class Arrangement(Command):
    """What one unit must provide."""

    unit: Code
    name: str = Field(min_length=1, max_length=120)
    class_: Literal["NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7"] = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = Field((), max_length=200)
    valid_from: Day
    valid_to: Day | None = None


class ArrangeUnit(Arrangement):
    """State what a unit of an OPD must provide."""

    region: Region
    opd: Code


PolicyCommand = EnactInstrument | RevokeInstrument | OpenOpd | ArrangeUnit


def check(command: PolicyCommand) -> None:
    """Raise `Invalid` for the first thing that a single command cannot mean: dates, weekdays, hours, zones."""
    for fault in _faults(command):
        raise Invalid(*fault)


def _faults(command: PolicyCommand) -> Iterator[Fault]:
    match command:
        case EnactInstrument(instrument=instrument):
            yield from _layer_faults(instrument.layer, command.region)
            yield from _instrument_faults(instrument)
        case RevokeInstrument() | OpenOpd():
            return
        case ArrangeUnit():
            yield from _arrangement_faults(command)
        case _:
            assert_never(command)


def _layer_faults(layer: str, region: str) -> Iterator[Fault]:
    if layer == "OPD":
        yield (
            "/instrument/layer",
            "Instrumen OPD belum dapat ditetapkan: rilis berikutnya menerimanya bersama OPD yang dituju.",
            "An instrument of an OPD cannot be enacted yet: a later release takes it with its target OPD.",
        )
    elif layer not in LAYERS:
        yield (
            "/instrument/layer",
            f"Lapis harus {', '.join(LAYERS)}.",
            f"The layer must be one of {', '.join(LAYERS)}.",
        )
    elif len(region) not in LAYERS[layer]:
        yield (
            "/instrument/layer",
            f"Lapis {layer} tidak berlaku di wilayah {region}: PROVINCE berkode dua angka, REGION empat angka.",
            f"Layer {layer} does not fit region {region}: PROVINCE has a code of two digits, REGION of four.",
        )


def _instrument_faults(instrument: Instrument) -> Iterator[Fault]:
    yield from _span_faults("/instrument/effective_to", instrument.effective_from, instrument.effective_to)
    if instrument.rules.pattern:
        yield from _weekday_faults("/instrument/rules/pattern/weekdays", instrument.rules.pattern.weekdays)


def _arrangement_faults(command: ArrangeUnit) -> Iterator[Fault]:
    yield from _span_faults("/valid_to", command.valid_from, command.valid_to)
    codes = [post.post for post in command.posts]
    for number, post in enumerate(command.posts):
        yield from _weekday_faults(f"/posts/{number}/weekdays", post.weekdays)
        if post.closes_minute <= post.opens_minute:
            yield (
                f"/posts/{number}/closes_minute",
                f"{post.post} harus tutup sesudah buka; tugas malam ditulis di atas menit 1440.",
                f"{post.post} must close after it opens; write a night beyond minute 1440.",
            )
        if codes.index(post.post) != number:
            yield (f"/posts/{number}/post", f"{post.post} tertulis dua kali.", f"{post.post} is written twice.")


def _span_faults(pointer: str, first: date, last: Day | None) -> Iterator[Fault]:
    if last and last < first:
        yield (pointer, f"Tanggal akhir {last} mendahului {first}.", f"The last date {last} lies before {first}.")


def _weekday_faults(pointer: str, weekdays: tuple[str, ...]) -> Iterator[Fault]:
    if not weekdays or not set(weekdays) <= WEEKDAYS:
        yield (pointer, "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN.")
