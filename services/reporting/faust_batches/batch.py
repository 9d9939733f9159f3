"""Defines the element of a Faust stream in this worker: the records of one partition, as fetched."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple

from faust import App, Schema
from faust.types import TP, ConsumerMessage

from shared.tracing.records import TracedRecord

MAX_BATCH_RECORDS = 1000
"""Upper limit of records in a batch: folding one batch blocks the event loop."""


class PartitionBatch(NamedTuple):
    """Records of one partition in offset order, at least one.

    `start_offset` is set on the first batch after an assignment, and None on all later ones. It is the offset from
    which the partition is read: the committed offset, or the start of the log.
    """

    tp: TP
    start_offset: int | None
    records: Sequence[TracedRecord]


class BatchSchema(Schema):
    """Passes a batch on without decoding it: the agent decodes."""

    def compile(self, app: App, **_: object) -> Callable[..., Awaitable[Any]]:
        """Return the coroutine by which Faust turns a message into an event."""

        async def decode(message: ConsumerMessage, **_: object) -> Any:  # noqa: ANN401 - a Faust event
            return app.create_event(None, message.value, None, message)

        return decode


def split_into_batches(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Return the records in slices of at most `MAX_BATCH_RECORDS`, in order."""
    return (records[i : i + MAX_BATCH_RECORDS] for i in range(0, len(records), MAX_BATCH_RECORDS))
