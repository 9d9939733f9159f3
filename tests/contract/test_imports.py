"""The import contracts: each is broken on purpose, in a copy, and the violation must be caught."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.deadlines import scaled

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PLANTED = [
    ("services/roster/domain/decider.py", "import services.policy.domain.decider", "Services never import one another"),
    ("services/attendance/app.py", "from services.reporting import metrics", "Services never import one another"),
    ("shared/event_store/store.py", "import services.attendance.domain.decider", "Layers"),
    ("services/reporting/app.py", "import deploy.http_client", "Layers"),
    ("services/reporting/domain/coverage/fact_set.py", "import time", "domain is pure"),
    ("services/policy/domain/explanation/clauses.py", "import fastapi", "domain is pure"),
    ("services/attendance/domain/decider.py", "import aiokafka", "domain is pure"),
    ("shared/domain/batch.py", "import asyncio", "domain is pure"),
    (
        "services/policy/domain/resolution/binding.py",
        "import services.policy.domain.explanation.answer",
        "No package imports in a circle",
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for part in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def contracts(folder: Path) -> str:
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=scaled(60),
    )
    return done.stdout


def test_the_contracts_hold(copy: Path) -> None:
    assert "0 broken" in contracts(copy)


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_violation_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    before = (copy / file).read_text()
    (copy / file).write_text(f"{before}\n{line}\n")
    try:
        assert f"{contract} BROKEN" in contracts(copy)
    finally:
        (copy / file).write_text(before)


@pytest.mark.parametrize(
    "call", ["from datetime import datetime\n\nNOW = datetime.now()\n", "import uuid\n\nID = uuid.uuid4()\n"]
)
def test_a_clock_or_an_id_read_in_the_core_is_caught(copy: Path, call: str) -> None:
    planted = copy / "services/roster/domain/planted.py"
    planted.write_text(call)
    done = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "services/roster/domain/planted.py"],
        cwd=copy, check=False, capture_output=True, text=True,
    )  # fmt: skip
    planted.unlink()
    assert "TID251" in done.stdout
