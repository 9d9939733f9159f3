"""Reads the catalogue of metrics. `python -m deploy.observability.catalogue` writes `docs/operations/metrics.md`."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

FILE = Path(__file__).with_suffix(".yaml")
PAGE = Path(__file__).parents[2] / "docs/operations/metrics.md"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "gauge": ("",), "counter": ("",)}
"""The endings of the series of a metric. A counter has `_total` in its name."""
HEAD = """# Metrics

Generated from `deploy/observability/catalogue.yaml` by
`.venv/bin/python -m deploy.observability.catalogue`; do not edit.

`/metrics` of a process serves the metrics with the endpoint *process*. `/metrics/{region}` of a process that serves
reporting serves those with the endpoint *region*, so that one scrape stays under 20,000 samples however many regions
there are. *Budget* is the most series of a metric at one endpoint. No label names a person, a device, an event or a
path.
"""


class HelpText(BaseModel):
    """One sentence in Indonesian and in English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    en: str


class Metric(BaseModel):
    """A metric: what it measures, its labels, and who changes it. A reserved one does not exist yet.

    The owner `library` is the Prometheus client library, which defines the metric.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: tuple[str, ...]
    budget: int
    owner: Literal["reporting", "roster", "attendance", "policy", "shared", "deploy", "library"]
    endpoint: Literal["process", "region"]
    help: HelpText
    reserved: bool = False

    @property
    def series(self) -> tuple[str, ...]:
        """Return the names of its time series."""
        return tuple(self.name + suffix for suffix in SUFFIXES[self.type])


class MetricCatalogue(BaseModel):
    """All labels and metrics, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Mapping[str, HelpText]
    metrics: tuple[Metric, ...]

    @property
    def exposed(self) -> Mapping[str, Metric]:
        """Return the metrics that exist, by name."""
        return {metric.name: metric for metric in self.metrics if not metric.reserved}

    @property
    def series(self) -> Mapping[str, Metric]:
        """Return the metrics that exist, by the name of each of their time series."""
        return {series: metric for metric in self.exposed.values() for series in metric.series}


@cache
def catalogue() -> MetricCatalogue:
    """Return the catalogue. Raise ValidationError if the file is not one."""
    return MetricCatalogue.model_validate(YAML(typ="safe").load(FILE))


def page(of: MetricCatalogue) -> str:
    """Return the text of `docs/operations/metrics.md`."""
    return "\n".join([HEAD, *_metric_rows(of), "", *_label_rows(of), ""])


def _metric_rows(of: MetricCatalogue) -> Iterator[str]:
    yield "| metric | type | labels | endpoint | budget | owner | what it says |"
    yield "|---|---|---|---|---|---|---|"
    for m in of.metrics:
        labels = ", ".join(m.labels) or "none"
        later = " *Kept for a later release.*" if m.reserved else ""
        text = f"{m.help.en.rstrip('.')}. *{m.help.id.rstrip('.')}.*{later}"
        yield f"| `{m.name}` | {m.type} | {labels} | {m.endpoint} | {m.budget:,} | {m.owner} | {text} |"


def _label_rows(of: MetricCatalogue) -> Iterator[str]:
    yield "| label | value |"
    yield "|---|---|"
    for name, text in of.labels.items():
        yield f"| `{name}` | {text.en} *{text.id}* |"


if __name__ == "__main__":
    PAGE.write_text(page(catalogue()))
