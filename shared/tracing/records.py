"""Traces what a reader does with Kafka records that carry a sampled `traceparent`."""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from opentelemetry import trace
from opentelemetry.trace import Span, SpanContext, SpanKind

from shared.clock import wall_time
from shared.kafka.dead_letters import KafkaRecord
from shared.tracing import spans

MAX_PARENT_AGE_S = 300.0
"""An older record, in wall seconds, is one of a log that is read again: its trace is linked, not continued."""


class TracedRecord(KafkaRecord, Protocol):
    """A Kafka record with what a span needs of it."""

    @property
    def timestamp(self) -> int:
        """When it was written, in milliseconds since 1970."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Names and values."""


IsReplay = Callable[[bytes, bytes | None], bool]
"""Returns whether the record with this value and key was processed before."""


class RecordSpans:
    """The spans of sampled records, from reading a record until what follows from it is written."""

    def __init__(self) -> None:
        self._by_key: defaultdict[bytes | None, list[Span]] = defaultdict(list)

    def start(self, topic_partition: tuple[str, int], records: Iterable[TracedRecord], is_replay: IsReplay) -> None:
        """Start a span for each sampled record; do not look at the records while tracing is off.

        It continues the trace of the record. If the record is old or `is_replay` returns true, the span is linked to
        that trace and has one of its own, so that nothing is added to a trace that ended long ago.
        """
        if spans.provider is None:
            return
        for record in records:
            if origin := spans.sampled_context(record.headers):
                replay = _is_old(record) or is_replay(record.value or b"", record.key)
                span = _start(topic_partition, record, origin, replay=replay)
                if span.is_recording():
                    self._by_key[record.key].append(span)

    def in_span(self, name: str, key: bytes, write: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        """Return `write`, which writes what follows from the records of a key, inside a span if one is sampled."""
        sampled = self._by_key.get(key)
        return _in_span(name, [span.get_span_context() for span in sampled], write) if sampled else write

    def end(self) -> None:
        """End all spans: what follows from the records is written."""
        for sampled in self._by_key.values():
            for span in sampled:
                span.end()
        self._by_key.clear()


def _is_old(record: TracedRecord) -> bool:
    return wall_time().timestamp() - record.timestamp / 1000 > MAX_PARENT_AGE_S


def _start(topic_partition: tuple[str, int], record: TracedRecord, origin: SpanContext, *, replay: bool) -> Span:
    topic, partition = topic_partition
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.offset": record.offset,
    }
    if replay:
        return spans.start_span(f"process {topic}", SpanKind.CONSUMER, attributes, links=[origin])
    return spans.start_span(f"process {topic}", SpanKind.CONSUMER, attributes, parent=origin)


async def _in_span(name: str, origins: list[SpanContext], write: Coroutine[Any, Any, None]) -> None:
    # Below the first, so that it is sampled whenever one of them is; the others are linked.
    attributes = {"messaging.system": "kafka", "messaging.operation.type": "send"}
    span = spans.start_span(name, SpanKind.PRODUCER, attributes, origins[0], origins[1:])
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        await write
