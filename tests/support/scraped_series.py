"""Compares the series that a Prometheus has scraped with the catalogue of metrics."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

TARGET_LABELS = frozenset({"__name__", "instance", "job", "process"})
OF_PROMETHEUS = ("up", "scrape_", "ALERTS")
OF_CLIENT_LIBRARY = ("process_", "python_")
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")

Labels = Mapping[str, str]


def outside_catalogue(series: Iterable[Labels], metrics: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one line for each name and set of labels that the catalogue does not have, or that it reserves."""
    known = {name: frozenset(labels) for metric in metrics for name, labels in _exposed(metric)}
    found = {(one["__name__"], frozenset(one) - TARGET_LABELS) for one in series}
    return sorted(
        f"{name} with {sorted(labels)}"
        for name, labels in found
        if not name.startswith((*OF_PROMETHEUS, *OF_CLIENT_LIBRARY)) and known.get(name) != labels
    )


def _exposed(metric: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the series names of a metric with their labels."""
    name, labels = metric["name"], metric["labels"]
    if metric.get("reserved"):
        return
    if metric["type"] != "histogram":
        yield name, labels
        return
    for suffix in HISTOGRAM_SUFFIXES:
        yield name + suffix, [*labels, "le"] if suffix == "_bucket" else labels
