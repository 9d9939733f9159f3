"""Tests what the demo prints for its readers."""

import re
import shlex
import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from rich.console import Console

from deploy.demo.broker import ExternalBroker
from deploy.demo.instructions import RunningDemo, export_command, print_instructions
from deploy.demo.monitoring import Monitoring
from deploy.demo.options import Options
from deploy.demo.processes import Stack
from deploy.http_client import HttpClient, open_session
from deploy.simulation.scenario_builder import Scenario
from deploy.simulation.shifts import SimulatedShift
from tests.support.example_facts import at

GATEWAY = "https://localhost:8443"
SHIFT = SimulatedShift("32", "DPMPTSP", "FRONT", "SUMATERA", str(uuid4()), "OFFICE", "LOKET-1", 480, 960, ())


def test_the_printed_line_sets_every_setting_of_the_demo(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "a folder", "127.0.0.1:9092", at("06:30"), store="postgresql://demo@127.0.0.1/{service}")
    command, *assignments = shlex.split(export_command(stack.environment))
    assert (command, dict(text.split("=", 1) for text in assignments)) == ("export", stack.environment)
    assert {"PIKET_FOLDER", "PIKET_STORE", "PIKET_KAFKA", "PIKET_CLOCK"} <= stack.environment.keys()


@pytest.mark.parametrize("url", ["", GATEWAY])
async def test_readers_get_the_address_of_a_gateway_before_the_demo(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(
        *(date(2025, 11, 6), ("32",), 700, 60, 400, 500, "sqlite", "auto"),
        headless=False, report=None, truth=None, seed=1, port=0, url=url,
    )  # fmt: skip
    stack = Stack(tmp_path, "127.0.0.1:9092", at("06:30"))
    async with open_session(stack.url) as http:
        client, broker = HttpClient(http, stack.issuer), ExternalBroker("127.0.0.1:9092")
        demo = RunningDemo(options, stack, broker, Monitoring(), (), client, time.monotonic(), Console())
        print_instructions(demo, Scenario({}, reader_shift=SHIFT))
    # Board, agency, tap, variables of the README, operator; only the line for ./piket has the address inside.
    shown = re.sub(r"export PIKET_.*", "", capsys.readouterr().out)
    assert re.findall(r"https?://[^/\s]+", shown) == [url or stack.url] * 5
