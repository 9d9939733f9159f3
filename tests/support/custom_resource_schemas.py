"""Makes JSON schemas from the CustomResourceDefinitions of Strimzi and of the Prometheus operator.

`python -m tests.support.custom_resource_schemas` writes them to tests/contract/custom_resources. For Strimzi it needs
Maven and Java 21 or newer, because a generator writes the definitions from classes; for the other operator it needs Go.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from deploy.local.kafka_jars import COPY_GOAL, DEPENDENCY, POM

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/contract/custom_resources"
STRIMZI = "1.2.0"
ARTIFACTS = (("io.strimzi", "crd-generator", STRIMZI), ("io.strimzi", "api", STRIMZI))
MODELS = {"Kafka": "kafka.Kafka", "KafkaNodePool": "nodepool.KafkaNodePool"} | {
    "KafkaTopic": "topic.KafkaTopic",
    "KafkaUser": "user.KafkaUser",
}
OPTIONS = [
    "--yaml",
    "--target-kube",
    "1.25+",
    "--crd-api-version",
    "v1",
    "--api-versions",
    "v1",
    "--storage-version",
    "v1",
]
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
PLURALS = {"PrometheusRule": "prometheusrules", "ServiceMonitor": "servicemonitors"}


def java_21() -> Path | None:
    """Return a Java that is version 21 or newer, from the PATH or /usr/lib/jvm; None if there is none."""
    on_path = shutil.which("java")
    candidates = [*([Path(on_path)] if on_path else []), *sorted(Path("/usr/lib/jvm").glob("*/bin/java"))]
    return next((java for java in candidates if _version(java) >= 21), None)


def strimzi_definitions(java: Path, folder: Path) -> Mapping[str, Path]:
    """Write the definitions of Strimzi's kinds into a folder. The cache keeps the jars (39 MB from Maven Central)."""
    cache = Path(os.environ.get("PIKET_CACHE") or ROOT / ".cache").resolve() / "strimzi" / STRIMZI
    jars = cache / "jars"
    if not jars.exists():
        _fetch_jars(cache, jars)
    files = {kind: folder / f"{kind}.yaml" for kind in MODELS}
    models = [f"io.strimzi.api.kafka.model.{model}={files[kind]}" for kind, model in MODELS.items()]
    generator = [str(java), "-cp", f"{jars}/*", "io.strimzi.crdgenerator.CrdGenerator"]
    subprocess.run([*generator, *OPTIONS, *models], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return files


def strimzi_schemas(java: Path) -> Mapping[str, Any]:
    """Return the schemas of Strimzi's kinds."""
    with TemporaryDirectory() as made:
        return {kind: _schema(file) for kind, file in strimzi_definitions(java, Path(made)).items()}


def prometheus_operator_definitions() -> Mapping[str, Path]:
    """Return the definitions of the Prometheus operator's kinds, from its module (4 MB, which Go keeps)."""
    with TemporaryDirectory() as empty:
        command = ["go", "mod", "download", "-json", PROMETHEUS_OPERATOR]
        answer = subprocess.run(command, check=True, cwd=empty, stdin=subprocess.DEVNULL, capture_output=True).stdout
    folder = Path(json.loads(answer)["Dir"]) / "example/prometheus-operator-crd"
    return {kind: folder / f"monitoring.coreos.com_{plural}.yaml" for kind, plural in PLURALS.items()}


def prometheus_operator_schemas() -> Mapping[str, Any]:
    """Return the schemas of the Prometheus operator's kinds."""
    return {kind: _schema(file) for kind, file in prometheus_operator_definitions().items()}


def committed_schemas() -> Mapping[str, Any]:
    """Return the schemas of the repository by kind."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


def write(schemas: Mapping[str, Any]) -> None:
    """Write schemas to the repository, a file each."""
    FOLDER.mkdir(exist_ok=True)
    for kind, schema in schemas.items():
        (FOLDER / f"{kind}.json").write_text(json.dumps(schema, sort_keys=True, separators=(",", ":")) + "\n")


def _version(java: Path) -> int:
    version = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    match = re.search(r'version "(\d+)', version)
    return int(match[1]) if match else 0


def _fetch_jars(folder: Path, jars: Path) -> None:
    partial = folder / "part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pom = partial / "pom.xml"
    pom.write_text(POM.format("".join(DEPENDENCY.format(*artifact) for artifact in ARTIFACTS)))
    mvn = ["mvn", "--batch-mode", "--quiet", "--file", str(pom), COPY_GOAL, f"-DoutputDirectory={partial}"]
    subprocess.run(mvn, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    partial.rename(jars)


def _schema(definition: Path) -> Any:
    versions: Sequence[Any] = YAML(typ="safe").load(definition)["spec"]["versions"]
    (schema,) = (v["schema"]["openAPIV3Schema"] for v in versions if v["name"] == "v1")
    # The status is the operator's to write.
    schema["properties"].pop("status", None)
    return closed(schema)


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a structural schema that refuses unknown fields, as the API server does in strict mode.

    Rules in CEL (x-kubernetes-validations) are left out: JSON schema has none.
    """
    kept = {key: schema[key] for key in schema if key != "description" and not key.startswith("x-kubernetes-")}
    if schema.get("x-kubernetes-int-or-string"):
        kept["type"] = ["integer", "string"]
    if "properties" in schema:
        kept["properties"] = {name: closed(field) for name, field in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            kept.setdefault("additionalProperties", False)
    for key in "items", "additionalProperties":
        if isinstance(schema.get(key), Mapping):
            kept[key] = closed(schema[key])
    return kept


if __name__ == "__main__":
    found = java_21()
    if found is None:
        sys.exit("Strimzi's generator needs Java 21 or newer (Debian: openjdk-21-jre-headless). Nothing was written.")
    write({**strimzi_schemas(found), **prometheus_operator_schemas()})
