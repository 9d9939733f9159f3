"""Switches tracing on for a process, if its environment says where traces go."""

from shared.telemetry import ADDED_PROCESSORS
from shared.tracing import spans
from shared.tracing.settings import TracingSettings


def configure_tracing(process: str) -> None:
    """Record the spans of this process and send them to the OTLP endpoint; without an endpoint do nothing.

    Call it before the applications are created. Raises a `ValidationError` of `TracingSettings`.
    """
    settings = TracingSettings()
    if settings.enabled:
        # The SDK and its exporter take 0.17 s to import, and start a thread.
        from shared.tracing.export import exporting_provider  # noqa: PLC0415

        spans.provider = exporting_provider(settings.otel_service_name or f"piket-{process}")
        ADDED_PROCESSORS.append(spans.add_trace_id)
