"""What the operator is told when something around Piket is wrong: one sentence, and a failing status."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.child import free_ports
from deploy.local.kafka import Kafka
from deploy.operate.demo import revive
from deploy.operate.stack import Stack
from tests.examples import at

ROOT = Path(__file__).parents[2]


def piket(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PIKET_FOLDER": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "deploy.operate", *arguments],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60, env=environment | settings,
    )  # fmt: skip


NOWHERE = f"127.0.0.1:{free_ports(1)[0]}"
TROUBLE = {
    "no keys": (("serve", "reporting"), {"PIKET_JWKS": "/nowhere/jwks.json"}, "/nowhere/jwks.json is not there"),
    "a setting that is no number": (("topics", "create"), {"PIKET_PARTITIONS": "many"}, "PIKET_PARTITIONS: "),
    "a store of an unknown kind": (("verify", "policy"), {"PIKET_STORE": "oracle://x/y"}, "PIKET_STORE: "),
    "a store that is away": (("verify", "policy"), {"PIKET_STORE": f"postgresql://x@{NOWHERE}/x"}, "PIKET_STORE"),
    "a store away when serving": (("serve", "policy"), {"PIKET_STORE": "sqlite:///nowhere/x.db"}, "PIKET_STORE"),
    "a store away when relaying": (("relay",), {"PIKET_STORE": "sqlite:///nowhere/x.db"}, "PIKET_STORE"),
    "no Kafka": (("topics", "create"), {"PIKET_KAFKA": NOWHERE}, "PIKET_KAFKA"),
    "no Kafka for the worker": (("worker",), {"PIKET_KAFKA": NOWHERE}, "PIKET_KAFKA"),
}


@pytest.mark.parametrize(("arguments", "settings", "told"), TROUBLE.values(), ids=TROUBLE.keys())
def test_one_sentence_and_a_failing_status_for(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], told: str
) -> None:
    done = piket(tmp_path, *arguments, **settings)
    assert done.returncode not in {0, -signal.SIGKILL}
    assert (told in done.stderr, "Traceback" in done.stderr) == (True, False), done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "bogus"),
        ("verify", "bogus"),
        ("republish", "bogus"),
        ("verify", "reporting"),
        ("demo", "--speed", "0"),
        ("demo", "--at", "noon"),
        ("demo", "--at", "2025-11-06T08:05"),
    ],
    ids=" ".join,
)
def test_an_argument_that_means_nothing_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = piket(tmp_path, *arguments)
    assert (done.returncode, "Invalid value" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert [*tmp_path.iterdir()] == []


def test_a_demo_on_a_taken_port_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = piket(tmp_path, "demo", "--port", str(port))
    assert (done.returncode, f"Port {port} " in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parts
def test_a_broker_that_was_killed_is_started_again(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka") as kafka:
        stack = Stack(tmp_path / "piket", kafka.bootstrap, at("08:00"))
        assert revive(stack, kafka) == []
        os.kill(kafka.pids[1], signal.SIGKILL)
        os.waitid(os.P_PID, kafka.pids[1], os.WEXITED | os.WNOWAIT)
        assert [name for name, _ in revive(stack, kafka)] == ["Kafka"]
        assert (kafka.running(), revive(stack, kafka)) == (True, [])
