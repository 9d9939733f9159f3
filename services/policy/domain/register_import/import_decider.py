"""Decides the import of a whole sheet as one command: all of its OPD and units, or nothing.

A file is one transaction, so it is never stored in part. Rows that repeat what is recorded already change nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce

from services.policy.domain import decider
from services.policy.domain.decider import FactsByStream, State, States
from services.policy.domain.opd.register import OpdEntry
from services.policy.domain.opd_commands import OpenOpd
from services.policy.domain.register_import.sheet import ParsedOpd, ParsedUnit, RegisterSheet
from shared.domain.decider import Context
from shared.domain.errors import FieldError, Invalid, raise_if_any
from shared.domain.facts.base import Fact, Value
from shared.domain.messages import Message
from shared.domain.sheets.layout import cell_pointer, missing_value, raise_row_errors

COLUMN_OF_POINTER: Mapping[str, str] = {"/opd": "opd", "/valid_from": "berlaku_dari", "/valid_to": "berlaku_sampai"}
"""The column of the sheet that an error pointer of a command refers to."""

ProgressCallback = Callable[[int, int], object]
"""Receives the number of OPD and units that are decided so far, and the number of all."""


class ImportSummary(Value):
    """The changes of an import, or of its dry run: OPD by code, units as `{opd}/{unit}`."""

    opd_new: tuple[str, ...]
    opd_unchanged: int
    units_new: tuple[str, ...]
    units_changed: tuple[str, ...]
    units_unchanged: int


def stream(sheet: RegisterSheet) -> str:
    """Return the primary stream: the instruments of the region, which bind each OPD from its opening on."""
    return f"instruments/{sheet.region}"


def reads(sheet: RegisterSheet) -> tuple[str, ...]:
    """Return the other streams to load: the calendar, the OPD of the sheet, and all units of these OPD."""
    opds = [f"policy/{sheet.region}/{opd.opd}" for opd in sheet.opds]
    units = {f"arrangement/{sheet.region}/{unit.command.opd}/" for unit in sheet.units}
    return (f"calendar/{sheet.region}", *opds, *sorted(units))


def decide(
    sheet: RegisterSheet, states: States, context: Context, on_progress: ProgressCallback | None = None
) -> FactsByStream:
    """Decide one command after another and return the events of all.

    Each command sees the events of those before it. Raise one `Invalid` with all errors, each with its row.
    """
    # The streams of new units are not among the loaded ones: they have no events yet.
    current: dict[str, State] = defaultdict(lambda: decider.initial, states)
    facts: dict[str, list[Fact]] = {}
    errors: list[FieldError] = []
    invalid_opds = set[str]()
    steps: list[ParsedOpd | ParsedUnit] = [*sheet.opds, *sheet.units]
    for number, step in enumerate(steps, 1):
        # Units of an OPD that was refused would only repeat its error.
        if isinstance(step, ParsedUnit) and step.command.opd in invalid_opds:
            continue
        try:
            decided = _decide_step(step, sheet.region, current, context)
        except Invalid as invalid:
            errors += _row_errors(step, invalid)
            invalid_opds |= {step.opd} if isinstance(step, ParsedOpd) else set()
            continue
        for name, events in decided.items():
            facts.setdefault(name, []).extend(events)
            current[name] = reduce(decider.evolve, events, current[name])
        if on_progress:
            on_progress(number, len(steps))
    raise_row_errors(errors)
    return facts


def _decide_step(
    step: ParsedOpd | ParsedUnit, region: str, current: dict[str, State], context: Context
) -> FactsByStream:
    if isinstance(step, ParsedUnit):
        return decider.decide(step.command, current, context)
    state = decider.opd_state(current[f"policy/{region}/{step.opd}"])
    command = _open_command(step, region, state.entry if state else None)
    return decider.decide(command, current, context) if command else {}


def _open_command(opd: ParsedOpd, region: str, entry: OpdEntry | None) -> OpenOpd | None:
    """Return the command that opens an OPD; None if the register has it already. Raise `Invalid` if they differ."""
    if entry:
        raise_if_any(_differences(opd, entry))
        return None
    required = {"nama_opd": opd.name, "opd_sejak": opd.on}
    raise_if_any(
        missing_value(0, column)._replace(pointer=column) for column, value in required.items() if value is None
    )
    return OpenOpd.model_validate({"region": region, "opd": opd.opd, "name": opd.name, "on": opd.on})


def _differences(opd: ParsedOpd, entry: OpdEntry) -> Iterator[FieldError]:
    for column, value, recorded in (
        ("nama_opd", opd.name, entry.opened.name),
        ("opd_sejak", opd.since, entry.opened.on),
    ):
        if value not in {None, recorded}:
            yield FieldError(column, Message("Di register tertulis {recorded}.", recorded=recorded))


def _row_errors(step: ParsedOpd | ParsedUnit, invalid: Invalid) -> Iterator[FieldError]:
    """Yield the errors of a command as errors of its row; a pointer without a column becomes the column `unit`."""
    row = step.row if isinstance(step, ParsedOpd) else step.rows[0]
    for error in invalid.errors:
        # `_open_command` uses the name of a column as the pointer; the decider uses pointers that begin with `/`.
        column = COLUMN_OF_POINTER.get(error.pointer, "unit" if error.pointer.startswith("/") else error.pointer)
        yield error._replace(pointer=cell_pointer(row, column))


def import_summary(sheet: RegisterSheet, changed: Iterable[tuple[str, int]]) -> ImportSummary:
    """Summarize the events of an import, given as (stream, version of the event in its stream)."""
    # A dict keeps the last value of a key: reversed, this is the first event of each stream.
    first_versions = dict(reversed([*changed]))
    new_opds = [opd.opd for opd in sheet.opds if first_versions.get(f"policy/{sheet.region}/{opd.opd}") == 1]
    folders = {f"{unit.command.opd}/{unit.command.unit}": f"arrangement/{sheet.region}/" for unit in sheet.units}
    units = {name: first_versions[folder + name] for name, folder in folders.items() if folder + name in first_versions}
    return ImportSummary(
        opd_new=tuple(new_opds),
        opd_unchanged=len(sheet.opds) - len(new_opds),
        units_new=tuple(name for name, version in units.items() if version == 1),
        units_changed=tuple(name for name, version in units.items() if version > 1),
        units_unchanged=len(folders) - len(units),
    )
