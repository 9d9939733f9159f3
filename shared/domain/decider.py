"""Declares commands, deciders and outcomes: what an event store receives from a service and what it returns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from shared.domain.facts.base import Fact

S = TypeVar("S")


class KeyReused(Exception):
    """An idempotency key was used again for a different body."""


class Diverged(Exception):
    """The Kafka topic and the store hold different events at the same sequence."""


class VersionConflict(Exception):
    """The primary stream is not at the version that the client saw."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"the stream is at version {actual}, not {expected}")
        self.expected = expected
        self.actual = actual


@dataclass(frozen=True)
class Context:
    """What a decider may use besides its streams: the current instant, and a generator of event ids."""

    now: datetime
    new_id: Callable[[], UUID]


class Decider(Protocol[S]):
    """A service's decider module, as the store uses it: the initial state, and how a fact changes it."""

    @property
    def initial(self) -> S:
        """The state of a stream without events."""

    def evolve(self, state: S, fact: Fact, /) -> S:
        """Return the state after one more fact."""


class Transaction(Protocol):
    """An open transaction of the service's database."""

    def execute(self, sql: str, **values: object) -> Sequence[tuple[Any, ...]]:
        """Run one statement and return its rows, if any."""

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run one statement for each row of values."""


Decide = Callable[[Mapping[str, S], Context], Mapping[str, Sequence[Fact]]]
"""Decides a command: takes states by stream, returns the new facts by stream."""


@dataclass(frozen=True)
class StoreCommand(Generic[S]):
    """A decision to make on one primary stream of one region.

    `reads` names further streams, or prefixes that end in `/` for all existing streams below them; only streams that
    were read may be appended to. `event_id` is the id of the first event, if the request determines it. `also_write`
    writes rows that belong to the decision but are not events, once, in the same transaction: never for a replay or a
    failure. If it raises, the whole command is rolled back. `traceparent` is the W3C context of the request, if it is
    traced; it is stored beside the events, not in them.
    """

    region: str
    stream: str
    decide: Decide[S]
    principal: str
    key: str
    fingerprint: str
    reads: Sequence[str] = ()
    event_id: UUID | None = None
    expected_version: int | None = None
    also_write: Callable[[Transaction], None] | None = None
    traceparent: str | None = None


class EventRef(NamedTuple):
    """Identifies an event of the answer."""

    id: UUID
    type: str
    subject: str
    streamversion: int
    sequence: int


@dataclass(frozen=True)
class StoredAnswer:
    """The answer stored with an idempotency key: 201 with events, 409 if one is a refusal, 200 if nothing changed."""

    status: int
    events: tuple[EventRef, ...]


@dataclass(frozen=True)
class Outcome:
    """The answer, the version of the primary stream, and the sequence that a reader can wait for."""

    answer: StoredAnswer
    version: int
    position: int
    replayed: bool = False
