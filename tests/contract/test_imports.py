"""The import contracts: each is broken on purpose, in a copy, and the violation must be caught."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.local.deadlines import scaled

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
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
    ("services/policy/domain/calendar.py", "import services.policy.catalogue", "domain is pure"),
    (
        "services/policy/domain/resolution/binding.py",
        "import services.policy.domain.explanation.answer",
        "No package imports in a circle",
    ),
]

IMPURE = [
    *(
        "aiohttp",
        "concurrent.futures",
        "importlib",
        "logging",
        "mode",
        "multiprocessing",
        "os",
        "psycopg_pool",
        "random",
    ),
    *(
        "rich",
        "shared.catalogue",
        "shared.settings",
        "shutil",
        "signal",
        "subprocess",
        "sys",
        "tempfile",
        "time",
        "typer",
    ),
    *("urllib.request", "uvicorn"),
]
"""Each is planted in a module of a domain."""


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


def test_every_impure_import_is_caught(copy: Path) -> None:
    planted = copy / "services/roster/domain/planted.py"
    planted.write_text("".join(f"import {name}\n" for name in IMPURE))
    findings = contracts(copy)
    planted.unlink()
    names = [name if name.startswith("shared") else name.partition(".")[0] for name in IMPURE]
    assert [name for name in names if f"services.roster.domain is not allowed to import {name}:" not in findings] == []


def test_a_domain_may_import_nothing_of_shared_but_its_domain() -> None:
    (pure,) = (c for c in CONTRACTS if c["name"] == "domain is pure")
    modules = {f"shared.{path.stem}" for path in (ROOT / "shared").iterdir() if not path.name.startswith("_")}
    assert modules - {"shared.domain"} <= set(pure["forbidden_modules"])


@pytest.mark.parametrize(
    "call",
    [
        "from datetime import datetime\n\nNOW = datetime.now()\n",
        "import uuid\n\nID = uuid.uuid4()\n",
        "import numpy as np\n\nNUMBER = np.random.default_rng()\n",
    ],
)
def test_a_clock_an_id_or_a_random_number_read_in_the_core_is_caught(copy: Path, call: str) -> None:
    planted = copy / "services/roster/domain/planted.py"
    planted.write_text(call)
    done = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "services/roster/domain/planted.py"],
        cwd=copy, check=False, capture_output=True, text=True,
    )  # fmt: skip
    planted.unlink()
    assert "TID251" in done.stdout
