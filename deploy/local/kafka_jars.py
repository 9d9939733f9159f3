"""Fetches the jars of Apache Kafka from Maven Central into a cache folder that git ignores."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "4.3.1"
# Kafka 4.3.1 uses slf4j-api 1.7.36; with a binding of slf4j 2 it would log nothing.
ARTIFACTS = (("org.apache.kafka", "kafka_2.13", VERSION), ("org.slf4j", "slf4j-simple", "1.7.36"))
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>piket</groupId><artifactId>local-kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{}</dependencies></project>
"""


def cache() -> Path:
    """Return the cache folder of this Kafka version, and create it. `PIKET_CACHE` sets another folder."""
    root = os.environ.get("PIKET_CACHE") or Path(__file__).resolve().parents[2] / ".cache"
    folder = Path(root).resolve() / "kafka" / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder, against other processes and threads that fill the same cache."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released by the system when the process ends, also by SIGKILL
        yield


def class_path(folder: Path) -> str:
    """Return the class path, in a fixed order: a class archive is valid only for the identical class path."""
    jars = folder / "jars"
    if not jars.exists():
        _fetch(folder)
    return ":".join(sorted(map(str, jars.glob("*.jar"))))


def _fetch(folder: Path) -> None:
    print(f"Fetching Apache Kafka {VERSION} from Maven Central, 44 MB (only once) ...", file=sys.stderr, flush=True)
    # Fetched into another folder and renamed: an interrupted download leaves no incomplete `jars`.
    partial = folder / "part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    pom = partial / "pom.xml"
    pom.write_text(POM.format("".join(DEPENDENCY.format(*artifact) for artifact in ARTIFACTS)))
    mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(pom), COPY_GOAL, f"-DoutputDirectory={partial}"]
    completed = subprocess.run(mvn, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if completed.returncode != 0:
        raise RuntimeError(
            f"Maven could not fetch Apache Kafka {VERSION}; nothing was started. Check the network, "
            f"or Maven's settings, and try again. Its output:\n{completed.stdout[-2000:]}{completed.stderr[-2000:]}"
        )
    partial.rename(folder / "jars")
