"""The store's tables: what a batch must see under the lock, and what it leaves there."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from shared.domain import envelope
from shared.domain.batch import Head, Ledger
from shared.domain.decider import Answer, Command, Diverged, EventRef, Outcome
from shared.domain.envelope import Sealed
from shared.event_store.database import Connection
from shared.event_store.stream_cache import Streams

S = TypeVar("S")

KEYS = "SELECT principal, key, fingerprint, answer, version, position FROM command_key WHERE key IN :keys"
HEADS = "SELECT source, sequence, recorded, chain FROM head WHERE source IN :sources"
KNOWN = (
    "SELECT first.id, one.id, one.type, one.stream, one.version, one.sequence FROM event first JOIN event one"
    " ON one.source = first.source"
    " AND one.sequence >= first.sequence AND one.sequence < first.sequence + first.together"
    " WHERE first.id IN :ids ORDER BY one.sequence"
)
ADD_EVENT = (
    "INSERT INTO event VALUES (:source, :sequence, :stream, :version, :id, :type, :partition_key, :together, :body)"
)
ADD_KEY = "INSERT INTO command_key VALUES (:key, :principal, :fingerprint, :answer, :version, :position)"
SET_HEAD = (
    "INSERT INTO head VALUES (:source, :sequence, :recorded, :chain)"
    " ON CONFLICT (source) DO UPDATE"
    " SET sequence = excluded.sequence, recorded = excluded.recorded, chain = excluded.chain"
)

_answers = TypeAdapter(Answer)


def load(connection: Connection, batch: Sequence[Command[S]], service: str, streams: Streams[S]) -> Ledger[S]:
    """Everything the batch refers to, read under the lock."""
    reads = {read for command in batch for read in command.reads}
    folders = {read for read in reads if read.endswith("/")}
    return Ledger(
        streams=streams.load(connection, reads - folders | {command.stream for command in batch}, folders),
        heads=_heads(connection, {envelope.source(command.region, service) for command in batch}),
        answered=_answered(connection, {command.key for command in batch}),
        known=_known(connection, {str(command.event_id) for command in batch if command.event_id}),
    )


def _heads(connection: Connection, sources: set[str]) -> dict[str, Head]:
    return {
        source: Head(sequence, datetime.fromisoformat(recorded), chain)
        for source, sequence, recorded, chain in connection.execute(HEADS, sources=sorted(sources))
    }


def _answered(connection: Connection, keys: set[str]) -> dict[tuple[str, str], tuple[str, Outcome]]:
    return {
        (principal, key): (fingerprint, Outcome(_answers.validate_json(answer), version, position))
        for principal, key, fingerprint, answer, version, position in connection.execute(KEYS, keys=sorted(keys))
    }


def _known(connection: Connection, ids: set[str]) -> dict[UUID, Outcome]:
    refs: dict[UUID, list[EventRef]] = {}
    for first, id_, type_, stream, version, sequence in connection.execute(KNOWN, ids=sorted(ids)) if ids else ():
        refs.setdefault(UUID(first), []).append(EventRef(UUID(id_), type_, stream, version, sequence))
    return {
        first: Outcome(
            _again(tuple(told)), max(r.streamversion for r in told if r.subject == told[0].subject), told[-1].sequence
        )
        for first, told in refs.items()
    }


def _again(refs: tuple[EventRef, ...]) -> Answer:
    return Answer(409 if any(envelope.FACTS[ref.type].REFUSAL for ref in refs) else 201, refs)


def save(connection: Connection, ledger: Ledger[S]) -> None:
    """Write what settling added."""
    connection.many(ADD_EVENT, (row for sealed in ledger.appended for row in _event_rows(sealed)))
    connection.many(SET_HEAD, _head_rows(ledger))
    connection.many(ADD_KEY, (_key_row(command, outcome) for command, outcome in ledger.noted))


def restore(source: str, bodies: Sequence[bytes], connection: Connection) -> None:
    """Append events as they stand in the log. Raises `Diverged` where one does not follow its predecessor."""
    restored: Ledger[None] = Ledger({}, _heads(connection, {source}), {}, {})
    for body in bodies:
        event, head = envelope.decode(body), restored.heads.get(source, Head())
        if event.source != source or event.sequence != head.sequence + 1 or not envelope.chain_holds(body, head.chain):
            raise Diverged(
                f"Event {event.sequence} of the log does not follow event {head.sequence} of the store {source}: they "
                "have gone different ways. Nothing was changed; restore a copy that ends before they part."
            )
        restored.heads[source] = Head(event.sequence, event.recordedtime, event.chain)
        restored.appended.append([Sealed(event, body)])
    save(connection, restored)


def _event_rows(sealed: Sequence[Sealed]) -> Iterator[dict[str, object]]:
    """The first event of a command tells how many were decided together."""
    for event, body in sealed:
        yield {
            "source": event.source,
            "sequence": event.sequence,
            "stream": event.subject,
            "version": event.streamversion,
            "id": str(event.id),
            "type": event.type,
            "partition_key": event.partitionkey,
            "together": len(sealed) if event is sealed[0].event else 1,
            "body": body.decode(),
        }


def _head_rows(ledger: Ledger[S]) -> Iterator[dict[str, object]]:
    for source in {sealed[0].event.source for sealed in ledger.appended}:
        head = ledger.heads[source]
        yield {
            "source": source,
            "sequence": head.sequence,
            "recorded": head.recorded.isoformat(),
            "chain": head.chain,
        }


def _key_row(command: Command[S], outcome: Outcome) -> dict[str, object]:
    return {
        "key": command.key,
        "principal": command.principal,
        "fingerprint": command.fingerprint,
        "answer": _answers.dump_json(outcome.answer).decode(),
        "version": outcome.version,
        "position": outcome.position,
    }
