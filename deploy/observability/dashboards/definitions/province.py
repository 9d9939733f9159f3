"""Defines the dashboard Provinsi: which region and which OPD has an empty counter now."""

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import (
    COVERAGE,
    MIN_COVERAGE,
    REGION,
    UNCOVERED,
    largest,
    or_zero,
    uncovered_services,
    with_name,
)
from deploy.observability.dashboards.layout import (
    Description,
    Row,
    address_of_piket,
    build_dashboard,
    counter_link,
    region_link,
    service_link,
    several_regions,
)
from deploy.observability.dashboards.panels import (
    Frame,
    PanelBuilder,
    Query,
    line_panel,
    map_panel,
    stat_panel,
)
from deploy.observability.dashboards.tables import Order, TableColumn, table_panel

ABOUT = Description("piket-provinsi", "Provinsi", "Which region and which OPD has an empty counter now?")
FIELD_REGION, FIELD_OPD = "${__data.fields.region}", "${__data.fields.opd}"
SERVICE = "region, opd, service"
WEAKEST = f"bottomk(20, {largest(COVERAGE, SERVICE)})"


def province() -> dashboard.Dashboard:
    """Return the dashboard."""
    now = [_uncovered(), _empty_opds(), _worst_coverage(), _behind(), _alerts(), _weakest_services()]
    rows = [
        Row("Sekarang", now),
        Row("Wilayah", [_regions(), _region_map()]),
        Row("Hari ini", [_uncovered_today(), _states_today(), _behind_today(), _watermark()]),
    ]
    return build_dashboard(ABOUT, [several_regions(), address_of_piket()], rows)


def _uncovered() -> PanelBuilder:
    text = (
        "Open services with fewer people on site than required, in all chosen regions. If it is not 0, read the table "
        "below, open the counter by its link, and call the head of the OPD."
    )
    frame = Frame("Layanan kurang petugas", text, 5, 5, "suffix: layanan kurang", scales.none_is_good())
    return stat_panel(frame, Query(f"sum({uncovered_services()})"))


def _empty_opds() -> PanelBuilder:
    text = (
        "OPD with at least one open service where nobody is on site. These come first: the public is waiting. Call the "
        "OPD; a colleague may take the counter over."
    )
    frame = Frame("OPD dengan loket kosong", text, 5, 5, "suffix: OPD kosong", scales.none_is_good())
    return stat_panel(frame, Query(or_zero(f"count(min by (region, opd) ({COVERAGE}{{{REGION}}}) == 0)")))


def _worst_coverage() -> PanelBuilder:
    text = (
        "The smallest share of required people on site at any open service. KOSONG: nobody; KURANG: too few. It has no "
        "value while all offices are closed."
    )
    frame = Frame("Cakupan terendah", text, 5, 5, "percentunit", scales.COVERAGE, no_value="semua tutup")
    return stat_panel(frame, Query(f"min({MIN_COVERAGE}{{{REGION}}})"))


def _behind() -> PanelBuilder:
    text = (
        "Wall seconds since the view was last confirmed to be complete, of the region that is furthest behind. From 15 "
        "seconds on the board says TIDAK DIKETAHUI: do not trust the numbers, open the dashboard Pipeline."
    )
    frame = Frame("Tampilan tertinggal", text, 5, 5, "s", scales.small_is_good(15, "✔ terkini"), 0)
    return stat_panel(frame, Query(f"max(piket_view_behind_seconds{{{REGION}}})"))


def _alerts() -> PanelBuilder:
    text = (
        "Alerts of Prometheus that fire now (page or ticket). Open the alert in Alertmanager; its runbook in "
        "docs/operations says what to do."
    )
    frame = Frame("Peringatan aktif", text, 4, 5, "suffix: peringatan", scales.none_is_good(color=scales.ORANGE))
    return stat_panel(frame, Query(or_zero('count(ALERTS{alertstate="firing", severity=~"page|ticket"})')))


def _weakest_services() -> PanelBuilder:
    text = (
        "The twenty open services with the smallest coverage, the emptiest first. The link of an OPD leads to its "
        "counters in Piket and to the dashboard Layanan. The table is empty while all offices are closed."
    )
    links = (counter_link(FIELD_REGION, FIELD_OPD), service_link(FIELD_REGION, FIELD_OPD))
    columns = [
        TableColumn("name", "Wilayah", links=(region_link(FIELD_REGION),)),
        TableColumn("opd", "OPD", links=links),
        TableColumn("service", "Layanan"),
        TableColumn("Value #A", "Keadaan", "percentunit", scales.COVERAGE),
        TableColumn("Value #C", "Hadir"),
        TableColumn("Value #B", "Diperlukan"),
        TableColumn("Value #D", "Terjadwal"),
        TableColumn("region", "Kode"),
    ]
    staff = ("piket_service_required_staff", "piket_service_present_staff", "piket_service_planned_staff")
    of_weakest = [f"{largest(metric, SERVICE)} and on ({SERVICE}) {WEAKEST}" for metric in staff]
    queries = [Query(with_name(WEAKEST)), *(Query(with_name(expression)) for expression in of_weakest)]
    return table_panel(Frame("Loket terlemah sekarang", text, 24, 11), columns, Order("Value #A"), *queries)


def _regions() -> PanelBuilder:
    text = (
        "All regions, the most uncovered services first; the same as the map in numbers. The link leads to the "
        "dashboard Kab/Kota."
    )
    columns = [
        TableColumn("name", "Wilayah", links=(region_link(FIELD_REGION),)),
        TableColumn("Value #A", "Layanan kurang", scale=scales.none_is_good()),
        TableColumn("Value #B", "Cakupan terendah", "percentunit", scales.COVERAGE),
        TableColumn("Value #C", "OPD kritis", scale=scales.none_is_good()),
        TableColumn("Value #D", "Tertinggal", "s", scales.small_is_good(15, "✔ terkini")),
        TableColumn("region", "Kode"),
    ]
    critical = largest("piket_opd_coverage_state", "region, opd", f'{REGION}, state="KRITIS"')
    expressions = (
        uncovered_services(),
        f"max by (region) ({MIN_COVERAGE}{{{REGION}}})",
        f"sum by (region) ({critical})",
        largest("piket_view_behind_seconds", "region"),
    )
    queries = [Query(with_name(expression)) for expression in expressions]
    return table_panel(Frame("Wilayah terburuk", text, 14, 10), columns, Order("Value #A", descending=True), *queries)


def _region_map() -> PanelBuilder:
    text = (
        "One marker for each region at its centre; size and colour are the number of uncovered services. The table "
        "beside it says the same in numbers. No tile server is used."
    )
    links = (region_link(FIELD_REGION),)
    frame = Frame("Peta layanan kurang petugas", text, 10, 10, scale=scales.none_is_good(), links=links)
    place = "max by (region, name, latitude, longitude) (piket_region_info)"
    joined = f"({uncovered_services()}) * on (region) group_left (name, latitude, longitude) {place}"
    return map_panel(frame, "Value", Query(joined))


def _uncovered_today() -> PanelBuilder:
    text = "Uncovered services by region today. A line that stays above 0 is a counter that nobody has filled: call."
    frame = Frame("Layanan kurang petugas hari ini", text, unit="suffix: layanan")
    return line_panel(frame, Query(with_name(f"max by (region) ({UNCOVERED}{{{REGION}}})"), "{{name}}"))


def _states_today() -> PanelBuilder:
    text = (
        "How many OPD are in each state. Many RAWAN: they will lack people within an hour. Many TIDAK DIKETAHUI: the "
        "data stopped, open the dashboard Pipeline."
    )
    states = largest("piket_opd_coverage_state", "region, opd, state")
    frame = Frame("OPD menurut keadaan", text, unit="suffix: OPD")
    return line_panel(frame, Query(f"sum by (state) ({states})", "{{state}}"), stacked=True)


def _behind_today() -> PanelBuilder:
    text = "Seconds by which the view of each region was behind. A line that only grows: a relay or worker stopped."
    frame = Frame("Ketertinggalan tampilan", text, unit="s")
    return line_panel(frame, Query(with_name(largest("piket_view_behind_seconds", "region")), "{{name}}"))


def _watermark() -> PanelBuilder:
    text = (
        "The instant (of the office day) until which the view of each region has missed nothing. In a demo this clock "
        "is simulated. If one region is older than the others, look at its relay."
    )
    frame = Frame("Tampilan lengkap sampai", text, unit="dateTimeAsIso")
    expression = f"{largest('piket_view_watermark_timestamp_seconds', 'region')} * 1000"
    return stat_panel(frame, Query(with_name(expression), "{{name}}"))
