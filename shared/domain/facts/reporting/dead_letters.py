"""Defines the decisions about dead letters. They hold no bytes of the record, because these may be personal data."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Fact

TopicName = Annotated[str, StringConstraints(pattern=r"^piket\.[0-9]{2}([0-9]{2})?\.[a-z-]{1,40}\.v1$")]
"""The name of a Kafka topic of a region."""

PartitionNumber = Annotated[int, Field(ge=-1, lt=2**31)]
"""A partition number; -1: the record came from the feed of its owner, and its offset is the sequence there."""

RecordOffset = Annotated[int, Field(ge=0, lt=2**63)]
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,39}$")]
"""A short code of an open list, such as `UNKNOWN_TYPE`; never free text."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class DeadLetterDecision(Fact):
    """A decision about the record at one position, which a reader could not read.

    `unreadable` is the code of why it could not be read; `sha256` is the hash of the bytes of the letter.
    """

    topic: TopicName
    partition: PartitionNumber
    offset: RecordOffset
    unreadable: ReasonCode
    sha256: Sha256


class DeadLetterReplayed(DeadLetterDecision):
    """The event of the record was sent to its topic again, with its right key."""

    TYPE: ClassVar[str] = "id.piket.reporting.dead-letter-replayed.v1"


class DeadLetterDiscarded(DeadLetterDecision):
    """The record is not needed, for a reason of an open list such as `TEST_RECORD`."""

    TYPE: ClassVar[str] = "id.piket.reporting.dead-letter-discarded.v1"

    reason: ReasonCode


FACTS: tuple[type[Fact], ...] = (DeadLetterReplayed, DeadLetterDiscarded)
