"""Defines the dashboard Efisiensi: work from home, its limits, and estimated savings beside the coverage."""

from grafana_foundation_sdk.models import dashboard

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import MIN_COVERAGE, REGION, largest, uncovered_services, with_name
from deploy.observability.dashboards.layout import (
    Description,
    Row,
    address_of_piket,
    build_dashboard,
    counter_link,
    several_regions,
)
from deploy.observability.dashboards.panels import Frame, PanelBuilder, Query, line_panel, stat_panel
from deploy.observability.dashboards.tables import Order, TableColumn, table_panel

ABOUT = Description(
    "piket-efisiensi", "Efisiensi", "What does flexible work save, and does every counter stay covered?"
)
SHARE = largest("piket_wfh_share_ratio", "region, opd")
LIMIT = largest("piket_wfh_share_limit_ratio", "region, opd")
BALANCE = largest("piket_rotation_balance_ratio", "region, opd")
EXCESS = f"{SHARE} - on (region, opd) {LIMIT}"
KILOMETRES, ENERGY = "piket_estimated_commute_avoided_kilometres", "piket_estimated_energy_saved_kilowatt_hours"


def efficiency() -> dashboard.Dashboard:
    """Return the dashboard."""
    rows = [
        Row(
            "Penghematan hari ini, beserta cakupan",
            [_days(), _kilometres(), _energy(), _coverage(), _uncovered(), _factors()],
        ),
        Row("Sepanjang hari", [_home_days(), _coverage_today(), _estimates("km"), _estimates("kWh")]),
        Row("Batas dan pemerataan", [_shares(), _breaches(), _excess(), _balance()]),
    ]
    return build_dashboard(ABOUT, [several_regions(), address_of_piket()], rows)


def _days() -> PanelBuilder:
    text = "People who worked from home today, by their taps. Compare with the rosters if it is far lower than planned."
    frame = Frame("Hari kerja dari rumah", text, 5, 5, "suffix: orang")
    return stat_panel(frame, Query(f"sum({largest('piket_home_person_days', 'region')})"))


def _kilometres() -> PanelBuilder:
    text = (
        "An estimate: days at home times the kilometres per day of the table of factors. A restatement may lower it. "
        "Quote it only together with the factor and the coverage."
    )
    frame = Frame("Perjalanan dihemat (perkiraan)", text, 5, 5, "suffix: km (perkiraan)")
    return stat_panel(frame, Query(f"sum({largest(KILOMETRES, 'region')})"))


def _energy() -> PanelBuilder:
    text = (
        "An estimate: days at home times the kilowatt hours per day of the table of factors; it is not a bill. "
        "Quote it only together with the factor and the coverage."
    )
    frame = Frame("Energi dihemat (perkiraan)", text, 5, 5, "suffix: kWh (perkiraan)")
    return stat_panel(frame, Query(f"sum({largest(ENERGY, 'region')})"))


def _coverage() -> PanelBuilder:
    text = "The smallest coverage of an open service now. KOSONG or KURANG: there is no saving, fill the counter first."
    frame = Frame("Cakupan terendah sekarang", text, 5, 5, "percentunit", scales.COVERAGE, no_value="semua tutup")
    return stat_panel(frame, Query(f"min({MIN_COVERAGE}{{{REGION}}})"))


def _uncovered() -> PanelBuilder:
    text = "Open services with too few people now. More than 0: open the dashboard Provinsi and fill the counters."
    frame = Frame("Layanan kurang petugas", text, 4, 5, "suffix: layanan", scales.none_is_good())
    return stat_panel(frame, Query(f"sum({uncovered_services()})"))


def _factors() -> PanelBuilder:
    text = "The factors of the estimates per day at home, with their sources. Correct a factor in the settings."
    columns = [
        TableColumn("name", "Wilayah"),
        TableColumn("factor", "Faktor perkiraan"),
        TableColumn("value", "Nilai per hari di rumah"),
        TableColumn("source", "Sumber"),
    ]
    query = Query(with_name(largest("piket_estimation_factor_info", "region, factor, value, source")))
    return table_panel(Frame("Faktor perkiraan", text, 24, 6), columns, Order("name"), query)


def _home_days() -> PanelBuilder:
    text = "People who have worked from home, by region. The panel beside it is the coverage of the same time."
    query = Query(with_name(largest("piket_home_person_days", "region")), "{{name}}")
    return line_panel(Frame("Hari kerja dari rumah", text, 12, 8, "suffix: orang"), query)


def _coverage_today() -> PanelBuilder:
    text = (
        "The smallest coverage of each region at the same time (100 % is enough people at every open counter). Below "
        "100 %: the saving of that time was paid for by the public."
    )
    query = Query(with_name(f"max by (region) ({MIN_COVERAGE}{{{REGION}}})"), "{{name}}")
    return line_panel(Frame("Cakupan terendah pada waktu yang sama", text, 12, 8, "percentunit"), query)


def _estimates(unit: str) -> PanelBuilder:
    metric, title = {"km": (KILOMETRES, "Perjalanan dihemat"), "kWh": (ENERGY, "Energi dihemat")}[unit]
    text = f"Estimated {unit} by region today, from days at home and a factor. A fall is a restatement: see why."
    query = Query(with_name(largest(metric, "region")), "{{name}}")
    return line_panel(Frame(f"{title} (perkiraan)", text, 12, 8, f"suffix: {unit} (perkiraan)"), query)


def _shares() -> PanelBuilder:
    text = (
        "The share of people rostered at home today, its limit, and the balance of the rotation, by OPD; the largest "
        "excess first. MELEBIHI BATAS: ask the OPD to change its roster."
    )
    link = counter_link("${__data.fields.region}", "${__data.fields.opd}")
    columns = [
        TableColumn("name", "Wilayah"),
        TableColumn("opd", "OPD", links=(link,)),
        TableColumn("Value #A", "WFH hari ini", "percentunit"),
        TableColumn("Value #B", "Batas WFH", "percentunit"),
        TableColumn("Value #C", "Terhadap batas", "percentunit", scales.EXCESS),
        TableColumn("Value #D", "Pemerataan", "percentunit"),
        TableColumn("region", "Kode"),
    ]
    queries = [Query(with_name(expression)) for expression in (SHARE, LIMIT, EXCESS, BALANCE)]
    return table_panel(Frame("WFH terhadap batas", text, 16, 11), columns, Order("Value #C", descending=True), *queries)


def _breaches() -> PanelBuilder:
    text = (
        "OPD whose rosters of today break a rule: MAX_SHARE too many at home, FLEXIBLE_DAY not a flexible day, "
        "POST_MINIMUM too few at a post. Find them in the table, and ask for a new plan."
    )
    frame = Frame("Pelanggaran aturan", text, 8, 11, "suffix: OPD", scales.none_is_good())
    expression = f"sum by (rule) ({largest('piket_policy_breach_opds', 'region, rule')})"
    return stat_panel(frame, Query(expression, "{{rule}}"))


def _excess() -> PanelBuilder:
    text = "The largest share at home minus its limit, by region. Above 0 an OPD breaks the limit; the table names it."
    frame = Frame("WFH terbesar terhadap batas", text, 12, 8, "percentunit")
    return line_panel(frame, Query(with_name(f"max by (region) ({EXCESS})"), "{{name}}"), from_zero=False)


def _balance() -> PanelBuilder:
    text = (
        "Days at home divided by the days that the rules allow: the highest and the lowest OPD of each region. Far "
        "apart: some OPD never get a day at home; compare their plans."
    )
    highest = Query(with_name(f"max by (region) ({BALANCE})"), "{{name}} tertinggi")
    lowest = Query(with_name(f"min by (region) ({BALANCE})"), "{{name}} terendah")
    return line_panel(Frame("Pemerataan hari kerja dari rumah", text, 12, 8, "percentunit"), highest, lowest)
