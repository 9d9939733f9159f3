"""Finds what is wrong with an expression of a rule: unknown names, labels and values, replicas that count twice."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser as promql
from ruamel.yaml import YAML

CATALOGUE = Path(__file__).parents[2] / "deploy/observability/catalogue.yaml"
TARGET_LABELS = frozenset({"job", "process", "instance"})
"""Prometheus adds them to each series of a target."""
OF_TARGETS = frozenset({"up"})


class Names(NamedTuple):
    """Metrics of the catalogue with their labels, the names of all labels, and names that rules record."""

    metrics: Mapping[str, frozenset[str]]
    labels: frozenset[str]
    recorded: frozenset[str]


def known_names(recorded: Iterable[str]) -> Names:
    """Return the names of the catalogue that are exposed, and the recorded names."""
    catalogue = YAML(typ="safe").load(CATALOGUE)
    metrics: dict[str, frozenset[str]] = {}
    for metric in (metric for metric in catalogue["metrics"] if not metric.get("reserved")):
        labels = frozenset(metric["labels"])
        if metric["type"] == "histogram":
            parts = {"_bucket": labels | {"le"}, "_count": labels, "_sum": labels}
            metrics |= {metric["name"] + part: of_part for part, of_part in parts.items()}
        else:
            metrics[metric["name"]] = labels
    return Names(metrics, frozenset(catalogue["labels"]), frozenset(recorded))


def expression_violations(expression: str, names: Names) -> Iterator[str]:
    """Find unknown names and labels, and series that are compared or counted before replicas are aggregated."""
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        yield f"is no PromQL: {error}"
        return
    yield from _violations(tree, names, aggregated=False)


def _violations(node: Any, names: Names, *, aggregated: bool) -> Iterator[str]:
    match node:
        case promql.VectorSelector():
            yield from _selector_violations(node, names, aggregated=aggregated)
        case promql.AggregateExpr(expr=operand, modifier=modifier):
            yield from _unknown_labels(modifier, names)
            # Without labels all series become one; `by` drops instance and pod unless it names them.
            yield from _violations(operand, names, aggregated=modifier is None or _is_by(modifier))
        case promql.BinaryExpr(lhs=left, rhs=right, modifier=modifier):
            yield from _unknown_labels(modifier and modifier.matching, names)
            yield from _violations(left, names, aggregated=aggregated)
            yield from _violations(right, names, aggregated=aggregated)
        case promql.Call(args=operands, func=function):
            known = aggregated or function.name == "absent"
            for operand in operands:
                yield from _violations(operand, names, aggregated=known)
        case promql.MatrixSelector(vector_selector=operand):
            yield from _violations(operand, names, aggregated=aggregated)
        case promql.ParenExpr(expr=operand) | promql.SubqueryExpr(expr=operand) | promql.UnaryExpr(expr=operand):
            yield from _violations(operand, names, aggregated=aggregated)


def _selector_violations(selector: Any, names: Names, *, aggregated: bool) -> Iterator[str]:
    name = selector.name
    if name in OF_TARGETS or name in names.recorded:
        return
    if name not in names.metrics:
        yield f"{name} is neither exposed nor recorded"
        return
    labels = {matcher.name for matcher in selector.matchers.matchers}
    yield from (f"{name} has no label {label}" for label in sorted(labels - names.metrics[name] - TARGET_LABELS))
    if not aggregated:
        yield f"{name} is not aggregated over its replicas"


def _unknown_labels(modifier: Any, names: Names) -> Iterator[str]:
    labels = set(modifier.labels) if modifier else set()
    yield from (f"label {label} is unknown" for label in sorted(labels - names.labels - TARGET_LABELS - {"le"}))


def _is_by(modifier: Any) -> bool:
    return modifier.type == promql.AggModifierType.By and not {"instance", "pod"} & set(modifier.labels)
