"""Tests which spans worker and view make of sampled records, and what the rows carry."""

from collections.abc import Sequence

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from opentelemetry.sdk.trace import ReadableSpan

from services.reporting.view import consumer
from services.reporting.worker.publisher import KafkaPublisher
from shared.clock import wall_time
from shared.domain.facts.coverage import Coverage
from shared.tracing import spans
from tests.support.in_memory_worker import TOPIC_PARTITION, WorkerUnderTest, changelog_rows, check_ins
from tests.support.traces import Traces

FOLD, SEND = f"process {TOPIC_PARTITION.topic}", "send coverage row"
Headers = list[tuple[str, bytes]]


class TracedWorker(WorkerUnderTest):
    """A worker that receives sampled records, and keeps the headers of its rows."""

    def __init__(self, traces: Traces, *, staged: bool = False) -> None:
        super().__init__(staged=staged)
        self._traces, self._publish = traces, self.publisher.publish
        self.row_headers: list[Headers] = []
        self.publisher.publish = self.publish  # type: ignore[method-assign]

    async def publish(self, partition: int, row: Coverage, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        self.row_headers.append(spans.current_headers())
        await self._publish(partition, row, headers)

    async def read(self, *bodies: bytes, age_s: float = 0) -> list[int]:
        """Fold records of one request each, and write the rows; return the trace ids of the requests."""
        requests = []
        for body in bodies:
            with self._traces.tracer.start_as_current_span("request") as request:
                headers = spans.current_headers()
            requests.append(request.get_span_context().trace_id)
            written = int((wall_time().timestamp() - age_s) * 1000)
            await self.process(body, headers=headers, timestamp=written)
        await self.flush()
        return requests


def trace_of(span: ReadableSpan) -> int:
    return int(span.context.trace_id)


def linked(span: ReadableSpan) -> list[int]:
    return [link.context.trace_id for link in span.links]


def assert_linked_only(fold: ReadableSpan, request: int) -> None:
    assert (fold.parent, linked(fold), trace_of(fold) != request) == (None, [request], True)


async def test_the_trace_of_a_check_in_goes_on_to_its_row(traces: Traces) -> None:
    worker = TracedWorker(traces)
    (request,) = await worker.read(*check_ins(1))
    (fold,), (send,) = traces.named(FOLD), traces.named(SEND)
    header = spans.sampled_context(worker.row_headers[0])
    assert header
    assert send.parent
    assert (trace_of(fold), fold.parent and fold.parent.trace_id, linked(fold)) == (request, request, [])
    assert (send.parent.span_id, header.span_id) == (fold.context.span_id, send.context.span_id)


async def test_a_row_of_several_check_ins_is_linked_to_the_others(traces: Traces) -> None:
    worker = TracedWorker(traces)
    first, second, third = await worker.read(*check_ins(3))
    (send,) = traces.named(SEND)
    assert (trace_of(send), linked(send)) == (first, [second, third])
    assert [trace_of(fold) for fold in traces.named(FOLD)] == [first, second, third]


async def test_a_record_that_is_read_twice_is_linked(traces: Traces) -> None:
    worker = TracedWorker(traces)
    await worker.read(*check_ins(1))
    (request,) = await worker.read(*check_ins(1))
    assert_linked_only(traces.named(FOLD)[1], request)


async def test_a_record_that_a_restarted_worker_knows_from_the_changelog_is_linked(traces: Traces) -> None:
    worker = TracedWorker(traces)
    worker.processor.restore(1, changelog_rows(*check_ins(1)))
    (request,) = await worker.read(*check_ins(1))
    assert_linked_only(traces.named(FOLD)[0], request)


async def test_a_record_of_a_view_that_is_rebuilt_is_linked(traces: Traces) -> None:
    (request,) = await TracedWorker(traces, staged=True).read(*check_ins(1))
    assert_linked_only(traces.named(FOLD)[0], request)


async def test_a_log_that_is_read_from_its_start_is_linked(traces: Traces) -> None:
    (request,) = await TracedWorker(traces).read(*check_ins(1), age_s=301)
    assert_linked_only(traces.named(FOLD)[0], request)


async def test_rows_that_are_published_again_after_a_recovery_carry_no_context(traces: Traces) -> None:
    worker = TracedWorker(traces)
    worker.processor.restore(1, changelog_rows(*check_ins(1)))
    await worker.finish_recovery()
    await worker.flush()
    assert (worker.row_headers, traces.finished) == ([[]], [])


async def test_a_sampled_record_that_cannot_be_decoded_ends_in_the_worker(traces: Traces) -> None:
    worker = TracedWorker(traces)
    (request,) = await worker.read(b"\xff{")
    assert [trace_of(span) for span in traces.named(FOLD)] == [request]
    assert (traces.named(SEND), len(worker.publisher.dead_letters)) == ([], 1)


async def test_a_request_that_is_not_sampled_has_no_span(traces: Traces) -> None:
    worker = TracedWorker(traces)
    await worker.process(*check_ins(1), headers=[("traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-00")])
    await worker.flush()
    assert (traces.finished, worker.row_headers) == ([], [[]])


class UnreadableHeaders(Sequence[tuple[str, bytes]]):
    """Fails when it is looked at."""

    def __getitem__(self, _: object) -> tuple[str, bytes]:  # type: ignore[override]
        raise AssertionError("the headers were read")

    def __len__(self) -> int:
        raise AssertionError("the headers were read")


async def test_without_tracing_no_header_is_read() -> None:
    worker = WorkerUnderTest()
    await worker.process(*check_ins(1), headers=UnreadableHeaders())
    await worker.flush()
    assert len(worker.publisher.rows) == 1


class RecordingProducer:
    """Keeps the headers of what is sent."""

    def __init__(self) -> None:
        self.headers: list[Headers] = []

    async def send_and_wait(self, *_: object, headers: Headers, **__: object) -> None:
        self.headers.append(headers)


@pytest.mark.parametrize("is_traced", [True, False])
async def test_a_row_has_one_header_traceparent_inside_a_span_only(traces: Traces, *, is_traced: bool) -> None:
    producer = RecordingProducer()
    row = await some_row()
    publisher = KafkaPublisher(producer, "changelog")
    if is_traced:
        with traces.tracer.start_as_current_span("send"):
            await publisher.publish(1, row)
    else:
        await publisher.publish(1, row)
    assert [name for name, _ in producer.headers[0]] == ["traceparent"] * is_traced


async def some_row() -> Coverage:
    worker = WorkerUnderTest()
    await worker.process(*check_ins(1))
    await worker.flush()
    return worker.publisher.rows[0]


@pytest.mark.parametrize("is_replay", [True, False])
def test_a_row_ends_its_trace_in_the_view_and_is_linked_if_the_view_started_later(
    traces: Traces, *, is_replay: bool
) -> None:
    with traces.tracer.start_as_current_span("send") as send:
        headers = spans.current_headers()
    written = int(wall_time().timestamp() * 1000)
    name, key = "piket.32.coverage.v1", b"32/DPMPTSP/2025-11-06"
    consumed = ConsumerRecord(name, 0, 7, written, 0, key, b"{}", None, 0, 0, headers)
    consumer._start_spans({TopicPartition(name, 0): [consumed]}, is_replay=is_replay).end()
    (shown,) = traces.named(f"process {name}")
    request = send.get_span_context().trace_id
    assert (trace_of(shown) == request, linked(shown)) == ((False, [request]) if is_replay else (True, []))
