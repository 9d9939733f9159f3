"""Finds metrics with labels that docs/how-to/add-a-metric.md does not name, one line for each finding."""

import ast
from collections.abc import Iterator, Sequence

from tests.contract.source_tree import Source

LABELS = frozenset({"region", "topic", "partition", "service", "consumer", "outcome"})
"""What a metric of a process may be divided by: never by a person, a post or free text."""

METRIC_CLASSES = frozenset({"Counter", "Enum", "Gauge", "Histogram", "Info", "Summary"})
FAMILIES = frozenset({f"{kind}MetricFamily" for kind in METRIC_CLASSES})
LIBRARY = "prometheus_client"
COVERAGE = "services/reporting/metrics.py"
"""Takes all labels from its table `METRIC_HELP`, which tests/unit/reporting/test_metrics.py checks."""


def metric_violations(files: Sequence[Source]) -> Iterator[str]:
    """Find metrics with unknown labels, and metrics whose labels are not a literal or a constant of the module."""
    for source in files:
        if source.path == COVERAGE:
            continue
        for call in _metric_calls(source.tree):
            labels = _labels(source.tree, call)
            if labels is None:
                yield f"{source.path}:{call.lineno} has labels that are no literal"
            elif unknown := sorted(set(labels) - LABELS):
                yield f"{source.path}:{call.lineno} has the label {unknown[0]}"


def _metric_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls of the classes of `prometheus_client`, under any name by which the module imports them."""
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith(LIBRARY)]
    aliases = [alias for node in imports for alias in node.names]
    names = {alias.asname or alias.name for alias in aliases if alias.name in METRIC_CLASSES | FAMILIES}
    modules = {alias.asname or alias.name for alias in aliases if alias.name not in METRIC_CLASSES | FAMILIES}
    imported = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules |= {alias.asname or LIBRARY for alias in imported if alias.name.startswith(LIBRARY)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in names:
                yield node
            case ast.Call(func=ast.Attribute(value=value, attr=attribute)) if attribute in METRIC_CLASSES | FAMILIES:
                if ast.unparse(value).split(".")[0] in modules:
                    yield node


def _labels(tree: ast.Module, call: ast.Call) -> list[str] | None:
    """Return the names of the labels, None if they are not in the text of the module."""
    if any(keyword.arg is None for keyword in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    named = [keyword.value for keyword in call.keywords if keyword.arg in {"labelnames", "labels"}]
    # The labels of a class are its third argument. A family has its value there: its labels need the keyword.
    given = [*named, *call.args[2:]]
    return _texts(tree, given[0]) if given else []


def _texts(tree: ast.Module, node: ast.expr) -> list[str] | None:
    match node:
        case ast.Name(id=name):
            constants = (n for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == name)
            constant = next(constants, None)
            return _texts(tree, constant.value) if constant else None
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            texts = [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            return texts if len(texts) == len(elements) else None
    return None
