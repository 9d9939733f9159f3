"""Fetches Keycloak from Maven Central into a cache folder, and builds it once, so that a start takes seconds."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.kafka_jars import exclusive_lock

VERSION = "26.7.3"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
BUILD_OPTIONS = ("--db=dev-mem", "--health-enabled=false")
"""A database in memory: a test or demo begins with the realm as it ships. Without health there is no second port."""


def distribution() -> Path:
    """Return the folder of a built Keycloak; fetch and build it first if the cache has none."""
    root = os.environ.get("PIKET_CACHE") or Path(__file__).resolve().parents[3] / ".cache"
    folder = Path(root).resolve() / "keycloak" / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(folder):
        built = folder / "built"
        if not built.exists():
            _fetch_and_build(folder).rename(built)
    return built


def _fetch_and_build(folder: Path) -> Path:
    """Return the folder of a Keycloak that was just built: an interrupted build leaves no folder `built`."""
    print(f"Fetching and building Keycloak {VERSION}, 177 MB (only once) ...", file=sys.stderr, flush=True)
    partial = folder / "part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    _run(["mvn", "--batch-mode", "--quiet", COPY_GOAL, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={partial}"])
    (archive,) = partial.glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        files.extractall(partial)
    archive.unlink()
    unpacked = partial / f"keycloak-{VERSION}"
    _run(["bash", str(unpacked / "bin" / "kc.sh"), "build", *BUILD_OPTIONS])
    return unpacked


def _run(command: Sequence[str]) -> None:
    completed = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if completed.returncode != 0:
        raise RuntimeError(
            f"Keycloak {VERSION} could not be fetched and built; nothing was started. Check the network, or Maven's"
            f" settings, and try again. Output of {command[0]}:\n{completed.stdout[-2000:]}{completed.stderr[-2000:]}"
        )
