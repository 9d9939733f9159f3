"""What one element of a Faust stream is here: the records of one partition, as fetched."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple

from faust import App, Schema
from faust.types import TP, ConsumerMessage

from shared.kafka.broker import Record

BATCH = 1000
"""Records in one batch at most: it bounds how long folding one holds the event loop."""


class Batch(NamedTuple):
    """Records of one partition in offset order, never none.

    `begins` is set on the first batch after an assignment: the committed offset, or the log start.
    """

    tp: TP
    begins: int | None
    records: Sequence[Record]


class BatchSchema(Schema):
    """Passes a batch on as it is: the agent decodes."""

    def compile(self, app: App, **_: object) -> Callable[..., Awaitable[Any]]:
        """Answer the coroutine by which Faust turns a message into an event."""

        async def decode(message: ConsumerMessage, **_: object) -> Any:  # noqa: ANN401 - a Faust event
            return app.create_event(None, message.value, None, message)

        return decode


def cut(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Records in batches."""
    return (records[i : i + BATCH] for i in range(0, len(records), BATCH))
