"""Finds metrics that differ from `deploy/observability/catalogue.yaml`, one line for each finding."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from deploy.observability.catalogue import Metric
from tests.contract.source_tree import Source

METRIC_CLASSES = frozenset({"Counter", "Enum", "Gauge", "Histogram", "Info", "Summary"})
FAMILIES = frozenset({f"{kind}MetricFamily" for kind in METRIC_CLASSES})
LIBRARY = "prometheus_client"
REGION_TABLE = "services/reporting/metrics/families.py"
"""Takes name, help and labels from its table `REGION_METRICS`, which the contract test compares with the catalogue."""


def metric_violations(files: Sequence[Source], metrics: Mapping[str, Metric]) -> Iterator[str]:
    """Find metrics of a process whose name, type, help or labels are not those of the catalogue, or are no literal."""
    for source in files:
        if source.path == REGION_TABLE:
            continue
        for call in _metric_calls(source.tree):
            for finding in _differences(source.tree, call, metrics):
                yield f"{source.path}:{call.lineno} {finding}"


def defined_names(files: Sequence[Source]) -> set[str]:
    """Return the names of the metrics that the code defines with a literal name."""
    calls = (call for source in files if source.path != REGION_TABLE for call in _metric_calls(source.tree))
    return {name for call in calls if (name := _text(call, 0))}


def _differences(tree: ast.Module, call: ast.Call, metrics: Mapping[str, Metric]) -> Iterator[str]:
    name, labels = _text(call, 0), _labels(tree, call)
    metric = metrics.get(name or "")
    if metric is None or metric.endpoint != "process":
        yield f"is not a metric of a process in the catalogue: {name}"
        return
    kind = ast.unparse(call.func).split(".")[-1].lower()
    # An imported class may have another name; then the type is compared in the scrapes.
    if kind in {"counter", "gauge", "histogram"} and kind != metric.type:
        yield f"is a {kind}, the catalogue says {metric.type}"
    if _text(call, 1) != metric.help.en:
        yield f"has the help {_text(call, 1)!r}, the catalogue {metric.help.en!r}"
    if labels is None:
        yield "has labels that are no literal"
    elif tuple(labels) != metric.labels:
        yield f"has the labels {', '.join(labels)}, the catalogue {', '.join(metric.labels)}"


def _text(call: ast.Call, position: int) -> str | None:
    argument = call.args[position] if len(call.args) > position else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


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
