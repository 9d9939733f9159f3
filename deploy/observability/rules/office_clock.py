"""Shortens the durations of rules that count in office time, for a demo that plays a day faster. Pure."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

OFFICE_GROUP = "office"
"""The group of rules whose durations are durations of the office day."""
SCRAPE_SECONDS = 2.0
"""Interval of scrapes and evaluations in the demo."""
SCRAPES_PER_RANGE = 4
"""A rate needs two samples; twice as many leave room for a scrape that fails."""

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_RANGE = re.compile(rf"(?<=\[){_DURATION}(?=[\]:])")
_OFFSET_OR_STEP = re.compile(rf"(?<=\boffset ){_DURATION}|(?<=:){_DURATION}(?=\])")


def shorten_office_durations(rules: Mapping[str, Any], speed: float) -> dict[str, Any]:
    """Return the rules with the durations of the group `office` divided by `speed`, the others unchanged.

    `for`, `keep_firing_for`, offsets and steps last at least one scrape, and ranges four. Raise ValueError unless the
    speed is positive.
    """
    if speed <= 0:
        raise ValueError(f"The speed of a demo is above 0, not {speed}.")
    return {**rules, "groups": [_shorten_group(group, speed) for group in rules["groups"]]}


def _shorten_group(group: Mapping[str, Any], speed: float) -> Mapping[str, Any]:
    if group["name"] != OFFICE_GROUP:
        return group
    return {**group, "rules": [_shorten_rule(rule, speed) for rule in group["rules"]]}


def _shorten_rule(rule: Mapping[str, Any], speed: float) -> dict[str, Any]:
    shorten = partial(_shorten, speed=speed, minimum=SCRAPE_SECONDS)
    shorten_range = partial(_shorten, speed=speed, minimum=SCRAPES_PER_RANGE * SCRAPE_SECONDS)
    expression = _RANGE.sub(lambda match: shorten_range(match[0]), rule["expr"])
    expression = _OFFSET_OR_STEP.sub(lambda match: shorten(match[0]), expression)
    waits = {key: shorten(rule[key]) for key in ("for", "keep_firing_for") if key in rule}
    return {**rule, "expr": expression, **waits}


def _shorten(duration: str, speed: float, minimum: float) -> str:
    """Return a duration divided by `speed`, and at least the minimum of seconds."""
    seconds = sum(int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))
    milliseconds = round(1_000 * max(seconds / speed, minimum))
    return f"{milliseconds}ms" if milliseconds % 1_000 else f"{milliseconds // 1_000}s"
