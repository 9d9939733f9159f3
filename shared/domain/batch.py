"""Decides a batch of commands one after another, each as if it were alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID, uuid5

from shared.domain import envelope
from shared.domain.decider import (
    Context,
    Decider,
    EventRef,
    KeyReused,
    Outcome,
    StoreCommand,
    StoredAnswer,
    VersionConflict,
)
from shared.domain.envelope import Event, SealedEvent
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.messages import Message

S = TypeVar("S")

MAX_EVENT_BYTES = 512 * 1024
"""Maximum size of an event in bytes (docs/decisions/0014-instruments-as-data.md); a larger one refuses its command."""
BEFORE_FIRST_EVENT = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """The last event of a source: its sequence, recorded time and chain hash."""

    sequence: int = 0
    recorded: datetime = BEFORE_FIRST_EVENT
    chain: str = envelope.FIRST_CHAIN


@dataclass
class BatchState(Generic[S]):
    """What a transaction read under the lock, and what it will write.

    `streams`: state and version by stream; `heads`: last event by source; `answers`: fingerprint and outcome by
    (principal, key); `appended`: the events of each command that made any; `traceparents`: by event, if it is traced.
    """

    streams: dict[str, tuple[S, int]]
    heads: dict[str, Head]
    answers: dict[tuple[str, str], tuple[str, Outcome]]
    outcomes_by_event_id: dict[UUID, Outcome]
    appended: list[list[SealedEvent]] = field(default_factory=list)
    new_answers: list[tuple[StoreCommand[S], Outcome]] = field(default_factory=list)
    traceparents: list[tuple[Event, str]] = field(default_factory=list)


@dataclass(frozen=True)
class DecisionSetup(Generic[S]):
    """What all commands of a batch share: the service, its decider, and its context."""

    service: str
    decider: Decider[S]
    context: Context


def decide_batch(
    batch: Sequence[StoreCommand[S]], state: BatchState[S], setup: DecisionSetup[S]
) -> list[Outcome | Exception]:
    """Return the outcome of every command, or its exception, and add what was decided to `state`.

    A command that raises adds nothing and does not affect the others.
    """
    outcomes: list[Outcome | Exception] = []
    for command in batch:
        try:
            outcomes.append(_decide_one(command, state, setup))
        except Exception as failure:  # noqa: BLE001 - raised to the sender of this command only
            outcomes.append(failure)
    return outcomes


def _decide_one(command: StoreCommand[S], state: BatchState[S], setup: DecisionSetup[S]) -> Outcome:
    # The key is checked before the version: a repeated request still carries the version from before its first success.
    if (command.principal, command.key) in state.answers:
        fingerprint, outcome = state.answers[command.principal, command.key]
        if fingerprint != command.fingerprint:
            raise KeyReused(command.key)
        return replace(outcome, replayed=True)
    # A tap that is sent again under another key. Before `decide`, which might judge it differently by now.
    if command.event_id in state.outcomes_by_event_id:
        return replace(_record_answer(command, state, state.outcomes_by_event_id[command.event_id]), replayed=True)
    actual = state.streams.get(command.stream, (None, 0))[1]
    if command.expected_version is not None and command.expected_version != actual:
        raise VersionConflict(command.expected_version, actual)
    facts_by_stream = command.decide(_states_for(command, state, setup.decider.initial), setup.context)
    return _record_answer(command, state, _append(command, state, setup, facts_by_stream))


def _record_answer(command: StoreCommand[S], state: BatchState[S], outcome: Outcome) -> Outcome:
    state.answers[command.principal, command.key] = (command.fingerprint, outcome)
    state.new_answers.append((command, outcome))
    return outcome


def _states_for(command: StoreCommand[S], state: BatchState[S], initial: S) -> dict[str, S]:
    prefixes = tuple(read for read in command.reads if read.endswith("/"))
    names = (command.stream, *(read for read in command.reads if not read.endswith("/")))
    # Not only what the transaction read: also streams that an earlier command of this batch created.
    below = (stream for stream in state.streams if stream.startswith(prefixes)) if prefixes else ()
    return {stream: state.streams.get(stream, (initial, 0))[0] for stream in (*names, *below)}


def _append(
    command: StoreCommand[S],
    batch: BatchState[S],
    setup: DecisionSetup[S],
    facts_by_stream: Mapping[str, Sequence[Fact]],
) -> Outcome:
    """Give each fact its version, sequence and chain hash; add them to `batch` only if all of them are valid."""
    source = envelope.source(command.region, setup.service)
    head = batch.heads.get(source, Head())
    first_id = command.event_id or setup.context.new_id()
    streams: dict[str, tuple[S, int]] = {}
    sealed: list[SealedEvent] = []
    for stream, fact in ((stream, fact) for stream, facts in facts_by_stream.items() for fact in facts):
        _check_scope(command, stream, fact)
        state, version = streams.get(stream) or batch.streams.get(stream, (setup.decider.initial, 0))
        streams[stream] = (setup.decider.evolve(state, fact), version + 1)
        # Later ids are derived from the first, so that a repeated tap (the same `event_id`) gets the same ids.
        event_id = uuid5(first_id, f"{envelope.event_name(fact.TYPE)}/{stream}/{version + 1}") if sealed else first_id
        event = _seal(fact, event_id, source, stream, version + 1, head, setup.context.now)
        _check_size(event)
        sealed.append(event)
        head = Head(head.sequence + 1, event.event.recordedtime, event.event.chain)
    batch.streams |= streams
    # Without events this is the position of the source: whatever makes the command unnecessary is before it.
    outcome = Outcome(_answer(sealed), batch.streams.get(command.stream, (None, 0))[1], head.sequence)
    if sealed:
        batch.heads[source] = head
        batch.outcomes_by_event_id[first_id] = outcome
        _add_events(batch, sealed, command.traceparent)
    return outcome


def _add_events(batch: BatchState[S], sealed: list[SealedEvent], traceparent: str | None) -> None:
    batch.appended.append(sealed)
    batch.traceparents += [(event, traceparent) for event, _ in sealed if traceparent]


def _check_scope(command: StoreCommand[S], stream: str, fact: Fact) -> None:
    if fact.region != command.region:
        raise ValueError(f"a command of region {command.region} decided a fact of region {fact.region}")
    if stream != command.stream and not any(
        stream.startswith(read) if read.endswith("/") else stream == read for read in command.reads
    ):
        raise ValueError(f"a fact was decided for stream {stream}, which the command did not read")


def _check_size(sealed: SealedEvent) -> None:
    """Raise `Invalid` for an event that is too large for its readers; the whole command is then refused."""
    size = len(sealed.body)
    if size > MAX_EVENT_BYTES:
        name = envelope.event_name(sealed.event.type)
        raise Invalid(
            "",
            Message(
                "{name} akan berukuran {size} kB; paling besar {limit} kB. Bagilah isinya.",
                name=name,
                size=size // 1024,
                limit=MAX_EVENT_BYTES // 1024,
            ),
        )


def _seal(fact: Fact, event_id: UUID, source: str, stream: str, version: int, head: Head, now: datetime) -> SealedEvent:
    event = Event(
        id=event_id,
        source=source,
        type=fact.TYPE,
        subject=stream,
        time=fact.happened_at(now).astimezone(UTC),
        recordedtime=max(head.recorded, now),  # a clock can go back; the order of a source cannot
        sequence=head.sequence + 1,
        streamversion=version,
        partitionkey=fact.partition_key,
        data=fact,
    )
    return envelope.seal(event, head.chain)


def _answer(sealed: Sequence[SealedEvent]) -> StoredAnswer:
    refs = tuple(EventRef(e.id, e.type, e.subject, e.streamversion, e.sequence) for e, _ in sealed)
    refused = any(event.data.REFUSAL for event, _ in sealed)
    return StoredAnswer(409 if refused else 201 if refs else 200, refs)
