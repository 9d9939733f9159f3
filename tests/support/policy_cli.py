"""Runs `piket policy` in the process of the test, and writes its input files."""

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from tests.support.register_sheets import FILE


def piket(*arguments: str, store: Path | None = None) -> Result:
    environment = {"PIKET_STORE": f"sqlite://{store}/{{service}}.db"} if store else {}
    return CliRunner().invoke(cli, ["policy", *arguments], env=environment)


def write_file(folder: Path, text: str, name: str = "edaran.yaml") -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


def yaml_of(content: dict[str, Any]) -> str:
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.dump(content, text)
    return text.getvalue()


def import_bkd(folder: Path) -> None:
    """Import BKD with two units into the register."""
    assert piket("import", write_file(folder, FILE.decode(), "bkd.csv"), "--region", "32", store=folder).exit_code == 0


def changed_dates(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    changes: list[dict[str, Any]] = json.loads(result.stdout)["days"]
    return changes


def answer_of(region: str, opd: str, day: str, subject: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the JSON output of `piket policy effective`; `subject` holds options, a flag with an empty value."""
    options = [part for option in subject.items() for part in option if part]
    arguments = ["--reference", "--region", region, "--opd", opd, "--date", day, *options, "--json"]
    run = CliRunner().invoke(cli, ["policy", "effective", *arguments], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    result: Mapping[str, Any] = json.loads(run.stdout)
    return result
