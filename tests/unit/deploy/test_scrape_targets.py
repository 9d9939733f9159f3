"""Tests the file from which Prometheus learns which processes there are."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from deploy.cli.targets import parse_process
from deploy.demo.processes import Stack
from deploy.observability.targets import REQUIRED_PROCESSES, scrape_targets, write_targets
from tests.support.example_facts import at

APP = {"targets": ["10.0.0.1:9464"], "labels": {"process": "app"}}
APP_32 = {"targets": ["10.0.0.1:9464"], "labels": {"process": "app", "__metrics_path__": "/metrics/32"}}
APP_3277 = {"targets": ["10.0.0.1:9464"], "labels": {"process": "app", "__metrics_path__": "/metrics/3277"}}
RELAY = {"targets": ["10.0.0.1:9465"], "labels": {"process": "relay"}}
WORKER = {"targets": ["10.0.0.1:9466"], "labels": {"process": "worker"}}


def print_targets(*processes: str) -> Result:
    arguments = [argument for process in processes for argument in ("--process", process)]
    return CliRunner().invoke(cli, ["targets", *arguments])


def test_the_process_that_serves_reporting_has_an_endpoint_for_each_region() -> None:
    addresses = [("app", "10.0.0.1:9464"), ("relay", "10.0.0.1:9465")]
    assert scrape_targets(addresses, ["32", "3277"]) == [APP, APP_32, APP_3277, RELAY]


def test_two_workers_are_two_targets_of_one_name() -> None:
    workers = scrape_targets([("worker", "10.0.0.1:9466"), ("worker", "10.0.0.2:9466")], ["32"])
    assert [(target["targets"], target["labels"]) for target in workers] == [
        (["10.0.0.1:9466"], {"process": "worker"}),
        (["10.0.0.2:9466"], {"process": "worker"}),
    ]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "run" / "targets.json"
    write_targets(file, [APP, RELAY])
    write_targets(file, [RELAY])
    assert json.loads(file.read_text()) == [RELAY]
    assert list(file.parent.iterdir()) == [file]


def test_the_processes_of_a_demo_are_in_the_file_that_their_settings_name(tmp_path: Path) -> None:
    stack = Stack(tmp_path, "127.0.0.1:9092", at("06:30"), regions=["32", "3276"])
    targets = json.loads(Path(stack.environment["PIKET_TARGETS"]).read_text())
    assert [(t["labels"]["process"], t["labels"].get("__metrics_path__")) for t in targets] == [
        ("app", None),
        ("app", "/metrics/32"),
        ("app", "/metrics/3276"),
        ("relay", None),
        ("worker", None),
    ]
    assert {t["targets"][0] for t in targets} == {f"127.0.0.1:{port}" for port in stack.metrics.values()}


def test_the_command_prints_the_file_of_a_production_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIKET_REGIONS", "32,3277")
    printed = print_targets("app=10.0.0.1:9464", "relay=10.0.0.1:9465", "worker=10.0.0.1:9466")
    assert (json.loads(printed.stdout), printed.stderr) == ([APP, APP_32, APP_3277, RELAY, WORKER], "")


@pytest.mark.parametrize(
    ("processes", "missing"),
    [
        (["app=h:1"], "relay, worker"),
        (["reporting=h:1", "relay-policy=h:2"], "worker"),
        (["worker-1=h:1", "attendance=h:2"], "app, relay"),
    ],
)
def test_targets_without_a_process_of_every_deployment_are_printed_with_a_warning(
    processes: list[str], missing: str
) -> None:
    printed = print_targets(*processes)
    assert (printed.exit_code, printed.stderr.count("\n")) == (0, 1)
    assert f"these targets lack {missing}, for which MetricsAbsent will fire" in printed.stderr
    assert len(json.loads(printed.stdout)) >= len(processes)


def test_an_address_that_is_given_twice_is_refused() -> None:
    printed = print_targets("app=10.0.0.1:9464", "relay=10.0.0.1:9465", "worker=10.0.0.1:9465")
    assert (printed.exit_code, printed.stdout) == (2, "")
    assert "given twice: 10.0.0.1:9465" in printed.stderr


def test_the_warning_and_the_alert_know_the_same_processes() -> None:
    rules = (Path(__file__).parents[3] / "deploy/observability/rules/pipeline.rules.yaml").read_text()
    for process, pattern in REQUIRED_PROCESSES.items():
        assert f'absent(up{{job="piket", process=~"{pattern}"}}), "process", "{process}"' in rules


@pytest.mark.parametrize(
    "text", ["app", "=10.0.0.1:9464", "app=10.0.0.1", "app=h:0", "app=h:1,h:2", "app=http://h:1/x"]
)
def test_a_process_without_a_usable_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"write for example --process app=127\.0\.0\.1:9464"):
        parse_process(text)


def test_the_targets_can_be_written_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "targets.json"
    printed = CliRunner().invoke(
        cli, ["targets", "--process=relay=10.0.0.1:9465", "--process=app=10.0.0.1:9464", f"--file={file}"]
    )
    assert printed.exit_code == 0
    assert "10.0.0.1" not in printed.stdout
    assert [target["labels"]["process"] for target in json.loads(file.read_text())] == ["relay", "app", "app"]
