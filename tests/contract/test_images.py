"""The images: their recipes, and that each holds what its process imports and nothing heavy beside it."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.install.__main__ import uv
from tests.contract.image_packages import packages_outside_piket

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RECIPES = sorted((ROOT / "deploy" / "images").glob("*Dockerfile"))
ENTRIES: Mapping[str, str] = {
    "policy": "services.policy.__main__",
    "roster": "services.roster.__main__",
    "attendance": "services.attendance.__main__",
    "reporting": "services.reporting.__main__",
    "worker": "services.reporting.worker.__main__",
    "relay": "deploy.operations.relay",
    "operations": "deploy.cli.__main__",
}
"""The program of each image."""
SOLVER_IMAGES = frozenset({"roster", "operations"})
"""OR-Tools and what it brings are half of an image, so only these have it."""


def test_hadolint_finds_nothing_in_the_recipes_of_images() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    checked = subprocess.run([str(hadolint), *map(str, RECIPES)], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")
    assert len(RECIPES) == 2


def test_a_recipe_names_each_base_image_once_as_an_argument_that_a_digest_can_replace() -> None:
    for recipe in RECIPES:
        lines = [line.split() for line in recipe.read_text().splitlines() if line.startswith(("ARG", "FROM"))]
        arguments = {line[1].partition("=")[0] for line in lines if line[0] == "ARG" and "/" in line[1]}
        bases = {line[1] for line in lines if line[0] == "FROM"}
        assert bases == {f"${{{name}}}" for name in arguments}, recipe


def test_only_the_project_says_which_versions_are_wanted() -> None:
    names = {_name(requirement) for requirement in PROJECT["project"]["dependencies"]}
    for group in {*PROJECT["dependency-groups"]} - {"dev"}:
        listed = [entry for entry in PROJECT["dependency-groups"][group] if isinstance(entry, str)]
        assert {_name(entry) for entry in listed} <= names, group
        assert not [entry for entry in listed if set("<>=~") & set(entry)], group


@pytest.mark.processes
@pytest.mark.parametrize("service", ENTRIES)
def test_an_image_holds_what_its_process_imports(service: str, tmp_path: Path) -> None:
    python = _install(service, tmp_path)
    needed = packages_outside_piket(ROOT, ENTRIES[service])
    script = "import importlib.util as u, sys; print([name for name in sys.argv[1:] if not u.find_spec(name)])"
    assert _run(python, script, *sorted(needed)) == "[]\n"
    absent = ["pytest"] if service in SOLVER_IMAGES else ["pytest", "ortools"]
    assert _run(python, script, "pytest", "ortools") == f"{absent}\n"
    _run(python, f"import {ENTRIES[service]}")


def _install(service: str, folder: Path) -> Path:
    """Install the packages of one image as its recipe does, and return the Python that sees no others."""
    command = [*(uv() or ()), "sync", "--locked", "--quiet", "--only-group", service, "--project", str(ROOT)]
    subprocess.run(command, check=True, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder / "venv")})
    return folder / "venv" / "bin" / "python"


def _run(python: Path, script: str, *arguments: str) -> str:
    command = [str(python), "-c", script, *arguments]
    completed = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def _name(requirement: str) -> str:
    return requirement.partition("[")[0].partition(">")[0].partition("=")[0]
