"""Each command of a batch in turn, as if it were alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID, uuid5

from shared.domain import envelope
from shared.domain.decider import Answer, Command, Context, Decider, EventRef, KeyReused, Outcome, VersionConflict
from shared.domain.envelope import Event, Sealed
from shared.domain.facts.base import Fact, Invalid

S = TypeVar("S")

LARGEST = 512 * 1024
"""Bytes of an event (design 3-contracts)."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """The end of a source's log."""

    sequence: int = 0
    recorded: datetime = BEGINNING
    chain: str = envelope.FIRST_CHAIN


@dataclass
class Ledger(Generic[S]):
    """What a transaction saw under the lock, and what it adds."""

    streams: dict[str, tuple[S, int]]
    heads: dict[str, Head]
    answered: dict[tuple[str, str], tuple[str, Outcome]]
    known: dict[UUID, Outcome]
    appended: list[list[Sealed]] = field(default_factory=list)
    noted: list[tuple[Command[S], Outcome]] = field(default_factory=list)


@dataclass(frozen=True)
class Desk(Generic[S]):
    """Who decides: the service, its decider, and what it may know."""

    service: str
    decider: Decider[S]
    context: Context


def decide_batch(batch: Sequence[Command[S]], ledger: Ledger[S], desk: Desk[S]) -> list[Outcome | Exception]:
    """Answer every command, growing the ledger; a faulty one adds nothing and hurts no other."""
    outcomes: list[Outcome | Exception] = []
    for command in batch:
        try:
            outcomes.append(_settle_one(command, ledger, desk))
        except Exception as failure:  # noqa: BLE001 its own sender gets it
            outcomes.append(failure)
    return outcomes


def _settle_one(command: Command[S], ledger: Ledger[S], desk: Desk[S]) -> Outcome:
    if (command.principal, command.key) in ledger.answered:
        fingerprint, outcome = ledger.answered[command.principal, command.key]
        if fingerprint != command.fingerprint:
            raise KeyReused(command.key)
        return replace(outcome, replayed=True)
    if command.event_id in ledger.known:
        return replace(_note(command, ledger, ledger.known[command.event_id]), replayed=True)
    actual = ledger.streams.get(command.stream, (None, 0))[1]
    if command.expected is not None and command.expected != actual:
        raise VersionConflict(command.expected, actual)
    decided = command.decide(_states(command, ledger, desk.decider.initial), desk.context)
    return _note(command, ledger, _append(command, ledger, desk, decided))


def _note(command: Command[S], ledger: Ledger[S], outcome: Outcome) -> Outcome:
    ledger.answered[command.principal, command.key] = (command.fingerprint, outcome)
    ledger.noted.append((command, outcome))
    return outcome


def _states(command: Command[S], ledger: Ledger[S], initial: S) -> dict[str, S]:
    folders = tuple(read for read in command.reads if read.endswith("/"))
    named = (command.stream, *(read for read in command.reads if not read.endswith("/")))
    below = (stream for stream in ledger.streams if stream.startswith(folders)) if folders else ()
    return {stream: ledger.streams.get(stream, (initial, 0))[0] for stream in (*named, *below)}


def _append(command: Command[S], ledger: Ledger[S], desk: Desk[S], decided: Mapping[str, Sequence[Fact]]) -> Outcome:
    """Give each fact its version, place and chain; the ledger grows only if all of them hold."""
    source = envelope.source(command.region, desk.service)
    head = ledger.heads.get(source, Head())
    first = command.event_id or desk.context.new_id()
    grown: dict[str, tuple[S, int]] = {}
    sealed: list[Sealed] = []
    for stream, fact in ((stream, fact) for stream, facts in decided.items() for fact in facts):
        _refuse_strangers(command, stream, fact)
        state, version = grown.get(stream) or ledger.streams.get(stream, (desk.decider.initial, 0))
        grown[stream] = (desk.decider.evolve(state, fact), version + 1)
        event_id = uuid5(first, f"{envelope.name(fact.TYPE)}/{stream}/{version + 1}") if sealed else first
        sealed.append(_fitting(_seal(fact, event_id, source, stream, version + 1, head, desk.context.now)))
        head = Head(head.sequence + 1, sealed[-1].event.recordedtime, sealed[-1].event.chain)
    ledger.streams |= grown
    outcome = Outcome(_answer(sealed), ledger.streams.get(command.stream, (None, 0))[1], head.sequence)
    if sealed:
        ledger.heads[source] = head
        ledger.known[first] = outcome
        ledger.appended.append(sealed)
    return outcome


def _refuse_strangers(command: Command[S], stream: str, fact: Fact) -> None:
    if fact.region != command.region:
        raise ValueError(f"a command of region {command.region} decided a fact of region {fact.region}")
    if stream != command.stream and not any(
        stream.startswith(read) if read.endswith("/") else stream == read for read in command.reads
    ):
        raise ValueError(f"{stream} was decided on without having been read")


def _fitting(sealed: Sealed) -> Sealed:
    """An event that no reader would take is not stored: the whole command is refused."""
    size = len(sealed.body)
    if size > LARGEST:
        name = envelope.name(sealed.event.type)
        raise Invalid(
            "",
            f"{name} akan berukuran {size // 1024} kB; paling besar {LARGEST // 1024} kB. Bagilah isinya.",
            f"{name} would have {size // 1024} kB; at most {LARGEST // 1024} kB. Divide what it says.",
        )
    return sealed


def _seal(fact: Fact, event_id: UUID, source: str, stream: str, version: int, head: Head, now: datetime) -> Sealed:
    event = Event(
        id=event_id,
        source=source,
        type=fact.TYPE,
        subject=stream,
        time=fact.happened(now).astimezone(UTC),
        recordedtime=max(head.recorded, now),
        sequence=head.sequence + 1,
        streamversion=version,
        partitionkey=fact.partition_key,
        data=fact,
    )
    return envelope.seal(event, head.chain)


def _answer(sealed: Sequence[Sealed]) -> Answer:
    refs = tuple(EventRef(e.id, e.type, e.subject, e.streamversion, e.sequence) for e, _ in sealed)
    refused = any(event.data.REFUSAL for event, _ in sealed)
    return Answer(409 if refused else 201 if refs else 200, refs)
