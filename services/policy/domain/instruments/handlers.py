"""Every decision on the instruments of a region, by its command. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.policy.domain import commands
from services.policy.domain.commands import InstrumentCommand
from services.policy.domain.instruments import enactment, transitions
from services.policy.domain.instruments.decision import Desk, Told

DECISIONS: Mapping[type, Callable[[Any, Desk], Sequence[Told]]] = {
    commands.DraftInstrument: enactment.draft,
    commands.EnactInstrument: enactment.enact,
    commands.AmendInstrument: enactment.amend,
    commands.ScheduleInstrument: enactment.schedule,
    commands.SuspendInstrument: transitions.suspend,
    commands.ResumeInstrument: transitions.resume,
    commands.RevokeInstrument: transitions.revoke,
    commands.ApproveDays: transitions.approve,
    commands.DeclineRecommendation: transitions.decline,
    commands.RecordDue: transitions.reach,
}


def decided(command: InstrumentCommand, desk: Desk) -> Sequence[Told]:
    """What a command makes; nothing if it is so already. Raises `Invalid`."""
    return DECISIONS[type(command)](command, desk)
