"""Defines the row about what is wrong with events or rows."""

from collections.abc import Sequence

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import (
    REGION,
    growth,
    largest,
    or_zero,
    rate,
)
from deploy.observability.dashboards.layout import Row
from deploy.observability.dashboards.panels import (
    Frame,
    PanelBuilder,
    Query,
    line_panel,
    stat_panel,
)


def rows() -> Sequence[Row]:
    """Return the row."""
    return [Row("Mutu data", [_dead_letters(), _divergence(), _compared(), _duplicates(), _late()])]


def _dead_letters() -> PanelBuilder:
    text = (
        "Records in the time range that could not be read and went to the dead letters. Nothing is lost: see the "
        "reason on /operasi or by `piket dead-letters list`, repair the cause, and replay."
    )
    frame = Frame("Dead letter", text, 6, 6, "suffix: rekaman", scales.none_is_good(0.5), 0)
    unreadable = growth("piket_events_total", "", 'outcome="unreadable"')
    return stat_panel(frame, Query(or_zero(unreadable)))


def _divergence() -> PanelBuilder:
    text = (
        "OPD whose rows are not as their stored facts make them, at the last comparison. More than 0: run `piket "
        "reconcile`, then `piket rebuild-view`. BELUM DIBANDINGKAN: start `piket reconcile --every 60`."
    )
    frame = Frame("OPD yang menyimpang", text, 6, 6, "suffix: OPD", scales.COMPARED)
    return stat_panel(frame, Query(f"sum({largest('piket_view_divergent_opds', 'region')}) or vector(-1)"))


def _compared() -> PanelBuilder:
    text = "When the view was last compared with the stores, of the region that waits longest. Old: start reconcile."
    never = scales.RangeText(scales.NEVER_COMPARED, 0, "? belum dibandingkan", scales.ORANGE)
    frame = Frame("Terakhir dibandingkan", text, 12, 6, "dateTimeAsIso", scales.Scale(ranges=(never,)))
    oldest = f"min({largest('piket_view_compared_timestamp_seconds', 'region')}) * 1000"
    return stat_panel(frame, Query(f"{oldest} or vector(-1)"))


def _duplicates() -> PanelBuilder:
    text = "Events per second that were already known. Some after a restart are normal; they never count twice."
    frame = Frame("Peristiwa berulang", text, 12, 7, "cps")
    return line_panel(frame, Query(or_zero(rate("piket_view_duplicates_total", "", REGION)), "berulang"))


def _late() -> PanelBuilder:
    text = (
        "Events per second that were recorded too late for the row of their date. If there are many, ask which phones "
        "or sites were offline for days."
    )
    frame = Frame("Peristiwa terlambat", text, 12, 7, "cps")
    return line_panel(frame, Query(or_zero(rate("piket_view_late_total", "", REGION)), "terlambat"))
