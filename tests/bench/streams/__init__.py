"""Kafka Streams as an anchor: its jars from Maven Central and one class, compiled once into the cache."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from deploy.local import kafka_jars as kafka_jars

HERE = Path(__file__).parent
PASSES = 4
"""In one JVM; the last one is fully warm."""
JAVA = ("java", "-Xmx1g", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")


@cache
def class_path() -> str:
    """Kafka Streams, what it needs, and the anchor."""
    folder = kafka_jars.cache() / "streams"
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(HERE / "pom.xml"), kafka_jars.COPY]
        subprocess.run(
            [*mvn, f"-DoutputDirectory={part}"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        part.rename(folder)
    path = ":".join(sorted(map(str, folder.glob("*.jar"))))
    subprocess.run(["javac", "-cp", path, "-d", str(folder / "classes"), str(HERE / "Anchor.java")], check=True)
    return f"{folder / 'classes'}:{path}"


def command(bootstrap: str, topic: str, events: int, run: str, folder: str) -> list[str]:
    """How to run the anchor over a topic; it prints what a contender tells, for each pass."""
    arguments = (bootstrap, topic, str(events), str(PASSES), run, folder)
    return [*JAVA, "-cp", class_path(), "Anchor", *arguments]
