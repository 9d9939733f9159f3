"""Decides what service a unit of an OPD must provide. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.policy.domain.opd.register import OpdEntry, ended_error
from services.policy.domain.opd_commands import ArrangeUnit
from services.policy.domain.reference_data.unit_types import unit_types_of
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged
from shared.domain.messages import Message


@dataclass(frozen=True, slots=True)
class ArrangementState:
    """The state of the stream `arrangement/{region}/{opd}/{unit}`: all arrangements of a unit as they were recorded."""

    arrangements: tuple[ArrangementChanged, ...] = ()

    @property
    def last(self) -> ArrangementChanged | None:
        """The arrangement that was recorded last."""
        return self.arrangements[-1] if self.arrangements else None


def evolve_arrangement(state: ArrangementState, fact: Fact) -> ArrangementState:
    """Return the state after one more event. Unknown events change nothing."""
    return ArrangementState((*state.arrangements, fact)) if isinstance(fact, ArrangementChanged) else state


def arrange_unit(command: ArrangeUnit, state: ArrangementState, opd: OpdEntry | None) -> Sequence[ArrangementChanged]:
    """Record an arrangement; `[]` if it is the last recorded one. Raise `Invalid` if the OPD does not exist by then."""
    raise_if_any(_arrangement_errors(command, opd))
    unit_types = command.kinds or unit_types_of(command.unit, command.name)
    kinds = tuple(dict.fromkeys([*unit_types, *(opd.opened.kinds if opd else ())]))
    fact = ArrangementChanged.model_validate({**command.model_dump(by_alias=True), "kinds": kinds})
    # Only the last one is compared: an earlier arrangement may be recorded again to undo a change.
    return [] if state.last == fact else [fact]


def _arrangement_errors(command: ArrangeUnit, opd: OpdEntry | None) -> Iterator[FieldError]:
    if opd is None:
        yield FieldError(
            "/opd", Message("OPD {opd} belum terdaftar di wilayah {region}.", opd=command.opd, region=command.region)
        )
    elif opd.end and not opd.exists_on(command.valid_from):
        _, ended = ended_error("", command.opd, opd.end)
        yield FieldError(
            "/valid_from",
            Message("{ended} Unit tidak dapat diatur mulai {valid_from}.", ended=ended, valid_from=command.valid_from),
        )
