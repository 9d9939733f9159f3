"""Tests how trace contexts travel, what is recorded, and that nothing of a person is sent."""

import io
import json
import logging
from threading import Event

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.status import Status, StatusCode
from pydantic import ValidationError

from deploy.cli.errors import operator_message
from shared import telemetry
from shared.tracing import setup, spans
from shared.tracing.settings import TracingSettings
from tests.support.traces import Traces, receiver

NIP, EMPLOYEE = "198203042006041001", "2b1c8f0e-9d34-4a51-8f0e-6f4d2c1b7a90"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TracingSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_span_writes_the_context_that_its_reader_finds(traces: Traces) -> None:
    with traces.tracer.start_as_current_span("tap") as span:
        found = spans.sampled_context([("ce_type", b"x"), *spans.current_headers()])
    assert found
    assert (found.trace_id, found.span_id) == (span.get_span_context().trace_id, span.get_span_context().span_id)


def test_without_a_provider_nothing_is_written(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "provider", None)
    with traces.tracer.start_as_current_span("tap"):
        assert (spans.current_traceparent(), spans.current_headers()) == (None, [])


def test_outside_a_span_nothing_is_written(traces: Traces) -> None:
    assert spans.current_headers() == []


@pytest.mark.parametrize(
    "header", [b"", b"\xff", b"00-1-2-01", PARENT.encode()[:-1] + b"0", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"]
)
def test_a_context_that_is_not_sampled_or_not_valid_is_ignored(header: bytes) -> None:
    assert spans.sampled_context([("traceparent", header)]) is None


def test_only_attributes_of_the_list_are_sent(traces: Traces) -> None:
    attributes = {"url.path": f"/people/{EMPLOYEE}", "url.query": f"nip={NIP}", "http.route": "/people/{employee}"}
    with traces.tracer.start_as_current_span("GET /people/{employee}", attributes=attributes):
        pass
    assert dict(traces.finished[0].attributes or {}) == {"http.route": "/people/{employee}"}


def test_no_text_of_an_error_and_no_trace_state_is_sent(traces: Traces) -> None:
    state = trace.TraceState([("employee", EMPLOYEE)])
    context = trace.SpanContext(1, 2, is_remote=True, trace_flags=trace.TraceFlags(1), trace_state=state)
    parent = trace.set_span_in_context(trace.NonRecordingSpan(context))
    link = trace.Link(context, {"employee": EMPLOYEE})
    with traces.tracer.start_as_current_span("tap", parent, links=[link]) as span:
        span.record_exception(ValueError(NIP))
        span.set_status(Status(StatusCode.ERROR, f"no such person: {NIP}"))
    sent = traces.finished[0].to_json()
    assert [secret for secret in (NIP, EMPLOYEE, "employee") if secret in sent] == []
    assert traces.finished[0].status.status_code == StatusCode.ERROR


def test_log_lines_carry_the_trace_id_while_a_span_is_recorded(
    traces: Traces, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "ADDED_PROCESSORS", [spans.add_trace_id])
    with traces.tracer.start_as_current_span("tap") as span:
        structlog.get_logger().info("inside")
        logging.getLogger("a.library").info("inside")
    structlog.get_logger().info("outside")
    logged = [json.loads(line).get("trace_id") for line in lines.getvalue().splitlines()]
    recorded = trace.format_trace_id(span.get_span_context().trace_id)
    assert logged == [recorded, recorded, None]


ON = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("variables", "enabled"),
    [
        ({}, False),
        ({"OTEL_TRACES_SAMPLER": "always_on", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
        (ON, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector.jabar.example/v1/traces"}, True),
        (ON | {"OTEL_SDK_DISABLED": "true"}, False),
        (ON | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (ON | {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}, True),
    ],
)
def test_traces_are_sent_only_to_an_endpoint(
    variables: dict[str, str], *, enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert TracingSettings().enabled == enabled


def test_without_an_endpoint_nothing_is_configured() -> None:
    setup.configure_tracing("app")
    assert (spans.provider, telemetry.ADDED_PROCESSORS) == (None, [])
    setup.stop_tracing()


def test_the_last_spans_are_sent_when_a_process_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[object] = []
    monkeypatch.setattr(setup, "ADDED_PROCESSORS", added)
    with receiver() as collector:
        for name, value in (collector.environment | {"OTEL_BSP_SCHEDULE_DELAY": "600000"}).items():
            monkeypatch.setenv(name, value)
        setup.configure_tracing("relay")
        spans.start_span("send", SpanKind.PRODUCER, {}).end()
        setup.stop_tracing()
    assert [(span.process, span.name) for span in collector.spans] == [("piket-relay", "send")]
    assert (spans.provider, added) == (None, [spans.add_trace_id])


def test_an_unreachable_collector_does_not_keep_a_process_from_stopping(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = Event()
    monkeypatch.setattr(traces.provider, "shutdown", answered.wait)
    monkeypatch.setattr(setup, "STOP_WITHIN_S", 0.01)
    setup.stop_tracing()
    assert spans.provider is None
    answered.set()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OTEL_TRACES_SAMPLER", "one in ten", "OTEL_TRACES_SAMPLER: Input should be 'always_on'"),
        ("OTEL_TRACES_SAMPLER", "traceidratio", "needs OTEL_TRACES_SAMPLER_ARG, a ratio from 0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "1%", "OTEL_TRACES_SAMPLER_ARG: Input should be a valid number"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317", "OTEL_EXPORTER_OTLP_ENDPOINT: String should match"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (ON | {variable: value}).items():
        monkeypatch.setenv(name, text)
    with pytest.raises(ValidationError) as refused:
        TracingSettings()
    assert message in (operator_message(refused.value) or "")
    assert "PIKET_" not in (operator_message(refused.value) or "")
