"""Tests what a Prometheus on this computer takes from production, and what a demo says of its monitoring."""

import dataclasses
import json
from datetime import date
from pathlib import Path

from deploy.demo.instructions import monitoring_lines
from deploy.demo.monitoring import Monitoring, create_monitoring
from deploy.demo.options import Options
from deploy.local.prometheus import OBSERVABILITY, Alertmanager, Prometheus, local_configuration, read_yaml

PRODUCTION = read_yaml(OBSERVABILITY / "prometheus.yaml")
DEMO = Options(
    date(2025, 11, 6),
    ("32",),
    700,
    60,
    400,
    500,
    "sqlite",
    "auto",
    headless=False,
    report=None,
    truth=None,
    seed=1,
    port=0,
)
PLACES = {"file_sd_configs"}


def test_only_intervals_places_and_addresses_differ_from_production() -> None:
    local = local_configuration(PRODUCTION, Path("/run/targets.json"), [Path("/run/a.rules.yaml")], 9093, "2s")
    job, production_job = local["scrape_configs"][0], PRODUCTION["scrape_configs"][0]
    assert {key: job[key] for key in job.keys() - PLACES} == {
        key: production_job[key] for key in production_job.keys() - PLACES
    }
    assert job["file_sd_configs"] == [{"files": ["/run/targets.json"]}]
    assert local["global"] == {"scrape_interval": "2s", "evaluation_interval": "2s"}
    assert local["rule_files"] == ["/run/a.rules.yaml"]
    assert local["alerting"] == {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]}
    assert local.keys() == PRODUCTION.keys()


def test_without_an_alertmanager_alerts_are_sent_nowhere() -> None:
    assert local_configuration(PRODUCTION, Path("targets.json"), [], 0, "2s")["alerting"] == {"alertmanagers": []}


def test_a_demo_names_the_addresses_of_its_monitoring(tmp_path: Path) -> None:
    alertmanager = Alertmanager(tmp_path, {})
    prometheus = Prometheus(tmp_path, tmp_path / "targets.json")
    monitoring = Monitoring([prometheus, alertmanager])
    assert monitoring_lines(monitoring) == (
        f"Prometheus: http://127.0.0.1:{prometheus.port}\n"
        f"Alertmanager: http://127.0.0.1:{alertmanager.port}\n"
        f"Its alerts: amtool --alertmanager.url http://127.0.0.1:{alertmanager.port} alert query\n"
    )
    assert monitoring.settings == {"PIKET_ALERTMANAGER": f"http://127.0.0.1:{alertmanager.port}"}


def test_a_demo_writes_what_a_prometheus_beside_it_reads(tmp_path: Path) -> None:
    targets, folder = tmp_path / "targets.json", tmp_path / "shared"
    targets.write_text('[{"targets": ["127.0.0.1:15001"]}]')
    folder.mkdir()
    options = dataclasses.replace(DEMO, monitoring_files=folder)
    monitoring = create_monitoring(options, tmp_path, targets)
    configuration = json.loads((folder / "prometheus.json").read_text())
    rules = read_yaml(folder / "demo.rules.yaml")
    assert (monitoring.addresses, monitoring.settings) == ({}, {})
    assert str(folder / "prometheus.json") in monitoring_lines(monitoring)
    # Only this folder is shared, so the configuration names no other.
    assert configuration["scrape_configs"][0]["file_sd_configs"] == [{"files": [str(folder / "targets.json")]}]
    assert (folder / "targets.json").read_text() == targets.read_text()
    assert configuration["rule_files"] == [str(folder / "demo.rules.yaml")]
    assert configuration["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]
    # Ten minutes of the office are ten seconds of a demo that is sixty times as fast.
    (uncovered,) = (
        rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == "ServiceUncovered"
    )
    assert uncovered["for"] == "10s"


def test_a_demo_says_why_it_runs_without_monitoring() -> None:
    assert monitoring_lines(Monitoring(absence="Metrics and alerts are left out.")) == (
        "Metrics and alerts are left out.\n"
    )
    assert monitoring_lines(Monitoring()) == ""
