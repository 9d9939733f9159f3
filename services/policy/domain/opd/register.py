"""Keeps the register of OPD and decides on openings. An OPD that ended keeps its code: it is never used again. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from services.policy.domain.calendar import CalendarState, calendar_change
from services.policy.domain.instruments.decision import changes_for_new_opd
from services.policy.domain.instruments.effective_policy import EffectivePolicy
from services.policy.domain.instruments.lifecycle import Instruments
from services.policy.domain.opd_commands import OpenOpd
from services.policy.domain.reference_data.unit_types import unit_types_of
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Day, Fact, Region, Value
from shared.domain.facts.policy import OpdMerged, OpdOpened, OpdSplit, PolicyChanged
from shared.domain.messages import Message

OpdEnd = OpdMerged | OpdSplit


class OpdEntry(NamedTuple):
    """An OPD of the register: the event that opened it, and the event that ended it, if any."""

    opened: OpdOpened
    end: OpdEnd | None

    def exists_on(self, day: date) -> bool:
        """Return False from the recorded end on. The opening date does not count: it may be recorded afterwards."""
        return self.end is None or day < self.end.on


Register = Mapping[str, OpdEntry]
"""The entries of a region by the code of the OPD."""


@dataclass(frozen=True, slots=True)
class OpdState:
    """The state of the stream `policy/{region}/{opd}`: its entry in the register, and its last published policy."""

    entry: OpdEntry
    policy: PolicyChanged | None = None


def evolve_opd(state: OpdState, fact: Fact) -> OpdState:
    """Return the state after one more event. Unknown events change nothing."""
    match fact:
        case OpdMerged() | OpdSplit():
            return replace(state, entry=state.entry._replace(end=fact))
        case PolicyChanged():
            return replace(state, policy=fact)
    return state


class OpdOutcome(Value):
    """How an OPD ended: MERGED or SPLIT, its successors, and the first day without it."""

    how: str
    into: tuple[str, ...]
    on: Day


class RegisterEntry(Value):
    """An OPD as readers of the register get it; `became`: how it ended, with its successors."""

    region: Region
    opd: str
    name: str
    on: Day
    kinds: tuple[str, ...]
    became: OpdOutcome | None


def register_entry(entry: OpdEntry) -> RegisterEntry:
    """Return an entry of the register as its readers get it."""
    end = entry.end
    how = "MERGED" if isinstance(end, OpdMerged) else "SPLIT"
    became = OpdOutcome(how=how, into=successors(end), on=end.on) if end else None
    return RegisterEntry(**entry.opened.model_dump(), became=became)


def successors(end: OpdEnd) -> tuple[str, ...]:
    """Return the OPD that take over the duties of an OPD that ended."""
    return end.into if isinstance(end, OpdSplit) else (end.into,)


def existing_opds(register: Register, day: date) -> Sequence[str]:
    """Return the codes of the OPD that have not ended on a day."""
    return [opd for opd, entry in register.items() if entry.exists_on(day)]


def open_opd(
    command: OpenOpd, state: OpdState | None, instruments: Instruments, calendar: CalendarState, today: date
) -> Sequence[Fact]:
    """Open an OPD and publish its policy; `[]` if it is open. Raise `Invalid` if its code was used before."""
    if state:
        raise_if_any(_opening_errors(command, state.entry, today))
        return []
    kinds = command.kinds or unit_types_of(command.opd, command.name)
    opened = OpdOpened(**command.model_dump(exclude={"kinds"}), kinds=kinds)
    holidays = calendar.holidays
    changes = [calendar_change(holidays, today)] if holidays else []
    changes += changes_for_new_opd(instruments, command.opd, today)
    # a new OPD gets one revision only: its rules are those after the last change
    return [opened, *EffectivePolicy(instruments, holidays).policy_changed_events(opened, changes[-1:])]


def _opening_errors(command: OpenOpd, entry: OpdEntry, today: date) -> Iterator[FieldError]:
    """Report a code that is used again, today or on the date of the opening, after its OPD has ended."""
    if entry.end and not (entry.exists_on(today) and entry.exists_on(command.on)):
        pointer, ended = ended_error("/opd", command.opd, entry.end)
        yield FieldError(pointer, Message("{ended} Kodenya tidak dipakai lagi; beri kode baru.", ended=ended))


def ended_error(pointer: str, opd: str, end: OpdEnd) -> FieldError:
    """Return the error that an OPD has ended, with its successors."""
    into = ", ".join(successors(end))
    return FieldError(
        pointer, Message("OPD {opd} berakhir {on} dan dilanjutkan {into}.", opd=opd, on=end.on, into=into)
    )
