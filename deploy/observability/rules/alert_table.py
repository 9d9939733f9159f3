"""Writes the table of all alerts, docs/operations/alerts.md, from the rules."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.observability.rules.rule_files import alerts

INTRODUCTION = """\
# Alerts

`.venv/bin/python -m deploy.observability.rules --table` prints this page from the rule files of
`deploy/observability/rules`; a test compares. `page` calls a person now, `ticket` is for the working day, `none` is
never shown to a person. Alerts are grouped by region and name. Durations of alerts with the clock `office` are of the
office day: a demo that plays a day sixty times as fast divides them by sixty.

During an outage one alert says it; the others are silenced by `deploy/observability/alertmanager.yaml`:

| while this fires | these are not sent |
|---|---|
| KafkaUnreachable | ViewStale, RelayBehind, WorkerBehind, silent workers, check-ins and coverage |
| MetricsAbsent of relay or worker | ViewStale, RelayBehind, WorkerBehind, check-ins and coverage |
| MetricsAbsent of the application | everything that is read from the view, and the objectives |
| ViewStale | RelayBehind, WorkerBehind, check-ins and coverage of its region |
| CheckInsStopped | coverage of its region |
| NoOfficerAtAll | ServiceUncovered of the same counter |
| a page | the ticket of the same alert and region |

## All alerts

| alert | severity | after | clock | summary | runbook |
|---|---|---|---|---|---|
"""


def alert_table(rules: Mapping[str, Any]) -> str:
    """Return the document with one row for each alert."""
    return INTRODUCTION + "".join(f"| {' | '.join(_cells(rule))} |\n" for rule in alerts(rules))


def _cells(rule: Mapping[str, Any]) -> Iterator[str]:
    labels, annotations = rule["labels"], rule["annotations"]
    runbook = annotations["runbook_url"].removeprefix("docs/operations/")
    yield from (rule["alert"], labels["severity"], rule.get("for", "at once"), labels.get("clock", "wall"))
    yield f"{_without_templates(annotations['summary'])}<br>*{_without_templates(annotations['summary_en'])}*"
    yield f"[{rule['alert']}]({runbook})"


def _without_templates(text: str) -> str:
    """Return a summary with `[opd]` in place of `{{ $labels.opd }}`."""
    return re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"[\1]", text)
