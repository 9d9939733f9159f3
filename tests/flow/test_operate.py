"""Tests that an expected failure gives the operator one message and a failing exit status."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import cli
from deploy.demo.broker import LocalBroker, broker
from deploy.demo.demo import restart_ended
from deploy.demo.monitoring import Monitoring
from deploy.demo.processes import Stack
from deploy.demo.stores import store_setting
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.postgresql import Postgresql
from deploy.local.server_process import free_ports
from shared.domain.envelope import topic
from shared.kafka.broker import producer
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import UnsafeToContinue
from tests.support.example_facts import at

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]


def piket(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PIKET_FOLDER": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=scaled(60), env=environment | settings,
    )  # fmt: skip


UNUSED_ADDRESS = f"127.0.0.1:{free_ports(1)[0]}"
FAILURES = {
    "no keys": (
        ("serve", "reporting"),
        {"PIKET_PROFILE": "demo", "PIKET_JWKS": "/nowhere/jwks.json"},
        "/nowhere/jwks.json does not exist",
    ),
    "a region that is not served": (
        ("republish", "policy", "--region", "99"),
        {"PIKET_REGIONS": "32,3276"},
        "does not serve region 99. Nothing was done. Give one of PIKET_REGIONS: 32, 3276.",
    ),
    "keys that are no JSON": (
        ("serve", "reporting"),
        {"PIKET_PROFILE": "demo", "PIKET_JWKS": "pyproject.toml"},
        "it is not JSON, line 1",
    ),
    "no issuer": (("serve", "attendance"), {}, "Set PIKET_ISSUER to the address of your OpenID Connect issuer"),
    "the issuer of a demo": (
        ("serve", "attendance"),
        {"PIKET_ISSUER": "urn:piket:demo:issuer"},
        "the issuer of the demo is refused outside PIKET_PROFILE=demo",
    ),
    "a setting that is no number": (("topics", "create"), {"PIKET_PARTITIONS": "many"}, "PIKET_PARTITIONS: "),
    "a store of an unknown kind": (("verify", "policy"), {"PIKET_STORE": "oracle://x/y"}, "PIKET_STORE: "),
    "a store that is away": (
        ("verify", "policy"),
        {"PIKET_STORE": f"postgresql://x@{UNUSED_ADDRESS}/x"},
        "PIKET_STORE",
    ),
    "a store away when serving": (("serve", "policy"), {"PIKET_STORE": "sqlite:///nowhere/x.db"}, "PIKET_STORE"),
    "a store away when relaying": (("relay",), {"PIKET_STORE": "sqlite:///nowhere/x.db"}, "PIKET_STORE"),
    "no Kafka": (("topics", "create"), {"PIKET_KAFKA": UNUSED_ADDRESS}, "PIKET_KAFKA"),
    "no Kafka for a rebuild": (
        ("rebuild-view", "--from", "2025-11-06"),
        {"PIKET_KAFKA": UNUSED_ADDRESS},
        "PIKET_KAFKA",
    ),
    "more workers than ports": (
        ("worker", "--workers", "2"),
        {"PIKET_METRICS_PORT": "65535"},
        "2 workers need the ports",
    ),
    "a view of days to come": (("rebuild-view", "--from", "2199-01-01"), {}, "2199-01-01 is in the future"),
    "a store away when reconciling": (("reconcile",), {"PIKET_STORE": "sqlite:///nowhere/x.db"}, "PIKET_STORE"),
    "no store to reconcile with": (("reconcile",), {}, "no such table: head"),
    "no Kafka for the worker": (("worker",), {"PIKET_KAFKA": UNUSED_ADDRESS}, "PIKET_KAFKA"),
}


@pytest.mark.parametrize(("arguments", "settings", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_one_sentence_and_a_failing_status_for(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], message: str
) -> None:
    completed = piket(tmp_path, *arguments, **settings)
    assert completed.returncode not in {0, -signal.SIGKILL}
    assert (message in completed.stderr, "Traceback" in completed.stderr) == (True, False), completed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "bogus"),
        ("serve", "--port", "99999"),
        ("serve", "--port", "-1"),
        ("demo", "--port", "99999"),
        ("verify", "bogus"),
        ("republish", "bogus"),
        ("verify", "relay"),
        ("rebuild-view", "--from", "yesterday"),
        ("rebuild-view", "--from", "0001-01-01"),
        ("reconcile", "--every", "0"),
        ("demo", "--speed", "0"),
        ("demo", "--speed", "nan"),
        ("demo", "--speed", "1e9"),
        ("demo", "--date", "6 November"),
        ("demo", "--date", "2030-01-01"),
        ("demo", "--from", "half past six"),
        ("demo", "--from", "09:00", "--to", "08:00"),
        ("demo", "--from", "08:00", "--to", "08:20"),
        ("demo", "--regions", "31"),
        ("demo", "--regions", "32,32"),
        ("demo", "--regions", ""),
        ("demo", "--people", "0"),
        ("demo", "--from", "06:30+07:00"),
        ("demo", "--store", "mysql://x"),
        ("demo", "--store", "postgresql://x@127.0.0.1"),
        ("demo", "--store", "postgresql://x@127.0.0.1/{name}"),
        ("demo", "--broker", "localhost:99999"),
        ("demo", "--broker", "somewhere"),
        ("demo", "--report", "/nowhere/r.json"),
        ("demo", "--truth", "/"),
        ("demo", "--url", "localhost:8443"),
        ("demo", "--monitoring-files", "/nowhere"),
    ],
    ids=" ".join,
)
def test_an_argument_that_means_nothing_is_refused(arguments: tuple[str, ...]) -> None:
    completed = CliRunner().invoke(cli, arguments)
    assert (completed.exit_code, "Invalid value" in completed.stderr) == (2, True), completed.output


def test_a_source_that_will_be_sent_again_is_named(tmp_path: Path) -> None:
    completed = piket(tmp_path, "republish", "policy")
    expected = "All events of policy in region 32 will be sent again when the relay starts.\n"
    assert (completed.returncode, completed.stdout) == (0, expected), completed.stderr


def test_a_demo_on_a_taken_port_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        completed = piket(tmp_path, "demo", "--port", str(port))
    assert (completed.returncode, f"Port {port} " in completed.stderr, "Traceback" in completed.stderr) == (
        1,
        True,
        False,
    )
    assert [*tmp_path.iterdir()] == []


def test_a_demo_is_refused_where_people_are_real(tmp_path: Path) -> None:
    completed = piket(tmp_path, "demo", "--port", "0", PIKET_PROFILE="production")
    assert (completed.returncode, "Traceback" in completed.stderr, [*tmp_path.iterdir()]) == (1, False, [])
    assert "PIKET_PROFILE=production refuses a demo" in completed.stderr


UNUSABLE_DEMOS = {
    "too few people": (("--people", "100"), "at least"),
    "no broker": (("--broker", UNUSED_ADDRESS), "Kafka"),
    "no database": (("--store", f"postgresql://x@{UNUSED_ADDRESS}/x"), "--store"),
}


@pytest.mark.parametrize(("arguments", "message"), UNUSABLE_DEMOS.values(), ids=UNUSABLE_DEMOS.keys())
def test_a_demo_that_cannot_be_says_why_and_starts_nothing(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    completed = piket(tmp_path, "demo", "--port", "0", *arguments)
    assert (completed.returncode, message in completed.stderr, "Traceback" in completed.stderr) == (1, True, False), (
        completed.stderr
    )
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parts
def test_a_demo_begins_with_an_empty_store_and_an_empty_log(tmp_path: Path, postgresql: Postgresql) -> None:
    url = postgresql.create_database("demo_before")
    template = store_setting(url)
    with psycopg.connect(template.format(service="roster"), autocommit=True) as connection:
        connection.execute("CREATE TABLE event (x integer)")
    with pytest.raises(UnsafeToContinue, match="demo_before_roster holds a store already"):
        store_setting(url)
    with Kafka(tmp_path / "kafka") as kafka:
        with broker(kafka.bootstrap, tmp_path, ["3277"]) as running:
            assert (running.pids, running.restart_if_ended()) == ({}, None)
        asyncio.run(one_record(kafka.bootstrap, topic("3277", "policy")))
        with (
            pytest.raises(UnsafeToContinue, match=r"piket\.3277\.policy\.v1"),
            broker(kafka.bootstrap, tmp_path, ["3277"]),
        ):
            raise AssertionError("a log with records is not empty")


async def one_record(bootstrap: str, name: str) -> None:
    async with producer(KafkaConnection(bootstrap)) as sending:
        await sending.send_and_wait(name, b"{}")


@pytest.mark.parts
def test_a_broker_that_was_killed_is_started_again(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka") as kafka:
        stack, started = Stack(tmp_path / "piket", kafka.bootstrap, at("08:00")), LocalBroker(kafka)
        assert restart_ended(stack, started, Monitoring()) == []
        os.kill(kafka.pids[1], signal.SIGKILL)
        os.waitid(os.P_PID, kafka.pids[1], os.WEXITED | os.WNOWAIT)
        assert [name for name, _ in restart_ended(stack, started, Monitoring())] == ["Kafka"]
        assert (kafka.running(), restart_ended(stack, started, Monitoring())) == (True, [])
