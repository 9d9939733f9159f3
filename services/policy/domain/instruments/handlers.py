"""Every decision on the instruments of a region, by its command. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.policy.domain import commands
from services.policy.domain.commands import InstrumentCommand
from services.policy.domain.instruments import enactment as enacting
from services.policy.domain.instruments import transitions as turning
from services.policy.domain.instruments.decision import Desk, Told

DECISIONS: Mapping[type, Callable[[Any, Desk], Sequence[Told]]] = {
    commands.DraftInstrument: enacting.draft,
    commands.EnactInstrument: enacting.enact,
    commands.AmendInstrument: enacting.amend,
    commands.ScheduleInstrument: enacting.schedule,
    commands.SuspendInstrument: turning.suspend,
    commands.ResumeInstrument: turning.resume,
    commands.RevokeInstrument: turning.revoke,
    commands.ApproveDays: turning.approve,
    commands.DeclineRecommendation: turning.decline,
    commands.RecordDue: turning.reach,
}


def decided(command: InstrumentCommand, desk: Desk) -> Sequence[Told]:
    """What a command makes; nothing if it is so already. Raises `Invalid`."""
    return DECISIONS[type(command)](command, desk)
