"""Shortens how long alerts wait, so that tests see them within seconds. Thresholds and ranges stay."""

import re
from collections.abc import Mapping
from typing import Any

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
RULE_DURATIONS = frozenset({"for", "keep_firing_for"})
ROUTE_DURATIONS = frozenset({"group_wait", "group_interval"})
SHORTEST_S = 0.5


def quick_rules(rules: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """Return a file of rules whose alerts fire and end `factor` times as fast."""
    shortened: dict[str, Any] = _shortened(rules, RULE_DURATIONS, factor)
    return shortened


def quick_routes(configuration: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """Return a configuration of Alertmanager that notifies `factor` times as fast."""
    shortened: dict[str, Any] = _shortened(configuration, ROUTE_DURATIONS, factor)
    return shortened


def _shortened(part: Any, names: frozenset[str], factor: float) -> Any:
    match part:
        case Mapping():
            return {
                key: _shorter(value, factor) if key in names else _shortened(value, names, factor)
                for key, value in part.items()
            }
        case list():
            return [_shortened(item, names, factor) for item in part]
    return part


def _shorter(duration: str, factor: float) -> str:
    number, unit = re.fullmatch(r"(\d+)(ms|[smhd])", duration).groups()  # type: ignore[union-attr]
    seconds = int(number) * SECONDS[unit] / factor
    return f"{round(1000 * max(seconds, SHORTEST_S)) if seconds else 0}ms"
