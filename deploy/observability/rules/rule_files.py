"""Reads the rule files of Piket as one document, and writes such a document for Prometheus."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import walk_tree

FOLDER = Path(__file__).parent


def read_rules() -> dict[str, Any]:
    """Return the groups of all rule files, sorted by the name of the file."""
    return {"groups": [group for file in sorted(FOLDER.glob("*.rules.yaml")) for group in _read(file)["groups"]]}


def alerts(rules: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alerting rules of all groups."""
    yield from (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule)


def rules_text(rules: Mapping[str, Any]) -> str:
    """Return a document of rules as YAML that Prometheus reads."""
    yaml, text, document = YAML(), StringIO(), deepcopy(dict(rules))
    walk_tree(document)  # an expression of several lines stays one
    yaml.width = 10_000
    # Severities of one alert share their annotations; written twice, they need no anchors.
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(document, text)
    return text.getvalue()


def _read(file: Path) -> Any:  # noqa: ANN401 - a document of YAML
    return YAML(typ="safe").load(file)
