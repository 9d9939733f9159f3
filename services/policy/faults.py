"""What a single command cannot mean, named before anything is decided."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import assert_never

from services.policy.commands import (
    ArrangeUnit,
    DeclareHolidays,
    EnactInstrument,
    OpenOpd,
    PolicyCommand,
    RevokeInstrument,
)
from shared.facts.fact import Day, Invalid
from shared.facts.policy import Instrument, Pattern, Rules

WEEKDAYS = frozenset({"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"})

LAYERS: Mapping[str, frozenset[int]] = {
    "NATIONAL": frozenset({2, 4}),
    "PROVINCE": frozenset({2}),
    "REGION": frozenset({4}),
}
"""The layers that may be enacted, and how many digits the codes of their regions have."""

SHARE_OF = frozenset({"OPD", "UNIT"})
GROUPS = range(2, 11)

Fault = tuple[str, str, str]
"""(pointer into the body, sentence in Indonesian, sentence in English)"""


def check(command: PolicyCommand) -> None:
    """Raise `Invalid` for the first thing that a single command cannot mean: dates, patterns, shares, hours."""
    for fault in _faults(command):
        raise Invalid(*fault)


def _faults(command: PolicyCommand) -> Iterator[Fault]:
    match command:
        case EnactInstrument(instrument=instrument):
            yield from _layer_faults(instrument.layer, command.region)
            yield from _instrument_faults(instrument)
        case RevokeInstrument() | OpenOpd():
            return
        case DeclareHolidays(holidays=holidays):
            if not holidays:
                yield ("/holidays", "Sebutkan sedikitnya satu hari.", "Name at least one day.")
            yield from _twice("/holidays/{}/date", [str(holiday.date) for holiday in holidays])
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
        yield from _pattern_faults(instrument.rules.pattern, instrument.rules)
    if instrument.rules.share_of not in {None, *SHARE_OF}:
        yield ("/instrument/rules/share_of", "share_of harus OPD atau UNIT.", "share_of must be OPD or UNIT.")
    if instrument.rules.share_of and instrument.rules.max_share is None:
        yield (
            "/instrument/rules/share_of",
            "share_of mengatakan dari apa max_share dihitung; isi max_share juga.",
            "share_of says what max_share is a share of; give max_share too.",
        )


def _pattern_faults(pattern: Pattern, rules: Rules) -> Iterator[Fault]:
    if bool(pattern.weekdays) == (pattern.groups is not None):
        yield (
            "/instrument/rules/pattern",
            "Pola memakai hari tetap (weekdays) atau kelompok bergilir (groups): tepat satu.",
            "A pattern names weekdays or groups that take turns: exactly one of them.",
        )
    if pattern.groups is None:
        yield from _weekday_faults("/instrument/rules/pattern/weekdays", pattern.weekdays)
        return
    if pattern.groups not in GROUPS:
        yield (
            "/instrument/rules/pattern/groups",
            f"Jumlah kelompok harus {GROUPS[0]} sampai {GROUPS[-1]}.",
            f"The number of groups must be {GROUPS[0]} to {GROUPS[-1]}.",
        )
    if rules.max_share is None:
        yield (
            "/instrument/rules/max_share",
            "Kelompok bergilir memerlukan max_share: porsi terbesar di rumah pada satu hari.",
            "Groups that take turns need max_share: the greatest share at home on one day.",
        )


def _arrangement_faults(command: ArrangeUnit) -> Iterator[Fault]:
    yield from _span_faults("/valid_to", command.valid_from, command.valid_to)
    for number, post in enumerate(command.posts):
        yield from _weekday_faults(f"/posts/{number}/weekdays", post.weekdays)
        if post.closes_minute <= post.opens_minute:
            yield (
                f"/posts/{number}/closes_minute",
                f"{post.post} harus tutup sesudah buka; tugas malam ditulis di atas menit 1440.",
                f"{post.post} must close after it opens; write a night beyond minute 1440.",
            )
    yield from _twice("/posts/{}/post", [post.post for post in command.posts])


def _twice(pointer: str, written: Sequence[str]) -> Iterator[Fault]:
    for number, name in enumerate(written):
        if name in written[:number]:
            yield (pointer.format(number), f"{name} tertulis dua kali.", f"{name} is written twice.")


def _span_faults(pointer: str, first: date, last: Day | None) -> Iterator[Fault]:
    if last and last < first:
        yield (pointer, f"Tanggal akhir {last} mendahului {first}.", f"The last date {last} lies before {first}.")


def _weekday_faults(pointer: str, weekdays: tuple[str, ...]) -> Iterator[Fault]:
    if not weekdays or not set(weekdays) <= WEEKDAYS:
        yield (pointer, "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN.")
