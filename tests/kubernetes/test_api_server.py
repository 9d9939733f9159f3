"""A real API server, with the definitions of both operators, is sent every overlay (`make test-kubernetes`)."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.kubernetes_objects import OVERLAYS, Object, objects, of_kind, workloads
from tests.kubernetes.api_server import ApiServer, built_server
from tests.support.custom_resource_schemas import java_21, prometheus_operator_definitions, strimzi_definitions

NAMES = sorted(folder.name for folder in OVERLAYS.iterdir())
pytestmark = pytest.mark.timeout(3600)  # the first run builds the server


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    java = java_21()
    if java is None:
        pytest.skip("Strimzi's generator of definitions needs Java 21 or newer, and this computer has none")
    folder = tmp_path_factory.mktemp("api")
    files = {**strimzi_definitions(java, folder), **prometheus_operator_definitions()}
    with ApiServer(folder, built_server()) as server:
        made = server.kubectl("create", *(f"--filename={file}" for file in files.values()))
        assert made.returncode == 0, made.stderr
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield server


@pytest.fixture(params=NAMES)
def overlay(request: pytest.FixtureRequest, api: ApiServer) -> str:
    """Return the name of an overlay whose namespaces exist."""
    made = api.kubectl("apply", "-f", "-", objects=of_kind(request.param, "Namespace"))
    assert made.returncode == 0, made.stderr
    return str(request.param)


def pods(overlay: str) -> list[dict[str, Any]]:
    """Return a pod of each workload."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**workload["spec"]["template"]["metadata"], **_name(workload)},
            "spec": deepcopy(workload["spec"]["template"]["spec"]),
        }
        for workload in workloads(overlay)
    ]


def _name(workload: Object) -> dict[str, str]:
    return {name: workload["metadata"][name] for name in ("name", "namespace")}


def test_the_api_server_takes_every_object(api: ApiServer, overlay: str) -> None:
    sent = api.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", str(OVERLAYS / overlay))
    assert (sent.returncode, sent.stderr) == (0, "")
    assert len(sent.stdout.splitlines()) == len(objects(overlay))


def test_a_field_that_no_definition_has_is_refused(api: ApiServer, overlay: str) -> None:
    for kind in ("Deployment", "KafkaUser", "ServiceMonitor"):
        (first, *_) = of_kind(overlay, kind)
        misspelt = {**first, "spec": {**first["spec"], "replica": 1}}
        sent = api.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", objects=[misspelt])
        assert re.search(r'unknown field "(spec\.)?replica"', sent.stderr)


def test_every_pod_keeps_the_restricted_standard_of_its_namespace(api: ApiServer, overlay: str) -> None:
    sent = api.kubectl("create", "--dry-run=server", "-f", "-", objects=pods(overlay))
    assert (sent.returncode, sent.stderr) == (0, "")
    assert len(sent.stdout.splitlines()) == len(workloads(overlay))


def test_a_pod_that_asks_for_more_is_refused(api: ApiServer, overlay: str) -> None:
    (pod, *_) = pods(overlay)
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    sent = api.kubectl("create", "--dry-run=server", "-f", "-", objects=[pod])
    assert 'violates PodSecurity "restricted:latest"' in sent.stderr
