"""Reads the cases of promtool: which alerts are silent or firing at which moments."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from deploy.observability.rules.office_clock import SECONDS

CASES = sorted((Path(__file__).parent / "promtool").glob("*.yaml"))


class Moment(NamedTuple):
    """The alerts that are asked for at a moment of a case, and the labels of those that fire."""

    seconds: int
    asked_for: frozenset[str]
    firing: tuple[Mapping[str, str], ...]


def cases() -> Iterator[tuple[Moment, ...]]:
    """Yield the moments of each case in the order of time."""
    for file in CASES:
        for case in YAML(typ="safe").load(file)["tests"]:
            yield tuple(sorted(map(_moment, case["promql_expr_test"]), key=lambda moment: moment.seconds))


def has_complete_case(alert: str) -> bool:
    """Return whether a case shows an alert silent, then firing, then silent."""
    return any("010" in _states(alert, case) for case in cases())


def firing_labels(alert: str) -> Iterator[Mapping[str, str]]:
    """Yield the labels with which an alert fires in all cases."""
    for case in cases():
        yield from (labels for moment in case for labels in moment.firing if labels["alertname"] == alert)


def _states(alert: str, case: tuple[Moment, ...]) -> str:
    """Return a digit for each change of an alert: 0 silent, 1 firing."""
    states = [
        str(int(any(labels["alertname"] == alert for labels in moment.firing)))
        for moment in case
        if alert in moment.asked_for
    ]
    return re.sub(r"(.)\1+", r"\1", "".join(states))


def _moment(check: Mapping[str, Any]) -> Moment:
    asked_for = re.findall(r'alertname=~?"([^"]+)"', check["expr"])
    firing = tuple(dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"])) for sample in check["exp_samples"])
    seconds = sum(int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)([smh])", check["eval_time"]))
    alerts = frozenset(name for names in asked_for for name in names.split("|"))
    return Moment(int(seconds), alerts, tuple(labels for labels in firing if "alertname" in labels))
