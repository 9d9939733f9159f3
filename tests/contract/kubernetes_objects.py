"""Builds the objects of an overlay as `kubectl apply -k` would send them, and checks each against its schema."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.support.custom_resource_schemas import committed_schemas

Object = Mapping[str, Any]
ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
KUBERNETES_VERSIONS = ("1.34", "1.37")
"""The oldest and the newest release that the manifests are checked against."""
WORKLOADS = {"Deployment", "StatefulSet"}


@cache
def objects(overlay: str) -> tuple[Object, ...]:
    """Return the objects of an overlay of the repository."""
    return build(OVERLAYS / overlay)


def build(folder: Path) -> tuple[Object, ...]:
    """Return the objects of an overlay, built by the Kustomize of kubectl."""
    command = [str(Path(sys.executable).parent / "kubectl"), "kustomize", str(folder)]
    built = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert built.returncode == 0, built.stderr
    return tuple(YAML(typ="safe").load_all(built.stdout))


def faults(manifest: Object) -> list[str]:
    """Return what the API server would refuse in an object, one line each; a kind without a schema is a fault."""
    kind = manifest["kind"]
    if "." in manifest["apiVersion"] and (schema := committed_schemas().get(kind)):
        return [f"{kind} {e.json_path}: {e.message}" for e in Draft202012Validator(schema).iter_errors(manifest)]
    try:
        for version in KUBERNETES_VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return [f"{kind}: {error.message}"]
    return []


def of_kind(overlay: str, *kinds: str) -> list[Object]:
    """Return the objects of an overlay that are of these kinds."""
    return [manifest for manifest in objects(overlay) if manifest["kind"] in kinds]


def workloads(overlay: str) -> list[Object]:
    """Return what starts pods that stay."""
    return of_kind(overlay, *WORKLOADS)


def started(overlay: str) -> list[Object]:
    """Return what starts pods, also for a time."""
    return of_kind(overlay, *WORKLOADS, "CronJob")


def pod_of(workload: Object) -> Object:
    """Return the template of the pods of a workload."""
    spec: Object = workload["spec"].get("jobTemplate", workload)["spec"]
    template: Object = spec["template"]
    return template


def container(workload: Object) -> Object:
    """Return the only container of a workload."""
    containers: list[Object] = pod_of(workload)["spec"]["containers"]
    (only,) = containers
    return only


def environment(overlay: str, workload: Object) -> dict[str, str]:
    """Return the environment variables of a workload; one that Kubernetes fills has the name of the workload."""
    process, metadata = container(workload), workload["metadata"]
    (source,) = process["envFrom"]
    for config in of_kind(overlay, "ConfigMap"):
        place = (config["metadata"]["namespace"], config["metadata"]["name"])
        if place == (metadata["namespace"], source["configMapRef"]["name"]):
            given = {variable["name"]: variable.get("value", metadata["name"]) for variable in process.get("env", ())}
            return {**config["data"], **given}
    raise LookupError(f"{metadata['name']} has no settings")


def secrets_of(workload: Object) -> Iterator[str]:
    """Yield the names of the Secrets whose files a workload reads."""
    for volume in pod_of(workload)["spec"]["volumes"]:
        yield from (source["secret"]["name"] for source in volume.get("projected", {}).get("sources", ()))
        if "secret" in volume:
            yield volume["secret"]["secretName"]
