"""A whole sheet decided as one: every OPD and unit of it in turn, or nothing. Pure.

One transaction, so that a file is never stored in part; whatever it says that stands already changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce

from services.policy.domain import decider
from services.policy.domain.commands import OpenOpd, PolicyCommand
from services.policy.domain.decider import Facts, State, States
from services.policy.domain.opd_register import Entry
from services.policy.domain.register_import.columns import at, missed, refuse
from services.policy.domain.register_import.sheet import Agency, Arranged, Sheet
from services.policy.domain.validation.rule_errors import Fault, raised
from shared.domain.decider import Context
from shared.domain.facts.base import Fact, Invalid, Value

COLUMN_OF: Mapping[str, str] = {"/opd": "opd", "/valid_from": "berlaku_dari", "/valid_to": "berlaku_sampai"}
"""Where a fault of a command stands in its row."""

Told = Callable[[int, int], object]
"""Hears how many of how many OPD and units are decided."""


class Tally(Value):
    """What an import changed, or would change: OPD by code, units as `{opd}/{unit}`."""

    opd_new: tuple[str, ...]
    opd_unchanged: int
    units_new: tuple[str, ...]
    units_changed: tuple[str, ...]
    units_unchanged: int


def stream(sheet: Sheet) -> str:
    """The primary stream: what binds the region, which every OPD that is opened hears."""
    return f"instruments/{sheet.region}"


def reads(sheet: Sheet) -> tuple[str, ...]:
    """The calendar, the OPD of the sheet, and all units of those; no other."""
    own = [f"policy/{sheet.region}/{agency.opd}" for agency in sheet.agencies]
    units = {f"arrangement/{sheet.region}/{unit.command.opd}/" for unit in sheet.units}
    return (f"calendar/{sheet.region}", *own, *sorted(units))


def decide(sheet: Sheet, states: States, context: Context, told: Told | None = None) -> Facts:
    """The facts of all commands, each seeing those before it. Raises `Invalid` with the rows of every fault."""
    seen: dict[str, State] = defaultdict(lambda: decider.initial, states)
    facts: dict[str, list[Fact]] = {}
    found: list[Fault] = []
    faulty = set[str]()
    steps: list[Agency | Arranged] = [*sheet.agencies, *sheet.units]
    for number, step in enumerate(steps, 1):
        if isinstance(step, Arranged) and step.command.opd in faulty:
            continue
        try:
            decided = _decided(step, sheet.region, seen, context)
        except Invalid as refused:
            found += _placed(step, refused)
            faulty |= {step.opd} if isinstance(step, Agency) else set()
            continue
        for name, more in decided.items():
            facts.setdefault(name, []).extend(more)
            seen[name] = reduce(decider.evolve, more, seen[name])
        if told:
            told(number, len(steps))
    refuse(found)
    return facts


def _decided(step: Agency | Arranged, region: str, seen: dict[str, State], context: Context) -> Facts:
    if isinstance(step, Arranged):
        return decider.decide(step.command, seen, context)
    command = _opening(step, region, seen[f"policy/{region}/{step.opd}"].entry)
    return decider.decide(command, seen, context) if command else {}


def _opening(agency: Agency, region: str, entry: Entry | None) -> PolicyCommand | None:
    """The command that opens an OPD, or None for one that stands in the register as the sheet says."""
    if entry:
        raised(_unlike(agency, entry))
        return None
    missing = {"nama_opd": agency.name, "opd_sejak": agency.on}
    raised((column, *missed(0, column)[1:]) for column, value in missing.items() if value is None)
    return OpenOpd.model_validate({"region": region, "opd": agency.opd, "name": agency.name, "on": agency.on})


def _unlike(agency: Agency, entry: Entry) -> Iterator[Fault]:
    for column, asked, known in (
        ("nama_opd", agency.name, entry.opened.name),
        ("opd_sejak", agency.since, entry.opened.on),
    ):
        if asked not in {None, known}:
            yield (column, f"Di register tertulis {known}.", f"The register has {known}.")


def _placed(step: Agency | Arranged, refused: Invalid) -> Iterator[Fault]:
    row = step.row if isinstance(step, Agency) else step.rows[0]
    for fault in refused.faults:
        column = COLUMN_OF.get(fault.pointer, "unit" if fault.pointer.startswith("/") else fault.pointer)
        yield (at(row, column), fault.indonesian, fault.english)


def tally(sheet: Sheet, changed: Iterable[tuple[str, int]]) -> Tally:
    """What changed, by (stream, version of the fact there)."""
    first = dict(reversed([*changed]))
    opd = [a.opd for a in sheet.agencies if first.get(f"policy/{sheet.region}/{a.opd}") == 1]
    names = {f"{u.command.opd}/{u.command.unit}": f"arrangement/{sheet.region}/" for u in sheet.units}
    units = {name: first[folder + name] for name, folder in names.items() if folder + name in first}
    return Tally(
        opd_new=tuple(opd),
        opd_unchanged=len(sheet.agencies) - len(opd),
        units_new=tuple(name for name, version in units.items() if version == 1),
        units_changed=tuple(name for name, version in units.items() if version > 1),
        units_unchanged=len(names) - len(units),
    )
