"""Tests the coverage gauges of operations, scraped from a view in memory."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.reporting.metrics import METRIC_HELP, CoverageCollector
from services.reporting.view.rows import CoverageView
from shared import telemetry
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY, at

NOON = at("12:30")


def counter(required: int, known: int, planned: int = 0) -> PostCoverage:
    return PostCoverage(required=((480, required), (900, 0)), planned=((480, planned),), known=((480, known),))


def row(units: Mapping[str, Mapping[str, PostCoverage]], opd: str = "DPMPTSP", region: str = "32") -> Coverage:
    return Coverage(
        region=region,
        opd=opd,
        service_date=THURSDAY,
        definition=1,
        revision=1,
        units={unit: UnitCoverage(name=unit, rostered=True, posts=posts) for unit, posts in units.items()},
        modes={"WFO": ((441, 412),), "WFH": ((450, 286),)},
    )


def scrape(*rows: Coverage, now: datetime = NOON, current: bool = True) -> dict[tuple[str, ...], float]:
    view = CoverageView(lambda: now)
    view.apply_rows(rows)
    if current:
        view.mark_complete()
    registry = CollectorRegistry()
    registry.register(CoverageCollector(view, lambda: now, ["32"]))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, *(s.labels[label] for label in METRIC_HELP[s.name][1])): s.value for s in samples}


def staff(values: Mapping[tuple[str, ...], float], service: str) -> list[float]:
    kinds = ("required", "planned", "present")
    return [values[f"piket_service_{kind}_staff", "32", "DPMPTSP", service] for kind in kinds]


def test_a_counter_shows_who_is_needed_rostered_and_there() -> None:
    assert staff(scrape(row({"FRONT": {"LOKET-1": counter(2, 1, 2)}})), "FRONT") == [2, 2, 1]


def test_a_full_counter_never_hides_an_empty_one() -> None:
    assert staff(scrape(row({"FRONT": {"LOKET-1": counter(1, 0), "LOKET-2": counter(1, 9)}})), "FRONT") == [1, 0, 0]


def test_an_opd_has_at_most_three_services() -> None:
    units = {f"UPTD-{n}": {"LOKET": counter(1, n)} for n in range(1, 6)}
    values = scrape(row(units))
    assert {labels[3] for labels in values if labels[0] == "piket_service_present_staff"} == {
        "UPTD-1",
        "UPTD-2",
        "OTHER",
    }
    assert staff(values, "OTHER") == [1, 0, 3]


def test_an_opd_is_in_exactly_one_state() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 0)}}))
    states = {labels[3]: value for labels, value in values.items() if labels[0] == "piket_opd_coverage_state"}
    assert states == {"KRITIS": 1, "TIDAK_DIKETAHUI": 0, "RAWAN": 0, "AMAN": 0, "TUTUP": 0}


def test_a_view_that_was_never_complete_calls_everything_unknown() -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}), current=False)
    assert values["piket_opd_coverage_state", "32", "DPMPTSP", "TIDAK_DIKETAHUI"] == 1


@pytest.mark.parametrize(("when", "is_open"), [("07:59", 0), ("08:00", 1), ("14:59", 1), ("15:00", 0)])
def test_an_office_is_open_while_a_counter_needs_somebody(when: str, is_open: int) -> None:
    values = scrape(row({"FRONT": {"LOKET-1": counter(1, 1)}}), now=at(when))
    assert values["piket_office_open", "32", "DPMPTSP"] == is_open


def test_people_are_counted_by_where_they_work() -> None:
    values = scrape(row({}))
    assert [values["piket_opd_present_staff", "32", "DPMPTSP", mode] for mode in ("WFO", "WFH")] == [412, 286]


def test_only_today_is_exported() -> None:
    yesterday = row({"FRONT": {"LOKET-1": counter(1, 1)}})
    values = scrape(yesterday, now=NOON + timedelta(days=1))
    assert {labels[0] for labels in values} == {"piket_view_watermark_timestamp_seconds"}


def test_the_watermark_is_the_instant_of_the_last_complete_look() -> None:
    assert scrape()["piket_view_watermark_timestamp_seconds", "32"] == NOON.timestamp()


def test_a_thousand_opd_stay_within_the_budget_of_a_scrape() -> None:
    units = {f"UPTD-{n}": {f"LOKET-{p}": counter(1, 1) for p in range(4)} for n in range(5)}
    samples = scrape(*(row(units, opd=f"OPD-{n}") for n in range(1000)))
    assert len(samples) <= 20_000


def test_every_metric_helps_in_both_languages_and_names_no_person() -> None:
    assert all(text.count(". ") == 1 for text, _ in METRIC_HELP.values())
    assert {label for _, labels in METRIC_HELP.values() for label in labels} == {
        "region",
        "opd",
        "service",
        "state",
        "mode",
    }


def test_metrics_are_served_on_a_port_of_their_own(tmp_path: Path, unused_port: int) -> None:
    registry = CollectorRegistry()
    registry.register(CoverageCollector(CoverageView(lambda: NOON), lambda: NOON, ["32"]))
    stop = telemetry.serve_metrics(unused_port, registry)
    text = httpx.get(f"http://127.0.0.1:{unused_port}/metrics").text
    stop()
    assert "piket_view_watermark_timestamp_seconds" in text


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
