"""Builds a dashboard from rows of panels: variables, links to all dashboards, panel ids."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards.panels import DATASOURCE, Link, PanelBuilder

TAG = "piket"
DATASOURCE_UID = "piket-prometheus"
"""The uid that `deploy/observability/grafana/provisioning` gives to Prometheus."""
TIME_ZONE = "Asia/Jakarta"
REGION_DASHBOARD, SERVICE_DASHBOARD = "piket-kabkota", "piket-layanan"
Variable = Builder[dashboard.VariableModel]


class Row(NamedTuple):
    """A title and the panels below it, from left to right."""

    title: str
    panels: Sequence[PanelBuilder]


class Description(NamedTuple):
    """What a dashboard is called, and which question it answers."""

    uid: str
    title: str
    question: str
    start: str = "now/d"


def build_dashboard(about: Description, variables: Sequence[Variable], rows: Sequence[Row]) -> dashboard.Dashboard:
    """Return the dashboard; its panels have the ids 1, 2, 3 in order."""
    builder = builders.Dashboard(about.title).uid(about.uid).description(about.question).tags([TAG])
    builder.timezone(TIME_ZONE).time(about.start, "now").refresh("30s").readonly()
    builder.tooltip(dashboard.DashboardCursorSync.CROSSHAIR).variables([_datasource(), *variables]).link(_links())
    for row in rows:
        builder.with_row(builders.Row(row.title))
        for panel in row.panels:
            builder.with_panel(panel)
    built = builder.build()
    for number, item in enumerate(built.panels or (), start=1):
        item.id_val = number
    return built


def several_regions() -> Variable:
    """Return the choice of regions, all at first."""
    return _region().multi(True).include_all(True).all_value(".*").current(_everything())


def one_region() -> Variable:
    """Return the choice of one region."""
    return _region()


def several_opds() -> Variable:
    """Return the choice of OPD of the chosen region, all at first."""
    return _opd().multi(True).include_all(True).all_value(".*").current(_everything())


def one_opd() -> Variable:
    """Return the choice of one OPD of the chosen region."""
    return _opd()


def address_of_piket() -> Variable:
    """Return the base address of Piket's own pages, which links use."""
    text = "The base address of Piket's own pages. Links from a counter lead there."
    return builders.TextBoxVariable("piket").label("Alamat Piket").description(text).default_value(DEFAULT_ADDRESS)


DEFAULT_ADDRESS = "http://127.0.0.1:8080"

_KEPT = "${ds:queryparam}&${__url_time_range}"


def counter_link(region: str, opd: str) -> Link:
    """Return the link to Piket's own page of the counters of an OPD; both are template expressions of Grafana."""
    return Link("Buka loket di Piket", f"${{piket:raw}}/opd/{region}/{opd}")


def region_link(region: str) -> Link:
    """Return the link to the dashboard of a region."""
    return Link("Buka dasbor Kab/Kota", f"/d/{REGION_DASHBOARD}?var-region={region}&var-opd=$__all&{_KEPT}")


def service_link(region: str, opd: str) -> Link:
    """Return the link to the dashboard of the services of an OPD."""
    return Link("Buka dasbor Layanan", f"/d/{SERVICE_DASHBOARD}?var-region={region}&var-opd={opd}&{_KEPT}")


def _datasource() -> Variable:
    provisioned = dashboard.VariableOption(text="Prometheus", value=DATASOURCE_UID)
    return builders.DatasourceVariable("ds").type("prometheus").label("Sumber data").current(provisioned)


def _region() -> builders.QueryVariable:
    """Return the variable that displays names of regions and holds their codes."""
    query = "query_result(max by (name, region) (piket_region_info))"
    names_and_codes = '/name="(?<text>[^"]+)".*region="(?<value>[^"]+)"/'
    return _query_variable("region", "Wilayah", query).regex(names_and_codes)


def _opd() -> builders.QueryVariable:
    return _query_variable("opd", "OPD", 'label_values(piket_office_open{region=~"$region"}, opd)')


def _query_variable(name: str, label: str, query: str) -> builders.QueryVariable:
    variable = builders.QueryVariable(name).label(label).datasource(DATASOURCE)
    variable.query(query).definition(query)
    return variable.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(
        dashboard.VariableSort.ALPHABETICAL_ASC
    )


def _everything() -> dashboard.VariableOption:
    return dashboard.VariableOption(selected=True, text=["Semua"], value=["$__all"])


def _links() -> builders.DashboardLink:
    """Return the links to all dashboards of Piket, with the variables and the time range kept."""
    link = builders.DashboardLink("Dasbor Piket").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(True).keep_time(True).as_dropdown(False).placement("")
