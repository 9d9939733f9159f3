"""Durations of the office day are divided by the speed of the demo, those of machines are not."""

from copy import deepcopy
from typing import Any

import pytest

from deploy.observability.rules.office_clock import shorten_office_durations
from deploy.observability.rules.rule_files import alerts, read_rules

MACHINES = {"name": "pipeline", "rules": [{"alert": "ViewStale", "expr": "a[1h] > 30", "for": "30s"}]}


def office_rule(**rule: str) -> dict[str, Any]:
    return {"groups": [MACHINES, {"name": "office", "rules": [{"alert": "ServiceUncovered", "expr": "a < 1"} | rule]}]}


def shortened(speed: float, **rule: str) -> dict[str, Any]:
    machines, office = shorten_office_durations(office_rule(**rule), speed)["groups"]
    assert machines == MACHINES
    (only,) = office["rules"]
    return dict(only)


@pytest.mark.parametrize(
    ("wait", "speed", "expected"),
    [
        ("10m", 60, "10s"),
        ("10m", 1, "600s"),
        ("1h30m", 100, "54s"),
        ("10m", 300, "2s"),
        ("10m", 600, "2s"),  # one scrape
        ("10m", 70, "8571ms"),
        ("1m", 0.5, "120s"),
    ],
)
def test_ten_minutes_of_the_office_are_ten_seconds_of_a_demo_sixty_times_as_fast(
    wait: str, speed: float, expected: str
) -> None:
    rule = shortened(speed, **{"for": wait, "keep_firing_for": wait})
    assert (rule["for"], rule["keep_firing_for"]) == (expected, expected)


@pytest.mark.parametrize(
    ("expression", "speed", "expected"),
    [
        ("increase(a[1h])", 60, "increase(a[60s])"),
        ("increase(a[1h])", 3600, "increase(a[8s])"),  # four scrapes
        ("max_over_time(a[6h] offset 1h)", 60, "max_over_time(a[360s] offset 60s)"),
        ("a offset 1h", 3600, "a offset 2s"),
        ("max_over_time(a[1h:5m])", 60, "max_over_time(a[60s:5s])"),
        (
            'label_replace(a, "b", "$1", "c", "x[.]([0-9]+)[^.]")',
            60,
            'label_replace(a, "b", "$1", "c", "x[.]([0-9]+)[^.]")',
        ),
    ],
)
def test_ranges_and_offsets_of_an_expression_are_shortened_and_nothing_else(
    expression: str, speed: float, expected: str
) -> None:
    assert shortened(speed, expr=expression)["expr"] == expected


def test_a_rule_without_a_wait_gets_none() -> None:
    assert shortened(60) == {"alert": "ServiceUncovered", "expr": "a < 1"}


@pytest.mark.parametrize("speed", [0, -60])
def test_a_demo_that_stands_still_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        shorten_office_durations(office_rule(), speed)


def test_the_rules_themselves_stay_as_they_are() -> None:
    rules = read_rules()
    before = deepcopy(rules)
    shorten_office_durations(rules, 60)
    assert rules == before


def test_an_alert_says_clock_office_if_and_only_if_its_durations_are_shortened() -> None:
    rules = read_rules()
    office = {
        rule["alert"] for group in rules["groups"] if group["name"] == "office" for rule in alerts({"groups": [group]})
    }
    assert {rule["alert"] for rule in alerts(rules) if rule["labels"].get("clock") == "office"} == office
