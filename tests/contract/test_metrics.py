"""Code, catalogue and documentation name the same metrics; each planted difference is found."""

import ast
from pathlib import Path

import pytest
from prometheus_client import PROCESS_COLLECTOR

from deploy.observability import catalogue as catalogues
from deploy.observability.catalogue import Metric
from services.reporting.metrics.families import REGION_METRICS
from tests.contract.metric_rules import defined_names, metric_violations
from tests.contract.source_tree import Source, sources

ROOT = Path(__file__).parents[2]
CATALOGUE = catalogues.catalogue()
METRICS = {
    "piket_x_total": Metric.model_validate(
        {
            "name": "piket_x_total", "type": "counter", "unit": "taps", "labels": ["region"], "budget": 1,
            "owner": "shared", "endpoint": "process", "help": {"id": "Presensi.", "en": "Taps"},
        }
    )
}  # fmt: skip
UNITS = {"seconds", "ratio", "info", "kilometres", "kilowatt_hours", "rupiah"}
IMPORT = "from prometheus_client import Counter\n"
NIP = "has the labels nip, the catalogue region"
PLANTED = {
    IMPORT + 'Counter("piket_x_total", "Taps", ("nip",))': [f"one.py:2 {NIP}"],
    IMPORT + 'Counter("piket_x_total", "Taps", ["region", "name"])': [
        "one.py:2 has the labels region, name, the catalogue region"
    ],
    IMPORT + 'Counter("piket_x_total", "Taps", labelnames=("nip",))': [f"one.py:2 {NIP}"],
    IMPORT + 'LABELS = ("nip",)\nCounter("piket_x_total", "Taps", LABELS)': [f"one.py:3 {NIP}"],
    IMPORT + 'Counter("piket_x_total", "Taps", labels())': ["one.py:2 has labels that are no literal"],
    IMPORT + 'Counter("piket_x_total", "Taps", **options)': ["one.py:2 has labels that are no literal"],
    IMPORT + 'Counter("piket_x_total", "Taps seen", ("region",))': [
        "one.py:2 has the help 'Taps seen', the catalogue 'Taps'"
    ],
    IMPORT + 'Counter("piket_y_total", "Taps")': [
        "one.py:2 is not a metric of a process in the catalogue: piket_y_total"
    ],
    IMPORT + 'Counter(name, "Taps")': ["one.py:2 is not a metric of a process in the catalogue: None"],
    'from prometheus_client import Gauge\nGauge("piket_x_total", "Taps", ("region",))': [
        "one.py:2 is a gauge, the catalogue says counter"
    ],
    'from prometheus_client import Counter as C\nC("piket_x_total", "Taps", ("nip",))': [f"one.py:2 {NIP}"],
    'import prometheus_client as p\np.Counter("piket_x_total", "Taps", ("nip",))': [f"one.py:2 {NIP}"],
    'from prometheus_client import metrics\nmetrics.Counter("piket_x_total", "Taps", ("nip",))': [f"one.py:2 {NIP}"],
}


def findings(text: str) -> list[str]:
    return list(metric_violations([Source("one.py", text, ast.parse(text))], METRICS))


def test_the_code_defines_its_metrics_as_the_catalogue_does() -> None:
    assert list(metric_violations(sources(ROOT), CATALOGUE.exposed)) == []


def test_every_metric_of_a_process_in_the_catalogue_is_defined() -> None:
    of_processes = [metric for metric in CATALOGUE.exposed.values() if metric.endpoint == "process"]
    assert defined_names(sources(ROOT)) == {metric.name for metric in of_processes if metric.owner != "library"}


def test_the_client_library_exposes_its_metrics_as_the_catalogue_says() -> None:
    families = {family.name: family for family in PROCESS_COLLECTOR.collect()}
    of_library = [metric for metric in CATALOGUE.exposed.values() if metric.owner == "library"]
    assert {(metric.name.removesuffix("_total"), metric.type, metric.help.en) for metric in of_library} == {
        (name, family.type, family.documentation) for name, family in families.items()
    }


def test_the_gauges_of_a_region_are_those_of_the_catalogue() -> None:
    of_regions = [metric for metric in CATALOGUE.exposed.values() if metric.endpoint == "region"]
    assert {name: (text, labels) for name, (text, labels) in REGION_METRICS.items()} == {
        metric.name: (metric.help.en, metric.labels) for metric in of_regions
    }
    assert {metric.type for metric in of_regions} == {"gauge"}


@pytest.mark.parametrize(("text", "found"), PLANTED.items())
def test_a_planted_difference_is_found(text: str, found: list[str]) -> None:
    assert findings(text) == found


@pytest.mark.parametrize(
    "text",
    [IMPORT + 'Counter("piket_x_total", "Taps", ("region",))', "from collections import Counter\nCounter(names)"],
)
def test_a_metric_of_the_catalogue_and_another_counter_are_no_finding(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize("metric", CATALOGUE.metrics, ids=lambda metric: metric.name)
def test_a_metric_is_named_and_limited_as_the_rules_say(metric: Metric) -> None:
    assert metric.name.startswith("process_" if metric.owner == "library" else "piket_")
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert metric.unit not in UNITS or metric.unit in metric.name
    assert set(metric.labels) <= set(CATALOGUE.labels)
    assert not {"opd"} & set(metric.labels) or metric.type == "gauge"
    assert 0 < metric.budget <= 15_000
    assert metric.help.id
    assert metric.help.en


def test_no_label_is_left_over_and_none_names_a_person() -> None:
    assert {label for metric in CATALOGUE.metrics for label in metric.labels} == set(CATALOGUE.labels)
    assert not {"employee", "nip", "device", "event", "path", "person", "error"} & set(CATALOGUE.labels)


def test_no_metric_is_listed_twice() -> None:
    assert len(CATALOGUE.series) == sum(len(metric.series) for metric in CATALOGUE.exposed.values())


def test_the_page_is_generated_from_the_catalogue() -> None:
    assert catalogues.PAGE.read_text() == catalogues.page(CATALOGUE)
