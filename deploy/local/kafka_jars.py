"""Apache Kafka's own jars from Maven Central, fetched once into a cache folder that git ignores."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "4.3.1"
# Kafka 4.3.1 is built on slf4j-api 1.7.36: a binding of slf4j 2 stays silent.
ARTIFACTS = (("org.apache.kafka", "kafka_2.13", VERSION), ("org.slf4j", "slf4j-simple", "1.7.36"))
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>piket</groupId><artifactId>local-kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{}</dependencies></project>
"""


def cache() -> Path:
    """Folder of everything fetched or made for this Kafka version; `PIKET_CACHE` moves it out of the repository."""
    root = os.environ.get("PIKET_CACHE") or Path(__file__).resolve().parents[2] / ".cache"
    folder = Path(root).resolve() / "kafka" / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, against other processes and threads that fill the same cache."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def class_path(folder: Path) -> str:
    """Every jar, in a fixed order: a class archive is only valid for the very same class path."""
    jars = folder / "jars"
    if not jars.exists():
        _fetch(folder)
    return ":".join(sorted(map(str, jars.glob("*.jar"))))


def _fetch(folder: Path) -> None:
    print(f"Fetching Apache Kafka {VERSION} from Maven Central, 44 MB, once ...", file=sys.stderr, flush=True)
    part = folder / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    pom = part / "pom.xml"
    pom.write_text(POM.format("".join(DEPENDENCY.format(*artifact) for artifact in ARTIFACTS)))
    mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(pom), COPY, f"-DoutputDirectory={part}"]
    fetched = subprocess.run(mvn, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if fetched.returncode != 0:
        raise RuntimeError(
            f"Maven could not fetch Apache Kafka {VERSION}; nothing was started. Check the network, "
            f"or Maven's settings, and try again. Maven said:\n{fetched.stdout[-2000:]}{fetched.stderr[-2000:]}"
        )
    part.rename(folder / "jars")
