"""Defines the dashboard SLO: what is left of each error budget, and how fast it is used."""

from typing import NamedTuple

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import REGION, growth, largest, or_zero, quantile
from deploy.observability.dashboards.layout import Description, Row, build_dashboard, several_regions
from deploy.observability.dashboards.panels import Frame, PanelBuilder, Query, line_panel, stat_panel

ABOUT = Description("piket-slo", "SLO", "Does Piket keep its objectives, and how much of the error budget is left?")
WINDOWS = ("5m", "30m", "1h", "6h")
WITHIN_OBJECTIVE = f'{REGION}, le=~"2([.]0)?"'
"""The bucket of taps that were visible within 2 seconds; Prometheus 2 and 3 write its limit differently."""
CHECK_INS = 'service="attendance", operation="write"'


class Objective(NamedTuple):
    """An objective: the share of errors that it allows, and the titles of its panels."""

    name: str
    allowed: float
    meaning: str


SPEED = Objective("Presensi terlihat dalam 2 detik", 0.01, "taps that were visible only after more than 2 seconds")
AVAILABILITY = Objective("Presensi diterima", 0.001, "check-in commands that failed (status 5xx)")


def service_levels() -> dashboard.Dashboard:
    """Return the dashboard."""
    rows = [
        Row("Presensi terlihat dalam 2 detik: 99 %", [_budget(SPEED), _p99(), _burn(SPEED)]),
        Row("Presensi diterima: 99,9 %", [_budget(AVAILABILITY), _failures(), _burn(AVAILABILITY)]),
        Row("Tampilan sesuai fakta: 100 %", [_divergence()]),
    ]
    return build_dashboard(ABOUT, [several_regions()], rows)


def _error_ratio(objective: Objective, window: str) -> str:
    """Return the share of errors in a window; 0 without any request."""
    if objective is SPEED:
        everything = growth("piket_checkin_to_view_seconds_count", "", REGION, window)
        fast = growth("piket_checkin_to_view_seconds_bucket", "", WITHIN_OBJECTIVE, window)
        return or_zero(f"({everything} - {fast}) / ({everything} > 0)")
    everything = growth("piket_http_requests_total", "", CHECK_INS, window)
    failed = growth("piket_http_requests_total", "", f'{CHECK_INS}, outcome="failed"', window)
    return or_zero(f"({or_zero(failed)}) / ({everything} > 0)")


def _budget(objective: Objective) -> PanelBuilder:
    text = (
        f"What is left of the error budget in the time range. Errors are {objective.meaning}; the objective allows "
        f"{objective.allowed:.1%}. HABIS: stop changes, and find the cause on the dashboard Pipeline."
    )
    frame = Frame("Sisa anggaran galat", text, 6, 8, "percentunit", scales.BUDGET)
    return stat_panel(frame, Query(f"1 - ({_error_ratio(objective, '$__range')}) / {objective.allowed}"))


def _burn(objective: Objective) -> PanelBuilder:
    text = (
        f"How many times faster than allowed the budget is used; errors are {objective.meaning}. 1 uses exactly the "
        "budget; 14.4 over 1 h and 5 m pages, 6 over 6 h and 30 m is a ticket. Find the cause before it is used up."
    )
    queries = [Query(f"({_error_ratio(objective, window)}) / {objective.allowed}", window) for window in WINDOWS]
    return line_panel(Frame(f"Laju pemakaian anggaran: {objective.name}", text, 12, 8, "suffix: kali"), *queries)


def _p99() -> PanelBuilder:
    text = "The 99th percentile of seconds until a tap is visible; the objective is 2 s. Above: see dashboard Pipeline."
    frame = Frame("Presensi sampai tampilan (p99)", text, 6, 8, "s")
    return line_panel(frame, Query(quantile(0.99, "piket_checkin_to_view_seconds", "", REGION), "p99"))


def _failures() -> PanelBuilder:
    text = "Check-in commands in the time range that failed. Each is a person who must tap again: read the log."
    failed = growth("piket_http_requests_total", "", f'{CHECK_INS}, outcome="failed"')
    frame = Frame("Presensi gagal", text, 6, 8, "suffix: permintaan", scales.none_is_good(0.5), 0)
    return stat_panel(frame, Query(or_zero(failed)))


def _divergence() -> PanelBuilder:
    text = (
        "OPD whose rows differ from their stored facts, by region, at the last comparison; the objective is 0. More: "
        "run `piket reconcile`. BELUM DIBANDINGKAN: no process compares, start `piket reconcile --every 60`."
    )
    frame = Frame("OPD yang menyimpang", text, 24, 6, "suffix: OPD", scales.COMPARED)
    return stat_panel(frame, Query(f"sum({largest('piket_view_divergent_opds', 'region')}) or vector(-1)"))
