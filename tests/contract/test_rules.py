"""Rules and alerts: they use names of the catalogue only, and each alert has cases, texts and a runbook."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.observability.rules.alert_table import alert_table
from deploy.observability.rules.office_clock import shorten_office_durations
from deploy.observability.rules.rule_files import alerts, read_rules, rules_text
from tests.contract.alert_cases import CASES, firing_labels, has_complete_case
from tests.contract.rule_expressions import expression_violations, known_names

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/operations/runbooks"
ALERTMANAGER = ROOT / "deploy/observability/alertmanager.yaml"
SECTIONS = ["## What it means for people", "## What to look at", "## What to do", "## When it clears"]
TEXTS = ("summary", "summary_en", "description", "description_en")
ALWAYS_FIRING = "Watchdog"
OF_MACHINES = re.compile(
    r"time\(\) - process_start_time_seconds|changes\(piket_view_compared_timestamp_seconds\[\w+\]\)"
)
"""Both times are of machines, or none is compared."""

RULES = read_rules()
ALL_RULES = [rule for group in RULES["groups"] for rule in group["rules"]]
ALERTS = list(alerts(RULES))
NAMES = known_names(rule["record"] for rule in ALL_RULES if "record" in rule)
PLANTED = {
    "sum(": "is no PromQL: unclosed left parenthesis",
    "max by (region) (piket_views)": "piket_views is neither exposed nor recorded",
    "max by (region) (piket_subscriber_lag_seconds)": "piket_subscriber_lag_seconds is neither exposed nor recorded",
    'max by (region) (piket_office_open{nip="1"})': "piket_office_open has no label nip",
    "sum by (nip) (piket_office_open)": "label nip is unknown",
    "region:piket_coverage:min and on (nip) region:piket_coverage:min": "label nip is unknown",
    "piket_office_open == 1": "piket_office_open is not aggregated over its replicas",
    "max by (opd, instance) (piket_office_open)": "piket_office_open is not aggregated over its replicas",
    "max without (region) (piket_office_open)": "piket_office_open is not aggregated over its replicas",
    "rate(piket_events_total[5m])": "piket_events_total is not aggregated over its replicas",
    "max_over_time((-piket_office_open)[5m:])": "piket_office_open is not aggregated over its replicas",
}


def by_name(rule: Mapping[str, Any]) -> str:
    return f"{rule.get('alert') or rule['record']}-{rule.get('labels', {}).get('severity', '')}"


@pytest.mark.parametrize("rule", ALL_RULES, ids=by_name)
def test_a_rule_uses_known_names_and_counts_replicas_once(rule: Mapping[str, Any]) -> None:
    assert list(expression_violations(rule["expr"], NAMES)) == []


@pytest.mark.parametrize(("expression", "finding"), PLANTED.items())
def test_a_planted_violation_is_caught(expression: str, finding: str) -> None:
    assert list(expression_violations(expression, NAMES)) == [finding]


@pytest.mark.parametrize("rule", ALL_RULES, ids=by_name)
def test_no_rule_compares_the_time_of_the_machine_with_the_simulated_one(rule: Mapping[str, Any]) -> None:
    assert not re.search(
        r"\b(time|timestamp|hour|minute|day_of_\w+)\(|_timestamp_seconds", OF_MACHINES.sub("", rule["expr"])
    )


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_says_what_happened_in_two_languages(alert: Mapping[str, Any]) -> None:
    texts = [alert["annotations"][name] for name in TEXTS]
    assert len(set(texts)) == len(TEXTS)
    assert alert["labels"]["severity"] in {"page", "ticket", "none"}


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_the_texts_of_an_alert_name_labels_that_it_has(alert: Mapping[str, Any]) -> None:
    used = set(re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values())))
    fired = list(firing_labels(alert["alert"]))
    assert fired
    assert all(used <= labels.keys() for labels in fired)


@pytest.mark.parametrize("name", sorted({alert["alert"] for alert in ALERTS} - {ALWAYS_FIRING}))
def test_an_alert_has_a_case_in_which_it_fires_not_early_and_clears(name: str) -> None:
    assert has_complete_case(name)


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_an_alert_has_a_runbook_for_the_person_on_watch(alert: Mapping[str, Any]) -> None:
    runbook = RUNBOOKS / f"{alert['alert']}.md"
    assert alert["annotations"]["runbook_url"] == str(runbook.relative_to(ROOT))
    first, *lines = runbook.read_text().splitlines()
    assert first == f"# {alert['alert']}"
    assert re.fullmatch(r"\*\*[A-Z].+\.\*\*", lines[1])
    assert [line for line in lines if line.startswith("## ")] == SECTIONS


def test_every_runbook_belongs_to_an_alert() -> None:
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == {alert["alert"] for alert in ALERTS}


def test_the_table_of_alerts_is_as_the_rules_say() -> None:
    assert (ROOT / "docs/operations/alerts.md").read_text() == alert_table(RULES)


def test_the_readme_lists_every_alert() -> None:
    (table,) = re.findall(r"\| alert \| fires when \|\n.*?\n\n", (ROOT / "README.md").read_text(), re.DOTALL)
    listed = [name for line in table.strip().splitlines()[2:] for name in line.split("|")[1].strip().split(", ")]
    assert sorted(listed) == sorted({alert["alert"] for alert in ALERTS})


def test_inhibitions_name_existing_alerts() -> None:
    rules = YAML(typ="safe").load(ALERTMANAGER)["inhibit_rules"]
    matchers = [matcher for rule in rules for side in ("source", "target") for matcher in rule[f"{side}_matchers"]]
    named = [re.findall(r'alertname=~?"([^"]+)"', matcher) for matcher in matchers]
    assert {name for names in named for text in names for name in text.split("|")} <= {a["alert"] for a in ALERTS}


def run(*command: str | Path) -> None:
    program, *arguments = command
    result = subprocess.run(  # noqa: PLW1510 - the output is the message
        [shutil.which(program) or program, *arguments], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parts
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_cases_of_promtool_hold(case: Path) -> None:
    run("promtool", "test", "rules", case)


@pytest.mark.parts
@pytest.mark.parametrize("speed", [1, 60, 720, 0.5])
def test_prometheus_reads_the_rules_of_a_demo_of_any_speed(tmp_path: Path, speed: float) -> None:
    (tmp_path / "rules.yaml").write_text(rules_text(shorten_office_durations(RULES, speed)))
    run("promtool", "check", "rules", tmp_path / "rules.yaml")


@pytest.mark.parts
def test_alertmanager_reads_its_configuration() -> None:
    run("amtool", "check-config", ALERTMANAGER)
