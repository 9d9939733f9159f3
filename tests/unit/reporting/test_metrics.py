"""Tests the gauges of a region, scraped from a view in memory."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.reporting.domain.efficiency.estimates import estimation_factors
from services.reporting.metrics.collector import RegionCollector
from services.reporting.metrics.families import REGION_METRICS
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage, HomeShare, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY, at

NOON = at("12:30")
FACTORS = estimation_factors(commute_km=None, energy_kwh=2.5)
Values = Mapping[tuple[str, ...], float]


def counter(required: int, known: int, planned: int = 0) -> PostCoverage:
    return PostCoverage(required=((480, required), (900, 0)), planned=((480, planned),), known=((480, known),))


def row(
    units: Mapping[str, Mapping[str, PostCoverage]], opd: str = "DPMPTSP", region: str = "32", days: int = 0
) -> Coverage:
    return Coverage(
        region=region,
        opd=opd,
        service_date=THURSDAY + timedelta(days=days),
        definition=1,
        revision=1,
        units={unit: UnitCoverage(name=unit, rostered=True, posts=posts) for unit, posts in units.items()},
        modes={"WFO": ((441, 412),), "WFH": ((450, 286), (700, 300), (720, 280)), "WFA": ((710, 4),)},
    )


def with_home(of: Coverage, present: int, at_home: int, allowed: int, *broken: str) -> Coverage:
    home = HomeShare(present=present, at_home=at_home, allowed=allowed, broken=broken)
    return of.model_copy(update={"home": home})


def collector(*rows: Coverage, now: datetime = NOON, current: bool = True) -> RegionCollector:
    view = CoverageView(lambda: now)
    view.apply_rows(rows)
    if current:
        view.mark_complete()
    return RegionCollector(view, lambda: now, "32", FACTORS)


def scrape(*rows: Coverage, now: datetime = NOON, current: bool = True) -> Values:
    registry = CollectorRegistry()
    registry.register(collector(*rows, now=now, current=current))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, *(s.labels[label] for label in REGION_METRICS[s.name][1])): s.value for s in samples}


def staff(values: Values, service: str) -> list[float]:
    kinds = ("required", "planned", "present")
    return [values[f"piket_service_{kind}_staff", "32", "DPMPTSP", service] for kind in kinds]


def of_opd(values: Values, metric: str) -> float | None:
    return values.get((metric, "32", "DPMPTSP"))


def test_a_counter_shows_who_is_needed_rostered_and_there() -> None:
    assert staff(scrape(row({"FRONT": {"LOKET-1": counter(2, 1, 2)}})), "FRONT") == [2, 2, 1]


def test_a_full_counter_never_hides_an_empty_one() -> None:
    assert staff(scrape(row({"FRONT": {"LOKET-1": counter(1, 0), "LOKET-2": counter(1, 9)}})), "FRONT") == [1, 0, 0]


def test_an_empty_counter_is_weaker_than_one_that_lacks_more_people() -> None:
    posts = {"LOKET-1": counter(4, 2), "LOKET-2": counter(1, 0)}
    assert staff(scrape(row({"FRONT": posts})), "FRONT") == [1, 0, 0]


def test_a_closed_post_does_not_hide_an_open_one() -> None:
    posts = {"MALAM": counter(0, 0), "PAGI": counter(1, 0, 3).model_copy(update={"known": ((480, 3),)})}
    assert staff(scrape(row({"PUSDALOPS": posts})), "PUSDALOPS") == [1, 3, 3]


def test_an_opd_has_at_most_three_services() -> None:
    units = {f"UPTD-{n}": {"LOKET": counter(1, n)} for n in range(1, 6)}
    values = scrape(row(units))
    services = {labels[3] for labels in values if labels[0] == "piket_service_present_staff"}
    assert services == {"UPTD-1", "UPTD-2", "OTHER"}
    assert staff(values, "OTHER") == [1, 0, 3]


def test_an_opd_is_in_exactly_one_state() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 0)}}))
    states = {labels[3]: value for labels, value in values.items() if labels[0] == "piket_opd_coverage_state"}
    assert states == {"KRITIS": 1, "TIDAK_DIKETAHUI": 0, "RAWAN": 0, "AMAN": 0, "TUTUP": 0}


def test_a_view_that_was_never_complete_calls_everything_unknown() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}), current=False)
    assert values["piket_opd_coverage_state", "32", "DPMPTSP", "TIDAK_DIKETAHUI"] == 1


def test_a_post_without_a_roster_has_no_figures_so_that_nobody_is_called_for_it() -> None:
    unrostered = counter(1, 0).model_copy(update={"unrostered": ((480, 1), (900, 0))})
    values = scrape(row({"FRONT": {"LOKET-1": counter(2, 1, 2), "LOKET-2": unrostered}, "BACK": {"ARSIP": unrostered}}))
    assert staff(values, "FRONT") == [2, 2, 1]
    assert [labels for labels in values if "BACK" in labels] == []


@pytest.mark.parametrize(("when", "is_open"), [("07:59", 0), ("08:00", 1), ("14:59", 1), ("15:00", 0)])
def test_an_office_is_open_while_a_counter_needs_somebody(when: str, is_open: int) -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}), now=at(when))
    assert of_opd(values, "piket_office_open") == is_open


def test_people_are_counted_by_where_they_work() -> None:
    values = scrape(row({}))
    assert [values["piket_opd_present_staff", "32", "DPMPTSP", mode] for mode in ("WFO", "WFH")] == [412, 280]


def test_coverage_is_exported_for_today_only() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}), now=NOON + timedelta(days=1))
    assert [labels[0] for labels in values if "DPMPTSP" in labels] == []


def test_another_region_has_an_endpoint_of_its_own() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}, region="3271"))
    assert [labels for labels in values if "3271" in labels] == []


def test_the_watermark_is_the_instant_of_the_last_complete_look() -> None:
    assert scrape()["piket_view_watermark_timestamp_seconds", "32"] == NOON.timestamp()


def test_a_view_that_was_confirmed_is_not_behind_and_another_one_is_since_its_start() -> None:
    assert scrape()["piket_view_behind_seconds", "32"] == 0
    assert 0 < scrape(current=False)["piket_view_behind_seconds", "32"] < 60


def test_a_region_has_a_name_and_a_place_on_the_map() -> None:
    assert scrape()["piket_region_info", "32", "Provinsi Jawa Barat", "-6.9", "107.62"] == 1


def test_a_region_that_is_not_on_the_map_has_a_name_and_no_position() -> None:
    view = CoverageView(lambda: NOON)
    samples = [s for f in RegionCollector(view, lambda: NOON, "3374", FACTORS).collect() for s in f.samples]
    (place,) = [s.labels for s in samples if s.name == "piket_region_info"]
    assert place == {"region": "3374", "name": "Kota Semarang", "latitude": "", "longitude": ""}


def test_the_share_at_home_stands_beside_its_limit() -> None:
    values = scrape(with_home(row({}), 40, 22, 20, "MAX_SHARE"))
    assert (of_opd(values, "piket_wfh_share_ratio"), of_opd(values, "piket_wfh_share_limit_ratio")) == (0.55, 0.5)


def test_balance_is_over_all_dates_on_which_somebody_could_be_at_home() -> None:
    days = [with_home(row({}, days=-2), 40, 10, 20), with_home(row({}, days=-1), 40, 0, 0), row({})]
    tomorrow = with_home(row({}, days=1), 40, 20, 20)
    assert of_opd(scrape(*days, tomorrow), "piket_rotation_balance_ratio") == 0.5


def test_rows_without_a_roster_have_no_share() -> None:
    values = scrape(row({}), with_home(row({}, opd="BKD"), 0, 0, 0))
    assert {labels[0] for labels in values if "share" in labels[0] or "balance" in labels[0]} == set()


def test_broken_rules_are_counted_by_opd() -> None:
    short = {"FRONT": {"LOKET-1": counter(2, 2, 1)}}
    rows = [
        with_home(row(short), 40, 22, 20, "MAX_SHARE", "FLEXIBLE_DAY"),
        with_home(row(short, opd="BKD"), 40, 22, 20, "MAX_SHARE", "LATER_RULE"),
        row({"FRONT": {"LOKET-1": counter(2, 2, 2)}}, opd="DINSOS"),
    ]
    breaches = {labels[2]: n for labels, n in scrape(*rows).items() if labels[0] == "piket_policy_breach_opds"}
    assert breaches == {"MAX_SHARE": 2, "FLEXIBLE_DAY": 1, "POST_MINIMUM": 2}


def test_people_at_home_are_the_most_at_one_time_so_far() -> None:
    # 300 at 11.40, 304 at 11.50, 284 since 12.00.
    assert scrape(row({}))["piket_home_person_days", "32"] == 304
    assert scrape(row({}), now=at("11:45"))["piket_home_person_days", "32"] == 300
    assert scrape(row({}), now=at("07:00"))["piket_home_person_days", "32"] == 0


def test_estimates_show_their_factors_and_whether_they_are_assumed() -> None:
    values = scrape(row({}))
    assert values["piket_estimated_commute_avoided_kilometres", "32"] == 304 * 20
    assert values["piket_estimated_energy_saved_kilowatt_hours", "32"] == 304 * 2.5
    factors = {labels[2:] for labels in values if labels[0] == "piket_estimation_factor_info"}
    assert factors == {
        ("commute_kilometres_per_day", "20", "assumption"),
        ("energy_kilowatt_hours_per_day", "2.5", "deployment"),
    }


def test_a_region_of_nine_hundred_opd_stays_within_the_budget_of_a_scrape() -> None:
    units = {f"UPTD-{n}": {f"LOKET-{p}": counter(1, 1) for p in range(4)} for n in range(5)}
    rows = [with_home(row(units, opd=f"OPD-{n}"), 40, 20, 20) for n in range(900)]
    assert 18_000 < len(scrape(*rows)) <= 20_000
