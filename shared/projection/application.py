"""Applies decoded events in the order of their streams, each once; what comes too early is held."""

from collections.abc import Callable, Sequence

from shared.domain.envelope import Event
from shared.event_store.database import Connection
from shared.projection.decoding import DecodedRecord
from shared.projection.offsets import StreamProgress

ApplyEvent = Callable[[Connection, Event], None]


def apply_in_order(
    connection: Connection, consumer: str, items: Sequence[DecodedRecord], apply: ApplyEvent
) -> list[str]:
    """Apply what comes next in its stream, within a transaction; return the outcome of each item.

    An event that cannot be read is skipped, and applied late if it is read again and can then be decoded.
    """
    progress = StreamProgress.load(connection, consumer, [item.event.subject for item in items if item.event])
    outcomes = [_apply_one(item, progress, apply) for item in items]
    progress.save()
    return outcomes


def _apply_one(item: DecodedRecord, progress: StreamProgress, apply: ApplyEvent) -> str:
    event = item.event
    if event is None:
        return "unreadable"
    next_version = progress.version(event.subject) + 1
    if event.streamversion > next_version:
        progress.hold(event, item.body)
        return "held"
    if event.streamversion < next_version:
        return _apply_late(item, event, progress, apply)
    if item.reason:
        progress.skip(event)  # otherwise its stream would wait for it without end
        return "unreadable"
    apply(progress.connection, event)
    progress.record(event)
    return "applied"


def _apply_late(item: DecodedRecord, event: Event, progress: StreamProgress, apply: ApplyEvent) -> str:
    """Apply an event that could not be read when its turn came; anything else is a repeat."""
    if item.reason or not progress.take_skipped(event):
        return "repeated"
    apply(progress.connection, event)
    return "applied"
