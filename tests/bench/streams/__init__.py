"""Prepares Kafka Streams as a baseline: fetches its jars from Maven Central and compiles one class into the cache."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from deploy.local import kafka_jars

HERE = Path(__file__).parent
PASSES = 4
"""Passes in one JVM; the last one is fully warm."""
JAVA = ("java", "-Xmx1g", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")


@cache
def class_path() -> str:
    """Return the class path of Kafka Streams, its dependencies and the baseline class."""
    folder = kafka_jars.cache() / "streams"
    if not folder.exists():
        partial = folder.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(HERE / "pom.xml"), kafka_jars.COPY_GOAL]
        subprocess.run(
            [*mvn, f"-DoutputDirectory={partial}"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        partial.rename(folder)
    path = ":".join(sorted(map(str, folder.glob("*.jar"))))
    subprocess.run(["javac", "-cp", path, "-d", str(folder / "classes"), str(HERE / "Anchor.java")], check=True)
    return f"{folder / 'classes'}:{path}"


def command(bootstrap: str, topic: str, events: int, run: str, folder: str) -> list[str]:
    """Return the command that runs the baseline over a topic; it prints a contender's result for each pass."""
    arguments = (bootstrap, topic, str(events), str(PASSES), run, folder)
    return [*JAVA, "-cp", class_path(), "Anchor", *arguments]
