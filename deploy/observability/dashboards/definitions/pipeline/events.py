"""Defines the rows about the path of a tap, and about the relays."""

from collections.abc import Sequence

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import (
    REGION,
    largest,
    quantile,
    rate,
)
from deploy.observability.dashboards.layout import Row
from deploy.observability.dashboards.panels import (
    Frame,
    PanelBuilder,
    Query,
    heatmap_panel,
    line_panel,
    timeline_panel,
)

SOURCE = "service, region"


def rows() -> Sequence[Row]:
    """Return the rows."""
    return [
        Row("Dari presensi sampai tampilan", [_latency(), _latency_heatmap(), _events()]),
        Row("Relay: dari penyimpanan ke Kafka", [_connected(), _backlog(), _oldest_unsent()]),
    ]


def _latency() -> PanelBuilder:
    text = (
        "Seconds from the commit of a tap until the view shows it; the objective is p99 of 2 s. If it grows, the rows "
        "below say who waits: relay, worker or view."
    )
    queries = [
        Query(quantile(share, "piket_checkin_to_view_seconds", "", REGION), f"p{share * 100:.0f}")
        for share in (0.5, 0.95, 0.99)
    ]
    return line_panel(Frame("Presensi sampai tampilan", text, 12, 8, "s"), *queries)


def _latency_heatmap() -> PanelBuilder:
    text = "All taps by seconds until the view shows them. A second band above the first: one region or relay is slow."
    buckets = rate("piket_checkin_to_view_seconds_bucket", "le", REGION)
    return heatmap_panel(Frame("Sebaran presensi sampai tampilan", text, 12, 8, "s"), Query(buckets, "{{le}}"))


def _events() -> PanelBuilder:
    text = (
        "Events per second by service and outcome: sent by a relay, folded by a worker, applied by a projection, held, "
        "unreadable. Sent without folded: the worker stands still."
    )
    frame = Frame("Peristiwa menurut hasil", text, 24, 8, "cps")
    return line_panel(frame, Query(rate("piket_events_total", "service, outcome"), "{{service}} {{outcome}}"))


def _connected() -> PanelBuilder:
    text = (
        "Whether the relay of each service and region is connected to Kafka. All TERPUTUS: Kafka is unreachable; one: "
        "restart that relay. No event is lost, the store keeps them."
    )
    frame = Frame("Relay terhubung ke Kafka", text, 24, 8, scale=scales.CONNECTED)
    smallest = f"min by ({SOURCE}) (piket_relay_connected{{{REGION}}})"
    return timeline_panel(frame, Query(smallest, "{{service}} {{region}}"))


def _backlog() -> PanelBuilder:
    text = "Stored events that are not in Kafka yet. It should return to 0; if it only grows, look at relay and Kafka."
    frame = Frame("Antrean relay", text, 12, 8, "suffix: peristiwa")
    return line_panel(frame, Query(largest("piket_relay_backlog_events", SOURCE), "{{service}} {{region}}"))


def _oldest_unsent() -> PanelBuilder:
    text = "For how long there have been unsent events. Over 60 s an alert fires: run `piket doctor`, then the runbook."
    frame = Frame("Peristiwa tertua yang belum terkirim", text, 12, 8, "s")
    return line_panel(frame, Query(largest("piket_relay_oldest_unsent_seconds", SOURCE), "{{service}} {{region}}"))
