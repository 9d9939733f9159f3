"""Decides the commands of reporting: what becomes of a dead letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from services.reporting.domain.commands import DiscardDeadLetter, ReplayDeadLetter, ReportingCommand
from services.reporting.domain.dead_letters import RecordPosition
from shared.domain.decider import Context
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.reporting.dead_letters import DeadLetterDecision, DeadLetterDiscarded, DeadLetterReplayed
from shared.domain.messages import Message

ALREADY_REPLAYED = Message(
    "Rekaman ini sudah dikirim ulang. Tidak ada yang disimpan; tidak ada lagi yang perlu diputuskan."
)


@dataclass(frozen=True, slots=True)
class State:
    """The state of one dead letter: the last decision about it, None while it is open."""

    decision: DeadLetterDecision | None = None

    def decision_about(self, sha256: str) -> DeadLetterDecision | None:
        """Return the last decision if it is about these bytes: after a topic was created again, others are there."""
        return self.decision if self.decision and self.decision.sha256 == sha256 else None


initial = State()


def evolve(state: State, fact: Fact) -> State:
    """Return the state after a fact."""
    return State(fact) if isinstance(fact, DeadLetterDecision) else state


def stream(command: ReportingCommand) -> str:
    """Return the primary stream: that of the position of the record."""
    return RecordPosition(command.region, command.topic, command.partition, command.offset).stream


def reads(command: ReportingCommand) -> tuple[str, ...]:
    """Return the further streams that a decision reads: none."""
    del command
    return ()


def decide(command: ReportingCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """Return the facts of a command by stream. Raises `Invalid` for a record that was replayed before.

    A discarded record may be replayed later, when a newer program can read it. A repeat makes no fact.
    """
    del context
    name = stream(command)
    before = states[name].decision_about(command.sha256)
    match command:
        case ReplayDeadLetter():
            replayed = DeadLetterReplayed.model_validate(command.model_dump())
            return {} if isinstance(before, DeadLetterReplayed) else {name: [replayed]}
        case DiscardDeadLetter():
            if isinstance(before, DeadLetterReplayed):
                raise Invalid("", ALREADY_REPLAYED)
            discarded = DeadLetterDiscarded.model_validate(command.model_dump())
            return {} if before else {name: [discarded]}
    assert_never(command)
