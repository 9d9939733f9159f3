"""Defines the dashboard Layanan: the services of one OPD over the day."""

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import COVERAGE, OPD, largest, severity, total
from deploy.observability.dashboards.layout import (
    SERVICE_DASHBOARD,
    Description,
    Row,
    address_of_piket,
    build_dashboard,
    counter_link,
    one_opd,
    one_region,
)
from deploy.observability.dashboards.panels import Frame, PanelBuilder, Query, line_panel, stat_panel, timeline_panel
from deploy.observability.dashboards.tables import Order, TableColumn, table_panel

ABOUT = Description(SERVICE_DASHBOARD, "Layanan", "When was which service of this OPD without enough people today?")
SERVICE = "region, opd, service"


def service() -> dashboard.Dashboard:
    """Return the dashboard."""
    series = (("required", "diperlukan"), ("planned", "terjadwal"), ("present", "hadir"))
    rows = [
        Row("Sekarang", [_state(), _opening(), _services()]),
        Row("Hari ini", [_coverage(), *(_staff(name, label) for name, label in series), _modes()]),
    ]
    return build_dashboard(ABOUT, [one_region(), one_opd(), address_of_piket()], rows)


def _state() -> PanelBuilder:
    text = (
        "The state of the OPD now, as the public board displays it. KRITIS: call the OPD; the link opens its counters."
    )
    link = counter_link("$region", "$opd")
    frame = Frame("Keadaan OPD", text, 6, 7, scale=scales.STATE_NUMBERS, links=(link,))
    return stat_panel(frame, Query(f"max({severity(OPD)})"))


def _opening() -> PanelBuilder:
    text = "Whether any post is open now. TUTUP in office hours: check the calendar and the arrangement of the units."
    frame = Frame("Kantor", text, 4, 7, scale=scales.OPEN)
    return stat_panel(frame, Query(f"max({largest('piket_office_open', 'region, opd', OPD)})"))


def _services() -> PanelBuilder:
    text = (
        "Each service at its weakest post: people on site, required and rostered. It has no coverage while it is "
        "closed. The link opens the counters in Piket, with all posts."
    )
    link = counter_link("${__data.fields.region}", "${__data.fields.opd}")
    columns = [
        TableColumn("service", "Layanan", links=(link,)),
        TableColumn("Value #A", "Keadaan", "percentunit", scales.COVERAGE),
        TableColumn("Value #D", "Hadir"),
        TableColumn("Value #B", "Diperlukan"),
        TableColumn("Value #C", "Terjadwal"),
        TableColumn("opd", "OPD"),
        TableColumn("region", "Kode"),
    ]
    metrics = (COVERAGE, "piket_service_required_staff", "piket_service_planned_staff", "piket_service_present_staff")
    queries = [Query(largest(metric, SERVICE, OPD)) for metric in metrics]
    return table_panel(Frame("Layanan sekarang", text, 14, 7), columns, Order("Value #A"), *queries)


def _coverage() -> PanelBuilder:
    text = (
        "The coverage of each service over the day: KOSONG nobody, KURANG too few, CUKUP enough, a gap: closed or not "
        "known. Compare a KOSONG with the lines below: either nobody was rostered, or nobody came."
    )
    link = counter_link("${__field.labels.region}", "${__field.labels.opd}")
    frame = Frame("Cakupan layanan", text, 24, 8, "percentunit", scales.COVERAGE, links=(link,))
    return timeline_panel(frame, Query(largest(COVERAGE, SERVICE, OPD), "{{service}}"))


def _staff(name: str, label: str) -> PanelBuilder:
    advice = {
        "required": "People required at the weakest post of each service. A wrong number: the rules, see policy.",
        "planned": "People rostered at the weakest post of each service. Below required: the plan is short.",
        "present": "People on site at the weakest post of each service. Below rostered: somebody did not come; call.",
    }[name]
    frame = Frame(f"Petugas {label}", advice, 8, 8, "suffix: orang")
    return line_panel(frame, Query(largest(f"piket_service_{name}_staff", SERVICE, OPD), "{{service}}"))


def _modes() -> PanelBuilder:
    text = "People of the OPD present by place of work. Many WFH beside an empty counter: ask for somebody to come in."
    expression = total("piket_opd_present_staff", "mode", OPD, "region, opd, mode")
    frame = Frame("Pegawai hadir menurut tempat kerja", text, 24, 8, "suffix: orang")
    return line_panel(frame, Query(expression, "{{mode}}"), stacked=True)
