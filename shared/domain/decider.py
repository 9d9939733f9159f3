"""What is asked of a store and what it answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from shared.domain.facts.base import Fact

S = TypeVar("S")


class KeyReused(Exception):
    """An idempotency key came again with another body."""


class Diverged(Exception):
    """The log and the store tell different stories."""


class VersionConflict(Exception):
    """The primary stream is not at the version that the client saw."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"the stream is at version {actual}, not {expected}")
        self.expected = expected
        self.actual = actual


@dataclass(frozen=True)
class Context:
    """What a decider may know beside its streams: the instant, and new ids."""

    now: datetime
    new_id: Callable[[], UUID]


class Decider(Protocol[S]):
    """A service's decider module: how its streams begin and how a fact changes them."""

    @property
    def initial(self) -> S:
        """A stream without events."""

    def evolve(self, state: S, fact: Fact, /) -> S:
        """The stream after one more fact."""


class Transaction(Protocol):
    """An open transaction of the service's database."""

    def execute(self, sql: str, **values: object) -> Sequence[tuple[Any, ...]]:
        """Run one statement; the rows it gives, if any."""

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run one statement for each row of values."""


Decide = Callable[[Mapping[str, S], Context], Mapping[str, Sequence[Fact]]]


@dataclass(frozen=True)
class Command(Generic[S]):
    """A decision to make on one primary stream of one region.

    `reads` names further streams, or prefixes ending in `/` for all existing streams below; only what was read may be
    appended to. `event_id` is the id of the first event, where the request itself determines it. `beside` writes what
    belongs to the decision but is no event, in the same transaction, once: never for a replay or a failure. What it
    raises undoes the whole command.
    """

    region: str
    stream: str
    decide: Decide[S]
    principal: str
    key: str
    fingerprint: str
    reads: Sequence[str] = ()
    event_id: UUID | None = None
    expected: int | None = None
    beside: Callable[[Transaction], None] | None = None


class EventRef(NamedTuple):
    """Where an event of the answer stands."""

    id: UUID
    type: str
    subject: str
    streamversion: int
    sequence: int


@dataclass(frozen=True)
class Answer:
    """201 with its events, 409 if one of them is a refusal, 200 if there was nothing to do."""

    status: int
    events: tuple[EventRef, ...]


@dataclass(frozen=True)
class Outcome:
    """The answer, the primary stream's version, and the position to wait for."""

    answer: Answer
    version: int
    position: int
    replayed: bool = False
