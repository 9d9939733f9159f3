"""Compares the series that a Prometheus has scraped with the catalogue of metrics."""

from collections.abc import Iterable, Mapping

from deploy.observability.catalogue import Metric, MetricCatalogue

TARGET_LABELS = frozenset({"__name__", "instance", "job", "process"})
OF_THE_TOOLS = ("up", "scrape_", "ALERTS")
"""Series of Prometheus itself."""


def outside_catalogue(series: Iterable[Mapping[str, str]], catalogue: MetricCatalogue) -> list[str]:
    """Return one line for each name and set of labels that the catalogue does not have, or that it reserves."""
    known = {name: _labels(name, metric) for name, metric in catalogue.series.items()}
    found = {(one["__name__"], frozenset(one) - TARGET_LABELS) for one in series}
    return sorted(
        f"{name} with {sorted(labels)}"
        for name, labels in found
        if not name.startswith(OF_THE_TOOLS) and known.get(name) != labels
    )


def _labels(series: str, metric: Metric) -> frozenset[str]:
    is_bucket = metric.type == "histogram" and series.endswith("_bucket")
    return frozenset((*metric.labels, "le")) if is_bucket else frozenset(metric.labels)
