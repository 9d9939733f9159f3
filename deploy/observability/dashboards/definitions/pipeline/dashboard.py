"""Builds the dashboard from its rows."""

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards.definitions.pipeline import events, processes, quality, worker
from deploy.observability.dashboards.layout import Description, build_dashboard, several_regions

ABOUT = Description("piket-pipeline", "Pipeline", "Where do events wait between a tap and the view?", "now-1h")


def pipeline() -> dashboard.Dashboard:
    """Return the dashboard."""
    rows = [row for part in (events, worker, quality, processes) for row in part.rows()]
    return build_dashboard(ABOUT, [several_regions()], rows)
