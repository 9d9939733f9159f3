"""Defines the commands of reporting: the decisions about dead letters."""

from shared.domain.facts.base import Command, Region
from shared.domain.facts.reporting.dead_letters import PartitionNumber, ReasonCode, RecordOffset, Sha256, TopicName


class DecideDeadLetter(Command):
    """A decision about the dead letter of one position; `unreadable` and `sha256` describe the letter."""

    region: Region
    topic: TopicName
    partition: PartitionNumber
    offset: RecordOffset
    unreadable: ReasonCode
    sha256: Sha256


class ReplayDeadLetter(DecideDeadLetter):
    """Record that the event of a dead letter was sent to its topic again."""


class DiscardDeadLetter(DecideDeadLetter):
    """Record that a dead letter is not needed, and why."""

    reason: ReasonCode


ReportingCommand = ReplayDeadLetter | DiscardDeadLetter
