"""Decides on a command on instruments: dispatches it, and checks the shares of the result. Pure."""

from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import assert_never

from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    DeclineRecommendation,
    DraftInstrument,
    EnactInstrument,
    InstrumentCommand,
    RecordDue,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments import enactment, transitions
from services.policy.domain.instruments.consistency import share_conflict_errors
from services.policy.domain.instruments.decision import Decision, DecisionContext
from services.policy.domain.instruments.lifecycle import InstrumentsState, apply_event
from shared.domain.errors import raise_if_any


def decide_instrument(
    command: InstrumentCommand, state: InstrumentsState, existing_opds: frozenset[str], today: date
) -> Sequence[Decision]:
    """Return what a command on an instrument decides; `[]` if nothing changes. Raise `Invalid`."""
    decisions = _dispatch(command, DecisionContext(state.instruments, existing_opds, today, state.declined))
    # only these can make an instrument bind on more dates, and so beside others
    if isinstance(command, EnactInstrument | AmendInstrument | ScheduleInstrument | ResumeInstrument):
        after = reduce(apply_event, (decision.fact for decision in decisions), state.instruments)
        raise_if_any(share_conflict_errors(state.instruments, after))
    return decisions


def _dispatch(  # noqa: C901, PLR0911 - one for each command
    command: InstrumentCommand, context: DecisionContext
) -> Sequence[Decision]:
    match command:
        case DraftInstrument():
            return enactment.draft(command, context)
        case EnactInstrument():
            return enactment.enact(command, context)
        case AmendInstrument():
            return enactment.amend(command, context)
        case ScheduleInstrument():
            return enactment.schedule(command, context)
        case SuspendInstrument():
            return transitions.suspend(command, context)
        case ResumeInstrument():
            return transitions.resume(command, context)
        case RevokeInstrument():
            return transitions.revoke(command, context)
        case ApproveDays():
            return transitions.approve(command, context)
        case DeclineRecommendation():
            return transitions.decline(command, context)
        case RecordDue():
            return transitions.record_due(command, context)
    assert_never(command)
