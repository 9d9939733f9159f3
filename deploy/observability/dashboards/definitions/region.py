"""Defines the dashboard Kab/Kota: all OPD of one region."""

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import COVERAGE, OPD, largest, severity, total
from deploy.observability.dashboards.layout import (
    REGION_DASHBOARD,
    Description,
    Row,
    address_of_piket,
    build_dashboard,
    counter_link,
    one_region,
    service_link,
    several_opds,
)
from deploy.observability.dashboards.panels import Frame, PanelBuilder, Query, line_panel, stat_panel, timeline_panel
from deploy.observability.dashboards.tables import Order, TableColumn, table_panel

ABOUT = Description(REGION_DASHBOARD, "Kab/Kota", "Which OPD of this region lacks people, and where do they work?")


def region() -> dashboard.Dashboard:
    """Return the dashboard."""
    counts = [_open_offices(), *(_opds_in(state, text) for state, text, _ in scales.STATE_TEXTS[:4])]
    rows = [
        Row("Sekarang", [*counts, _opds()]),
        Row("Hari ini", [_states(), _staff(), _modes()]),
    ]
    return build_dashboard(ABOUT, [one_region(), several_opds(), address_of_piket()], rows)


def _open_offices() -> PanelBuilder:
    text = "OPD with at least one open post. 0 in office hours: the calendar of the region may be wrong, ask policy."
    frame = Frame("OPD buka", text, 4, 4, "suffix: OPD buka")
    return stat_panel(frame, Query(f"sum({largest('piket_office_open', 'region, opd', OPD)})"))


def _opds_in(state: str, text: str) -> PanelBuilder:
    advice = {
        "KRITIS": "OPD with too few people at an open post. Find them in the table, open the counter, call.",
        "TIDAK_DIKETAHUI": "OPD whose state is unknown: data stopped or no roster. Open the dashboard Pipeline.",
        "RAWAN": "OPD that have enough people now but not for the whole hour. Ask them for a replacement now.",
        "AMAN": "OPD with enough people now and for an hour. Nothing to do.",
    }[state]
    scale = scales.PLAIN if state == "AMAN" else scales.none_is_good(color=scales.ORANGE)
    matchers = f'{OPD}, state="{state}"'
    frame = Frame(f"OPD {text}", advice, 5, 4, "suffix: OPD", scale)
    return stat_panel(frame, Query(f"sum({largest('piket_opd_coverage_state', 'region, opd', matchers)})"))


def _opds() -> PanelBuilder:
    text = (
        "All OPD, the most severe state first. The numbers are sums over the services; the smallest coverage is of one "
        "service, because a full counter does not help an empty one. The links lead to the counters."
    )
    fields = ("${__data.fields.region}", "${__data.fields.opd}")
    columns = [
        TableColumn("opd", "OPD", links=(service_link(*fields), counter_link(*fields))),
        TableColumn("state", "Keadaan", scale=scales.STATES),
        TableColumn("Value #B", "Cakupan terendah", "percentunit", scales.COVERAGE),
        TableColumn("Value #C", "Diperlukan"),
        TableColumn("Value #D", "Terjadwal"),
        TableColumn("Value #E", "Hadir di loket"),
        TableColumn("Value #F", "Kantor", scale=scales.OPEN),
        TableColumn("region", "Kode"),
    ]
    staff_metrics = ("piket_service_required_staff", "piket_service_planned_staff", "piket_service_present_staff")
    queries = [
        Query(severity(OPD)),
        Query(f"min by (region, opd) ({COVERAGE}{{{OPD}}})"),
        *(Query(total(metric, "region, opd", OPD)) for metric in staff_metrics),
        Query(largest("piket_office_open", "region, opd", OPD)),
    ]
    return table_panel(Frame("Daftar OPD", text, 24, 14), columns, Order("Value #A", descending=True), *queries)


def _states() -> PanelBuilder:
    text = "The state of each OPD over time. A long KRITIS that nobody ended: ask the OPD why, and check the roster."
    link = service_link("${__field.labels.region}", "${__field.labels.opd}")
    frame = Frame("Keadaan OPD", text, 24, 14, scale=scales.STATE_NUMBERS, links=(link,))
    return timeline_panel(frame, Query(f"max by (region, opd) ({severity(OPD)})", "{{opd}}"))


def _staff() -> PanelBuilder:
    text = (
        "People required, rostered and on site at the counters of the chosen OPD. On site below required: a gap now. "
        "Rostered below required: the plan itself is short, look at the roster."
    )
    series = (("required", "diperlukan"), ("planned", "terjadwal"), ("present", "hadir"))
    queries = [
        Query(f"sum({total(f'piket_service_{name}_staff', 'region, opd', OPD)})", label) for name, label in series
    ]
    return line_panel(Frame("Petugas loket", text, 12, 9, "suffix: orang"), *queries)


def _modes() -> PanelBuilder:
    text = (
        "People present by place of work: office (WFO), home (WFH), anywhere (WFA), away on duty (AWAY). No WFO while "
        "offices are open: check whether taps arrive (dashboard Pipeline)."
    )
    expression = total("piket_opd_present_staff", "mode", OPD, "region, opd, mode")
    return line_panel(
        Frame("Pegawai hadir menurut tempat kerja", text, 12, 9, "suffix: orang"),
        Query(expression, "{{mode}}"),
        stacked=True,
    )
