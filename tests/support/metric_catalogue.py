"""Reads the catalogue of metrics, and finds which metrics and labels a PromQL expression uses."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser as promql
from ruamel.yaml import YAML

CATALOGUE = Path(__file__).parents[2] / "deploy/observability/catalogue.yaml"
TARGET_LABELS = frozenset({"job", "instance", "process"})
"""Labels that Prometheus adds to every series of a target."""
RECORDED: Mapping[str, frozenset[str]] = {
    "region_opd_service:piket_coverage:ratio": frozenset({"region", "opd", "service"}),
    "region:piket_coverage:min": frozenset({"region"}),
    "region:piket_uncovered_services:count": frozenset({"region"}),
}
BY_PROMETHEUS: Mapping[str, frozenset[str]] = {
    "up": TARGET_LABELS,
    "ALERTS": frozenset({"alertname", "alertstate", "severity", "clock"}),
}
"""Series that Prometheus itself makes."""


class Metric(NamedTuple):
    """One entry of the catalogue."""

    name: str
    type: str
    labels: tuple[str, ...]
    reserved: bool

    def series(self) -> list[str]:
        """Return the names under which Prometheus stores it."""
        suffixes = ("_bucket", "_sum", "_count") if self.type == "histogram" else ("",)
        return [f"{self.name}{suffix}" for suffix in suffixes]


def catalogued_metrics() -> list[Metric]:
    """Return all metrics of the catalogue."""
    entries: list[dict[str, Any]] = YAML(typ="safe").load(CATALOGUE)["metrics"]
    return [
        Metric(entry["name"], entry["type"], tuple(entry["labels"]), entry.get("reserved", False)) for entry in entries
    ]


def known_series() -> dict[str, frozenset[str]]:
    """Return the labels of every series that a query may use, by its name."""
    known = {**RECORDED, **BY_PROMETHEUS}
    for metric in catalogued_metrics():
        for name in () if metric.reserved else metric.series():
            limits = {"le"} if name.endswith("_bucket") else set()
            known[name] = TARGET_LABELS | frozenset(metric.labels) | limits
    return known


class UsedSeries(NamedTuple):
    """A series that an expression selects, and the labels that it matches."""

    name: str
    matched: frozenset[str]


def used_series(expression: str) -> list[UsedSeries]:
    """Return the selected series. Raise ValueError if the expression cannot be parsed."""
    selectors = [node for node in nodes(expression) if isinstance(node, promql.VectorSelector)]
    return [UsedSeries(node.name or "", frozenset(m.name for m in node.matchers.matchers)) for node in selectors]


def unknown_series(expression: str, known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Find series outside the catalogue, and labels that the selected series do not have."""
    grouped = _grouping_labels(expression)
    available: set[str] = set()
    for series in used_series(expression):
        if series.name not in known:
            yield f"{series.name or expression} is not in the catalogue"
            continue
        available |= known[series.name]
        yield from (f"{series.name} has no label {label}" for label in sorted(series.matched - known[series.name]))
    yield from (f"no series has the label {label}" for label in sorted(grouped - available) if available)


def nodes(expression: str) -> list[promql.Expr]:
    """Return all nodes of an expression."""
    visited: list[promql.Expr] = []
    promql.walk(promql.parse(expression), visited.append)
    return [_selector(node) for node in visited]


def _selector(node: promql.Expr) -> promql.Expr:
    return node.vector_selector if isinstance(node, promql.MatrixSelector) else node


def _grouping_labels(expression: str) -> set[str]:
    """Return the labels of `by`, `on` and `group_left`."""
    labels: set[str] = set()
    for node in nodes(expression):
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            labels |= set(node.modifier.labels)
        if isinstance(node, promql.BinaryExpr) and node.modifier:
            labels |= set(node.modifier.group_labels or ())
            labels |= set(node.modifier.matching.labels if node.modifier.matching else ())
    return labels
