"""Measures what tracing costs the store and the worker: `python -m tests.bench.tracing`.

CPU time of this process for one event, with tracing off, with one request in a hundred sampled, and with all. Spans are
encoded as for OTLP, and not sent.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from uuid import uuid4

from aiokafka.structs import ConsumerRecord
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

from services.reporting.faust_batches.batch import PartitionBatch
from services.reporting.worker.processor import Processor
from shared.clock import wall_time
from shared.domain.envelope import source
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.tracing import spans
from shared.tracing.export import exporting_provider
from tests.bench.report import table
from tests.bench.tap_events import check_ins
from tests.support.in_memory_worker import TOPIC_PARTITION, InMemoryPublisher
from tests.support.stores import Tally, command

EVENTS, BATCH = 20_000, 1_000
Headers = Sequence[tuple[str, bytes]]
SHARES = {"off": 0, "one request in a hundred": 100, "every request": 1}
"""Every how many requests is sampled, by contender."""


class Encoder(SpanExporter):
    """Encodes spans and drops them."""

    def export(self, finished: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(finished).SerializeToString()
        return SpanExportResult.SUCCESS


@contextmanager
def tracing(every: int) -> Iterator[None]:
    """Switch tracing on inside the block, unless `every` is 0."""
    provider = exporting_provider("bench", Encoder()) if every else None
    spans.provider = provider
    yield
    spans.provider = None
    if provider:
        provider.shutdown()


def request_headers(number: int, every: int) -> Headers:
    """Return the headers of a record whose request had a span if it was sampled."""
    if not every or number % every:
        return ()
    span = spans.start_span("request", SpanKind.SERVER, {})
    with trace.use_span(span, end_on_exit=True):
        return spans.current_headers()


async def fold(every: int) -> Callable[[], Awaitable[None]]:
    """Return a run that folds events in batches of a thousand, and writes their rows."""
    now = int(wall_time().timestamp() * 1000)
    records = [
        ConsumerRecord(TOPIC_PARTITION.topic, 1, n, now, 0, key, body, None, 0, 0, request_headers(n, every))
        for n, (key, body) in enumerate(check_ins("32", EVENTS))
    ]
    processor, publisher = Processor({TOPIC_PARTITION.topic: source("32", "attendance")}), InMemoryPublisher()

    async def run() -> None:
        for start in range(0, EVENTS, BATCH):
            batch = PartitionBatch(TOPIC_PARTITION, None if start else 0, records[start : start + BATCH])
            await processor.process_batch(batch, bool)
            if start % (10 * BATCH) == 0:
                await processor.flush_once(publisher)

    return run


async def commit(every: int, folder: str) -> Callable[[], Awaitable[None]]:
    """Return a run that commits one tap for each request, 64 at once."""
    database = Database(f"sqlite://{folder}/{uuid4().hex}.db")
    store = Store(database, service="attendance", decider=Tally(), now=wall_time)
    await store.open()
    numbers = iter(range(EVENTS // 4))

    async def user() -> None:
        for number in numbers:
            stream = f"attendance/32/DPMPTSP/2025-11-06/{number}"
            sampled = every and number % every == 0
            span = spans.start_span("request", SpanKind.SERVER, {}) if sampled else None
            with trace.use_span(span, end_on_exit=True) if span else nullcontext():
                await store.execute(command(stream, event_id=uuid4()))

    async def run() -> None:
        await asyncio.gather(*(user() for _ in range(64)))
        await store.close()
        await database.close()

    return run


async def cpu_us(prepare: Callable[[int], Awaitable[Callable[[], Awaitable[None]]]], every: int, events: int) -> float:
    """Return the CPU time for one event in µs; it includes the thread that encodes spans."""
    with tracing(every):
        run = await prepare(every)
        started_at = time.process_time()
        await run()
        provider = spans.provider
        if provider:
            provider.force_flush()
        return (time.process_time() - started_at) / events * 1e6


async def compete(rounds: int) -> Mapping[str, Mapping[str, list[float]]]:
    """Return the CPU times of all contenders, run by run in turn."""
    figures: dict[str, dict[str, list[float]]] = {"fold": {s: [] for s in SHARES}, "commit": {s: [] for s in SHARES}}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, every in SHARES.items():
                figures["fold"][name].append(await cpu_us(fold, every, EVENTS))
                committed = await cpu_us(lambda share: commit(share, folder), every, EVENTS // 4)
                figures["commit"][name].append(committed)
    return figures


def run(rounds: int) -> None:
    """Print what tracing costs, beside tracing off."""
    figures = asyncio.run(compete(rounds))
    print(table("Tracing, worker: decode, fold, rows", "CPU µs per event", figures["fold"]))
    print(table("Tracing, store: commit and span of the request", "CPU µs per tap", figures["commit"]), flush=True)


if __name__ == "__main__":
    run(5)
