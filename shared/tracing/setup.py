"""Switches tracing on for a process if its environment says where traces go, and off before the process ends."""

from threading import Thread

from shared.telemetry import ADDED_PROCESSORS
from shared.tracing import spans
from shared.tracing.settings import TracingSettings

STOP_WITHIN_S = 2.0
"""How long a process that ends waits for the collector; it is killed after ten seconds."""


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


def stop_tracing() -> None:
    """Send the last spans, for two seconds at most: an unreachable collector must not keep a process from ending."""
    if spans.provider:
        sending = Thread(target=spans.provider.shutdown, daemon=True)
        sending.start()
        sending.join(STOP_WITHIN_S)
        spans.provider = None
