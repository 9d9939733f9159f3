"""Receives spans: in this process from a provider, or from other processes by OTLP over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.server_process import free_ports
from shared.tracing.export import AllowedAttributes


class Traces:
    """The finished spans of this process, as they would be sent."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(AllowedAttributes(self._exporter)))
        self.tracer = self.provider.get_tracer("test")

    @property
    def finished(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.finished if span.name == name]


class ReceivedSpan(NamedTuple):
    """A span that another process sent. Ids are in hex; `parent` is empty for a root."""

    process: str
    name: str
    trace: str
    id: str
    parent: str
    links: list[str]
    attributes: dict[str, str]


class Receiver(ThreadingHTTPServer):
    """Answers every export and keeps its spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_ports(1)[0]), _Export)
        self.spans: list[ReceivedSpan] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables with which a process sends all its spans here, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server_port}",
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    def named(self, name: str) -> list[ReceivedSpan]:
        return [span for span in self.spans if span.name == name]


class _Export(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.spans += _decode(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def _decode(request: ExportTraceServiceRequest) -> Iterator[ReceivedSpan]:
    for resource in request.resource_spans:
        process = {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"]
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield ReceivedSpan(
                process,
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                [link.trace_id.hex() for link in span.links],
                {attribute.key: str(attribute.value) for attribute in span.attributes},
            )


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver inside the block."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
