"""Tests what the demo prints for its readers."""

import shlex
from pathlib import Path

from deploy.demo.instructions import export_command
from deploy.demo.processes import Stack
from tests.support.example_facts import at


def test_the_printed_line_sets_every_setting_of_the_demo(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "a folder", "127.0.0.1:9092", at("06:30"), store="postgresql://demo@127.0.0.1/{service}")
    command, *assignments = shlex.split(export_command(stack.environment))
    assert (command, dict(text.split("=", 1) for text in assignments)) == ("export", stack.environment)
    assert {"PIKET_FOLDER", "PIKET_STORE", "PIKET_KAFKA", "PIKET_CLOCK"} <= stack.environment.keys()
