"""Reads from the store's tables what a batch needs, under the write lock, and writes what it decided."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from shared.domain import envelope
from shared.domain.batch import BatchState, Head
from shared.domain.decider import Diverged, EventRef, Outcome, StoreCommand, StoredAnswer
from shared.domain.envelope import SealedEvent
from shared.event_store.database import Connection
from shared.event_store.stream_cache import StreamCache

S = TypeVar("S")

# By key only, because `IN :keys` binds one column. `decide_batch` then looks up the pair (principal, key).
SELECT_ANSWERS = "SELECT principal, key, fingerprint, answer, version, position FROM command_key WHERE key IN :keys"
SELECT_HEADS = "SELECT source, sequence, recorded, chain FROM head WHERE source IN :sources"
SELECT_BY_FIRST_ID = (
    "SELECT first.id, one.id, one.type, one.stream, one.version, one.sequence FROM event first JOIN event one"
    " ON one.source = first.source"
    " AND one.sequence >= first.sequence AND one.sequence < first.sequence + first.together"
    " WHERE first.id IN :ids ORDER BY one.sequence"
)
"""All events of the commands whose first event has one of these ids, in the order in which they were decided."""
INSERT_EVENT = (
    "INSERT INTO event VALUES (:source, :sequence, :stream, :version, :id, :type, :partition_key, :together, :body)"
)
INSERT_ANSWER = "INSERT INTO command_key VALUES (:key, :principal, :fingerprint, :answer, :version, :position)"
INSERT_TRACE = "INSERT INTO event_trace VALUES (:source, :sequence, :traceparent)"
UPSERT_HEAD = (
    "INSERT INTO head VALUES (:source, :sequence, :recorded, :chain)"
    " ON CONFLICT (source) DO UPDATE"
    " SET sequence = excluded.sequence, recorded = excluded.recorded, chain = excluded.chain"
)

_answer_adapter = TypeAdapter(StoredAnswer)


def load_batch_state(
    connection: Connection, batch: Sequence[StoreCommand[S]], service: str, streams: StreamCache[S]
) -> BatchState[S]:
    """Read everything that the commands of a batch refer to."""
    reads = {read for command in batch for read in command.reads}
    prefixes = {read for read in reads if read.endswith("/")}
    return BatchState(
        streams=streams.load(connection, reads - prefixes | {command.stream for command in batch}, prefixes),
        heads=_load_heads(connection, {envelope.source(command.region, service) for command in batch}),
        answers=_load_answers(connection, {command.key for command in batch}),
        outcomes_by_event_id=_load_outcomes(
            connection, {str(command.event_id) for command in batch if command.event_id}
        ),
    )


def _load_heads(connection: Connection, sources: set[str]) -> dict[str, Head]:
    return {
        source: Head(sequence, datetime.fromisoformat(recorded), chain)
        for source, sequence, recorded, chain in connection.execute(SELECT_HEADS, sources=sorted(sources))
    }


def _load_answers(connection: Connection, keys: set[str]) -> dict[tuple[str, str], tuple[str, Outcome]]:
    rows = connection.execute(SELECT_ANSWERS, keys=sorted(keys))
    return {
        (principal, key): (fingerprint, Outcome(_answer_adapter.validate_json(answer), version, position))
        for principal, key, fingerprint, answer, version, position in rows
    }


def _load_outcomes(connection: Connection, ids: set[str]) -> dict[UUID, Outcome]:
    refs: dict[UUID, list[EventRef]] = {}
    rows = connection.execute(SELECT_BY_FIRST_ID, ids=sorted(ids)) if ids else []
    for first, id_, type_, stream, version, sequence in rows:
        refs.setdefault(UUID(first), []).append(EventRef(UUID(id_), type_, stream, version, sequence))
    return {
        first: Outcome(
            _rebuild_answer(tuple(events)),
            max(event.streamversion for event in events if event.subject == events[0].subject),
            events[-1].sequence,
        )
        for first, events in refs.items()
    }


def _rebuild_answer(refs: tuple[EventRef, ...]) -> StoredAnswer:
    return StoredAnswer(409 if any(envelope.FACT_TYPES[ref.type].REFUSAL for ref in refs) else 201, refs)


def save_batch_state(connection: Connection, state: BatchState[S]) -> None:
    """Write the events, heads and answers that a batch added."""
    connection.execute_many(INSERT_EVENT, (row for sealed in state.appended for row in _event_rows(sealed)))
    connection.execute_many(UPSERT_HEAD, _head_rows(state))
    connection.execute_many(INSERT_ANSWER, (_answer_row(command, outcome) for command, outcome in state.new_answers))
    if state.traceparents:
        connection.execute_many(INSERT_TRACE, (_trace_row(*traced) for traced in state.traceparents))


def restore(source: str, bodies: Sequence[bytes], connection: Connection) -> None:
    """Append events of the Kafka topic unchanged. Raises `Diverged` if one does not follow its predecessor."""
    restored: BatchState[None] = BatchState({}, _load_heads(connection, {source}), {}, {})
    for body in bodies:
        event, head = envelope.decode(body), restored.heads.get(source, Head())
        if (
            event.source != source
            or event.sequence != head.sequence + 1
            or not envelope.is_chained_to(body, head.chain)
        ):
            raise Diverged(
                f"Event {event.sequence} of the topic does not follow event {head.sequence} of the store {source}: "
                "they have diverged. Nothing was changed. Restore a copy of the store that ends before the divergence."
            )
        restored.heads[source] = Head(event.sequence, event.recordedtime, event.chain)
        restored.appended.append([SealedEvent(event, body)])
    save_batch_state(connection, restored)


def _event_rows(sealed: Sequence[SealedEvent]) -> Iterator[dict[str, object]]:
    """Yield a row for each event of a command; the first one holds how many events the command made."""
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


def _head_rows(state: BatchState[S]) -> Iterator[dict[str, object]]:
    for source in {sealed[0].event.source for sealed in state.appended}:
        head = state.heads[source]
        yield {
            "source": source,
            "sequence": head.sequence,
            "recorded": head.recorded.isoformat(),
            "chain": head.chain,
        }


def _trace_row(event: envelope.Event, traceparent: str) -> dict[str, object]:
    return {"source": event.source, "sequence": event.sequence, "traceparent": traceparent}


def _answer_row(command: StoreCommand[S], outcome: Outcome) -> dict[str, object]:
    return {
        "key": command.key,
        "principal": command.principal,
        "fingerprint": command.fingerprint,
        "answer": _answer_adapter.dump_json(outcome.answer).decode(),
        "version": outcome.version,
        "position": outcome.position,
    }
