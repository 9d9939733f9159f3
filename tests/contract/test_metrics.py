"""The labels of metrics: the tree uses those of the how-to only, and each planted violation is caught."""

import ast
import re
from pathlib import Path

import pytest

from services.reporting.metrics import METRIC_HELP
from tests.contract.metric_rules import LABELS, metric_violations
from tests.contract.source_tree import Source, sources

ROOT = Path(__file__).parents[2]
IMPORT = "from prometheus_client import Counter\n"
PLANTED = {
    IMPORT + 'Counter("piket_x_total", "Taps", ("nip",))': "one.py:2 has the label nip",
    IMPORT + 'Counter("piket_x_total", "Taps", ["region", "name"])': "one.py:2 has the label name",
    IMPORT + 'Counter("piket_x_total", "Taps", labelnames=("post",))': "one.py:2 has the label post",
    IMPORT + 'LABELS = ("nip",)\nCounter("piket_x_total", "Taps", LABELS)': "one.py:3 has the label nip",
    IMPORT + 'Counter("piket_x_total", "Taps", labels())': "one.py:2 has labels that are no literal",
    IMPORT + 'Counter("piket_x_total", "Taps", **options)': "one.py:2 has labels that are no literal",
    'from prometheus_client import Gauge as G\nG("piket_x", "Taps", ("nip",))': "one.py:2 has the label nip",
    'import prometheus_client as p\np.Histogram("piket_x", "Taps", ("nip",))': "one.py:2 has the label nip",
    'from prometheus_client import metrics\nmetrics.Gauge("piket_x", "Taps", ("nip",))': "one.py:2 has the label nip",
    'from prometheus_client.core import GaugeMetricFamily as F\nF("piket_x", "Taps", labels=["nip"])': (
        "one.py:2 has the label nip"
    ),
}


def findings(text: str) -> list[str]:
    return list(metric_violations([Source("one.py", text, ast.parse(text))]))


def test_the_tree_keeps_the_rules() -> None:
    assert list(metric_violations(sources(ROOT))) == []


@pytest.mark.parametrize(("text", "finding"), PLANTED.items())
def test_a_planted_violation_is_caught(text: str, finding: str) -> None:
    assert findings(text) == [finding]


@pytest.mark.parametrize(
    "text",
    [
        IMPORT + 'Counter("piket_x_total", "Taps", ("region", "outcome"))',
        IMPORT + 'Counter("piket_x_total", "Taps")',
        "from collections import Counter\nCounter(names)",
    ],
)
def test_known_labels_and_other_counters_are_no_finding(text: str) -> None:
    assert findings(text) == []


def test_the_how_to_names_every_label() -> None:
    first = (ROOT / "docs/how-to/add-a-metric.md").read_text().split("##")[0]
    of_coverage = {label for _, labels in METRIC_HELP.values() for label in labels}
    assert set(re.findall(r"`([a-z]\w*)`", first)) == LABELS | of_coverage
