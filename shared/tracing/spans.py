"""Starts spans, and carries their contexts as W3C `traceparent`. Nothing is recorded while `provider` is None."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACEPARENT = "traceparent"
"""Name of the Kafka header, as of the HTTP header."""

provider: "TracerProvider | None" = None
"""The provider of this process; `configure_tracing` sets it at the start."""

_propagator = TraceContextTextMapPropagator()


def current_traceparent() -> str | None:
    """Return the `traceparent` of the current span; None if it is not sampled, or tracing is off."""
    if provider is None or not trace.get_current_span().get_span_context().trace_flags.sampled:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT)


def current_headers() -> list[tuple[str, bytes]]:
    """Return the Kafka headers of a record that the current span writes."""
    traceparent = current_traceparent()
    return [(TRACEPARENT, traceparent.encode())] if traceparent else []


def sampled_context(headers: Iterable[tuple[str, bytes]]) -> SpanContext | None:
    """Return the context in the headers of a record; None without one that is valid and sampled."""
    value = next((value for name, value in headers if name == TRACEPARENT), None)
    if value is None:
        return None
    extracted = _propagator.extract({TRACEPARENT: value.decode(errors="replace")}, Context())
    context = trace.get_current_span(extracted).get_span_context()
    return context if context.is_valid and context.trace_flags.sampled else None


def start_span(
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, str | int],
    parent: SpanContext | None = None,
    links: Sequence[SpanContext] = (),
) -> Span:
    """Start a span below `parent`, or in a trace of its own. Call it only while there is a provider."""
    context = trace.set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
    return _tracer(provider).start_span(name, context, kind, attributes, [Link(link) for link in links])


@cache
def _tracer(of: "TracerProvider | None") -> Tracer:
    return (of or trace.NoOpTracerProvider()).get_tracer("piket")


def add_trace_id(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace id of the current span to a log line, if the span is recorded; a structlog processor."""
    span = trace.get_current_span()
    if span.is_recording():
        line["trace_id"] = trace.format_trace_id(span.get_span_context().trace_id)
    return line
