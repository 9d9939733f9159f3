"""Tests that a worker checks its settings before it starts anything, and reports an absent Kafka in one sentence."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from deploy.cli.errors import operator_message
from deploy.local.deadlines import scaled
from deploy.local.server_process import free_ports
from services.reporting.process.exits import EX_SOFTWARE
from services.reporting.process.readiness import WorkerReadiness
from services.reporting.worker.__main__ import build_app
from services.reporting.worker.settings import WorkerSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA", ""),
        ("KAFKA", "kafka:ninety"),
        ("KAFKA", "kafka:99999"),
        ("KAFKA", "kafka:9092,other"),
        ("KAFKA", "kafka:9092, other:9092"),
        ("GATEWAY", "nonsense"),
        ("GATEWAY", "piket.example:8080"),
        ("GATEWAY", "http://"),
        ("GATEWAY", "http://piket.example:http"),
        ("GATEWAY", "http://piket.example/?region=32"),
        ("REGIONS", ""),
        ("REGIONS", "32,,33"),
        ("REGIONS", "../32"),
        ("DEPLOYMENT", ""),
        ("DEPLOYMENT", "west java"),
        ("DEPLOYMENT", "local-g2"),
        ("PARTITIONS", "0"),
        ("METRICS_PORT", "65536"),
        ("SESSION_TIMEOUT_S", "0"),
        ("SESSION_TIMEOUT_S", "1801"),
        ("HANG_S", "nan"),
        ("HANG_S", "1e300"),
        ("GENERATION", "-1"),
        ("SINCE", "2025-99-01"),
        ("SINCE", "0001-01-01"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PIKET_{name}", value)
    with pytest.raises(ValidationError) as refused:
        WorkerSettings()
    message = operator_message(refused.value) or ""
    assert message.startswith(f"A setting cannot be used. PIKET_{name}: ")
    assert message.endswith("Nothing was started.")


def test_a_demo_clock_outside_the_demo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIKET_CLOCK", "clock")
    with pytest.raises(ValidationError) as refused:
        WorkerSettings()
    assert "PIKET_CLOCK: Value error, a demo clock is refused outside" in (operator_message(refused.value) or "")


def test_a_slash_at_the_end_of_the_gateway_is_not_doubled_by_its_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIKET_GATEWAY", "https://piket.example/")
    assert WorkerSettings().gateway == "https://piket.example"


def test_the_missing_file_of_a_demo_clock_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIKET_PROFILE", "demo")
    monkeypatch.setenv("PIKET_CLOCK", "/nowhere/clock")
    with pytest.raises(ValidationError) as refused:
        WorkerSettings()
    assert "PIKET_CLOCK: Value error, /nowhere/clock is not the file" in (operator_message(refused.value) or "")


def test_a_request_may_take_longer_than_the_longest_session() -> None:
    conf = build_app(WorkerSettings(session_timeout_s=1800), ["32"], WorkerReadiness()).conf
    assert conf.broker_request_timeout > conf.broker_session_timeout


def test_a_worker_without_kafka_says_where_it_looked() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    command = [sys.executable, "-m", "services.reporting.worker"]
    ended = subprocess.run(
        command,
        env={**os.environ, "PIKET_KAFKA": address},
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=False,
    )
    assert ended.returncode == EX_SOFTWARE
    assert f"Kafka at {address} did not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
