"""Yields the query of every panel as Prometheus evaluates it, with the variables of Grafana replaced."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.observability.dashboards.files import FOLDER

EVERYTHING: Mapping[str, str] = {"region": ".*", "opd": ".*", "__rate_interval": "1m", "__range": "5m"}
"""Values of all variables: all regions and OPD, and windows that suit a scrape every two seconds or more."""


class PanelQuery(NamedTuple):
    """A query of a panel; an instant query is evaluated once, a range query at each step."""

    dashboard: str
    panel: str
    expression: str
    instant: bool


def panel_queries(values: Mapping[str, str] = EVERYTHING, folder: Path = FOLDER) -> Iterator[PanelQuery]:
    """Yield the queries of all panels of the JSON files; `values` are those of the variables, by name."""
    for path in sorted(folder.glob("*.json")):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                expression = replace_variables(target["expr"], values)
                yield PanelQuery(board["title"], panel["title"], expression, target["instant"])


def replace_variables(expression: str, values: Mapping[str, str]) -> str:
    """Replace `$name` by its value, longer names first."""
    for name in sorted(values, key=len, reverse=True):
        expression = expression.replace(f"${name}", values[name])
    return expression
