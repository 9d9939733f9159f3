"""Sends finished spans by OTLP over HTTP, with no attribute that could name a person. Imports OpenTelemetry's SDK."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext
from opentelemetry.trace.status import Status

ALLOWED_ATTRIBUTES = frozenset({
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "messaging.kafka.offset",
    "messaging.operation.type",
    "messaging.system",
    "network.protocol.version",
    "url.scheme",
})  # fmt: skip
"""No other is sent: `url.path` and `url.query` hold ids of employees, and a later library may add more."""


class AllowedAttributes(SpanExporter):
    """Passes spans to another exporter without events, texts and attributes that are not on the list."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send what is allowed of these spans."""
        return self._exporter.export([_allowed_part(span) for span in spans])

    def shutdown(self) -> None:
        """Close the other exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until the other exporter has sent everything."""
        return self._exporter.force_flush(timeout_millis)


def _allowed_part(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=_ids(span.context),
        parent=span.parent and _ids(span.parent),
        resource=span.resource,
        attributes={key: value for key, value in (span.attributes or {}).items() if key in ALLOWED_ATTRIBUTES},
        links=[Link(_ids(link.context)) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),  # its description is the text of an exception
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _ids(context: SpanContext) -> SpanContext:
    """Return a context without `tracestate`, in which a client may write what it likes."""
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def exporting_provider(service: str, exporter: SpanExporter | None = None) -> TracerProvider:
    """Return a provider that samples and exports as the variables `OTEL_*` say; `exporter` replaces OTLP over HTTP."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "piket"}),
        shutdown_on_exit=False,  # `stop_tracing` does it, and does not wait for a collector that is away
    )
    provider.add_span_processor(BatchSpanProcessor(AllowedAttributes(exporter or OTLPSpanExporter())))
    return provider
