"""The manifests for Kubernetes: generated parts are current, every object is valid, no pod has more than it needs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka_rights.users import users
from deploy.kubernetes.generated_files import common_files, overlay_files, overlay_folders
from deploy.kubernetes.overlay import UnreadableOverlay, read_overlay
from deploy.kubernetes.users import kafka_users
from deploy.observability.catalogue import catalogue
from deploy.observability.dashboards.files import json_files
from deploy.observability.rules.rule_files import read_rules
from deploy.operations.gateway import PAGE_SERVICES, PAGES_OF
from services.reporting.worker.settings import WorkerSettings
from shared.kafka.broker import topics_of
from shared.metrics.server import VERSION
from shared.settings import Settings
from tests.contract.kubernetes_objects import (
    OVERLAYS,
    ROOT,
    Object,
    build,
    container,
    environment,
    faults,
    objects,
    of_kind,
    pod_of,
    secrets_of,
    started,
    workloads,
)

NAMES = ("province", "kota", "region-per-namespace")
PROCESSES = {"policy", "roster", "attendance", "reporting", "relay", "worker", "reconcile"}
GUIDE = (ROOT / "docs/operations/kubernetes.md").read_text()
WORDS = {"Read", "Write", "Describe"}
ADDED_LABELS = {"__name__", "namespace", "pod", "job", "instance", "process"}


def test_every_folder_of_overlays_is_tested() -> None:
    assert {folder.name for folder in OVERLAYS.iterdir()} == {*NAMES}


@pytest.mark.parametrize("folder", overlay_folders(), ids=lambda folder: str(folder.relative_to(OVERLAYS)))
def test_the_generated_files_of_an_overlay_are_current(folder: Path) -> None:
    for path, text in overlay_files(folder).items():
        assert path.read_text() == text, f"run `.venv/bin/python -m deploy.kubernetes`: {path} differs"


def test_the_generated_files_of_all_overlays_are_current() -> None:
    for path, text in common_files().items():
        assert path.read_text() == text, f"run `.venv/bin/python -m deploy.kubernetes`: {path} differs"


@pytest.mark.parametrize("overlay", NAMES)
def test_the_api_server_accepts_every_object(overlay: str) -> None:
    assert [fault for manifest in objects(overlay) for fault in faults(manifest)] == []


@pytest.mark.parametrize("overlay", NAMES)
def test_a_misspelt_field_of_any_kind_is_caught(overlay: str) -> None:
    for manifest in {manifest["kind"]: manifest for manifest in objects(overlay)}.values():
        part = "spec" if "spec" in manifest else "metadata"
        misspelt = {**manifest, part: {**manifest[part], "replica": 1}}
        assert faults(misspelt), manifest["kind"]


def test_a_field_that_an_operator_renamed_is_caught_deep_inside() -> None:
    (user, *_) = of_kind("kota", "KafkaUser")
    old = deepcopy(dict(user))
    rule = old["spec"]["authorization"]["acls"][0]
    rule["operation"] = rule.pop("operations")[0]
    assert any("'operation' was unexpected" in fault for fault in faults(old))


@pytest.mark.parametrize("overlay", NAMES)
def test_every_process_of_piket_runs(overlay: str) -> None:
    assert {workload["metadata"]["name"] for workload in workloads(overlay)} == PROCESSES


@pytest.mark.parametrize("overlay", NAMES)
def test_the_images_are_those_of_this_release(overlay: str) -> None:
    assert {container(workload)["image"].rpartition(":")[2] for workload in started(overlay)} == {VERSION}


@pytest.mark.parametrize("overlay", NAMES)
def test_every_process_accepts_its_settings(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"PIKET_{name}".upper() for name in WorkerSettings.model_fields}
    for workload in started(overlay):
        settings = environment(overlay, workload)
        assert settings.keys() - known == set()
        with monkeypatch.context() as process:
            for name in [name for name in os.environ if name.startswith("PIKET_")]:
                process.delenv(name)
            for name, value in settings.items():
                process.setenv(name, value)
            WorkerSettings() if workload["metadata"]["name"] == "worker" else Settings()


@pytest.mark.parametrize("overlay", NAMES)
def test_every_command_is_a_program_of_piket(overlay: str) -> None:
    for workload in started(overlay):
        python, option, module, *_ = container(workload)["command"]
        assert [python, option] == ["python", "-m"]
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("overlay", NAMES)
def test_no_pod_has_more_than_it_needs(overlay: str) -> None:
    for workload in started(overlay):
        pod, process = pod_of(workload)["spec"], container(workload)
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert process["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod_of(workload)["metadata"]["labels"]["app.kubernetes.io/part-of"] == "piket"
        assert process["resources"]["limits"]["memory"]
        assert process["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("overlay", NAMES)
def test_every_process_is_asked_whether_it_lives_and_whether_it_is_ready(overlay: str) -> None:
    for workload in workloads(overlay):
        process = container(workload)
        ports = {port["name"] for port in process["ports"]}
        asked = {probe: process[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
        assert {probe: get["path"] for probe, get in asked.items()} == {
            "startup": "/healthz",
            "liveness": "/healthz",
            "readiness": "/readyz",
        }
        assert {get["port"] for get in asked.values()} == {"http" if "http" in ports else "metrics"}


@pytest.mark.parametrize("overlay", NAMES)
def test_a_drained_node_stops_one_pod_of_a_process_at_a_time(overlay: str) -> None:
    budgets = {b["metadata"]["name"]: b["spec"]["maxUnavailable"] for b in of_kind(overlay, "PodDisruptionBudget")}
    assert budgets == dict.fromkeys(("policy", "roster", "attendance", "reporting", "worker"), 1)


@pytest.mark.parametrize("overlay", NAMES)
def test_no_secret_is_in_the_repository_and_each_that_is_expected_is_documented(overlay: str) -> None:
    assert of_kind(overlay, "Secret") == []
    names = {name for workload in started(overlay) for name in secrets_of(workload)}
    names |= {tls["secretName"] for ingress in of_kind(overlay, "Ingress") for tls in ingress["spec"]["tls"]}
    expected = {re.sub(r"^piket-(province|kota-\d+)-", "piket-{deployment}-", name) for name in names}
    assert {name for name in expected if f"`{name}`" not in GUIDE} == set()
    for workload in workloads(overlay):
        assert not [v for v in container(workload).get("env", ()) if "secretKeyRef" in v.get("valueFrom", {})]


@pytest.mark.parametrize("overlay", NAMES)
def test_a_process_reads_only_the_passwords_that_it_uses(overlay: str) -> None:
    allowed = {
        "policy": {"store-policy"},
        "attendance": {"store-attendance"},
        "roster": {"store-roster", "client-roster", "kafka user", "piket-cluster-ca-cert"},
        "reporting": {"store-reporting", "client-reporting", "kafka user", "piket-cluster-ca-cert"},
        "worker": {"kafka user", "piket-cluster-ca-cert"},
    }
    names = {user["metadata"]["name"] for user in of_kind(overlay, "KafkaUser")}
    for workload in workloads(overlay):
        if (name := workload["metadata"]["name"]) in allowed:
            assert {"kafka user" if name in names else name for name in secrets_of(workload)} == allowed[name]


@pytest.mark.parametrize("overlay", NAMES)
def test_what_no_policy_allows_is_refused(overlay: str) -> None:
    for namespace in {workload["metadata"]["namespace"] for workload in workloads(overlay)}:
        policies = [p for p in of_kind(overlay, "NetworkPolicy") if p["metadata"]["namespace"] == namespace]
        (default,) = [p["spec"] for p in policies if p["metadata"]["name"] == "deny-by-default"]
        assert default == {
            "podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "piket"}},
            "policyTypes": ["Ingress", "Egress"],
        }
    for workload in workloads(overlay):
        assert workload["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "piket"


@pytest.mark.parametrize("overlay", NAMES)
def test_only_processes_with_a_kafka_user_reach_kafka(overlay: str) -> None:
    for workload in workloads(overlay):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        has_user = any(v["name"] == "PIKET_KAFKA_USERNAME" for v in container(workload).get("env", ()))
        assert (labels.get("piket.id/kafka") == "client") is has_user


@pytest.mark.parametrize("overlay", NAMES)
def test_the_ingress_sends_each_path_where_the_gateway_does(overlay: str) -> None:
    services = {"policy", "roster", "attendance"}
    expected = {f"/{service}": service for service in services} | {"/": PAGES_OF}
    expected |= {f"/{page}": service for page, service in PAGE_SERVICES.items()}
    for ingress in of_kind(overlay, "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        assert {p["path"]: p["backend"]["service"]["name"] for p in rule["http"]["paths"]} == expected
        assert [rule["host"]] == ingress["spec"]["tls"][0]["hosts"]


def test_each_topic_is_as_piket_topics_create_makes_it() -> None:
    topics = {topic["metadata"]["name"]: topic["spec"] for topic in of_kind("province", "KafkaTopic")}
    for region in ("32", "3271", "3276", "3277"):
        for name, settings in topics_of(region).items():
            assert topics.pop(name) == {"partitions": 12, "config": settings}
    assert {name: spec["partitions"] for name, spec in topics.items()} == {
        "piket-coverage-province-facts-changelog": 12,
        "piket-coverage-province-view": 1,
    }


def allows(user: Object, operation: str, topic: str) -> bool:
    """Return whether an access rule of a user matches, as Kafka's authorizer matches literal names and prefixes."""
    for rule in user["spec"]["authorization"]["acls"]:
        resource, operations = rule["resource"], {*rule["operations"]}
        if operations & {"Read", "Write", "Delete"}:
            operations.add("Describe")
        if resource["type"] != "topic" or not {operation, "All"} & operations:
            continue
        name, is_prefix = resource["name"], resource["patternType"] == "prefix"
        if name in (topic, "*") or (is_prefix and topic.startswith(name)):
            return True
    return False


@pytest.fixture
def overlay_of(tmp_path: Path) -> Any:
    def write(regions: str, deployment: str = "province", **settings: str) -> Path:
        lines = {"PIKET_DEPLOYMENT": deployment, "PIKET_REGIONS": regions, "PIKET_PARTITIONS": "12"} | settings
        (tmp_path / "settings.env").write_text("# A comment.\n" + "".join(f"{k}={v}\n" for k, v in lines.items()))
        (tmp_path / "kustomization.yaml").write_text("replicas: [{name: worker, count: 2}]\n")
        return tmp_path

    return write


@pytest.mark.parametrize(("region", "elsewhere"), [("32", "3276"), ("3276", "32"), ("3271", "3276")])
def test_no_credential_of_a_region_can_use_the_topics_of_another(overlay_of: Any, region: str, elsewhere: str) -> None:
    of_region = [*kafka_users(read_overlay(overlay_of(region, f"kota-{region}")))]
    foreign = [*topics_of(elsewhere), f"piket-coverage-kota-{elsewhere}-facts-changelog", "piket-coverage-kota-view"]
    for user in of_region:
        assert not [(topic, word) for topic in foreign for word in WORDS if allows(user, word, topic)]
        assert any(allows(user, "Read", topic) for topic in topics_of(region))


def test_a_process_writes_only_the_topics_that_it_owns() -> None:
    by_name = {user["metadata"]["name"]: user for user in of_kind("kota", "KafkaUser")}
    written = {name: {t for t in topics_of("3276") if allows(user, "Write", t)} for name, user in by_name.items()}
    topic = "piket.3276.{}.v1".format
    events = {topic(service) for service in ("policy", "roster", "attendance", "reporting")}
    assert written == {
        "piket-kota-3276-roster": {topic("dead-letter")},
        "piket-kota-3276-relay": events | {topic("heartbeat")},
        "piket-kota-3276-worker": {topic("coverage"), topic("dead-letter")},
        "piket-kota-3276-reporting": events,
        "piket-kota-3276-operator": {*topics_of("3276")},
    }


@pytest.mark.parametrize("overlay", NAMES)
def test_each_process_signs_in_to_kafka_with_the_password_of_a_user_of_its_deployment(overlay: str) -> None:
    names = {user["metadata"]["name"] for user in of_kind(overlay, "KafkaUser")}
    signed_in = set()
    for workload in workloads(overlay):
        env = {variable["name"]: variable.get("value") for variable in container(workload).get("env", ())}
        secrets = {v["name"]: v.get("secret", {}) for v in workload["spec"]["template"]["spec"]["volumes"]}
        if user := env.get("PIKET_KAFKA_USERNAME"):
            assert secrets["kafka"]["secretName"] == user
            assert workload["metadata"]["namespace"].removeprefix("piket-") in user or overlay != "region-per-namespace"
            signed_in.add(user)
    assert signed_in == names


def test_the_rights_of_a_user_are_those_that_the_doctor_compares() -> None:
    granted = {
        (user["metadata"]["name"], rule["resource"].get("name", "kafka-cluster"), operation)
        for user in of_kind("province", "KafkaUser")
        for rule in user["spec"]["authorization"]["acls"]
        for operation in rule["operations"]
    }
    regions, roles = ("32", "3271", "3276", "3277"), ("roster", "reporting", "relay", "worker", "operator")
    table = users("province", regions, roles)
    assert granted == {(user, g.name, str(g.operation)) for user, grants in table.items() for g in grants}


@pytest.mark.parametrize("overlay", NAMES)
def test_prometheus_evaluates_the_rules_of_the_rule_files(overlay: str) -> None:
    assert all(rule["spec"] == read_rules() for rule in of_kind(overlay, "PrometheusRule"))
    assert of_kind(overlay, "PrometheusRule")


@pytest.mark.parametrize("overlay", NAMES)
def test_every_service_is_scraped_as_the_job_that_the_rules_expect(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        assert service["metadata"]["labels"]["app.kubernetes.io/part-of"] == "piket"
        assert "metrics" in {port["name"] for port in service["spec"]["ports"]}
    for monitor in of_kind(overlay, "ServiceMonitor"):
        assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/part-of"


def test_the_labels_that_the_operator_adds_leave_every_metric_under_the_limit_of_a_scrape() -> None:
    limits = {monitor["spec"]["labelLimit"] for monitor in of_kind("province", "ServiceMonitor")}
    most = max(len({*metric.labels, "le"} | ADDED_LABELS) for metric in catalogue().metrics)
    assert limits == {12}
    assert most <= 12


def test_every_region_is_scraped() -> None:
    (monitor,) = [m for m in of_kind("province", "ServiceMonitor") if m["metadata"]["name"] == "piket-regions"]
    assert [endpoint["path"] for endpoint in monitor["spec"]["endpoints"]] == [
        f"/metrics/{region}" for region in ("32", "3271", "3276", "3277")
    ]


@pytest.mark.parametrize("overlay", NAMES)
def test_every_dashboard_is_once_a_config_map_that_grafana_finds(overlay: str) -> None:
    labelled = [c for c in of_kind(overlay, "ConfigMap") if "grafana_dashboard" in c["metadata"].get("labels", {})]
    texts = [item for config in labelled for item in config["data"].items()]
    assert sorted(texts) == sorted(json_files().items())


def test_an_office_copies_an_overlay_and_changes_its_settings(tmp_path: Path) -> None:
    dashboards = "deploy/observability/dashboards/json"
    for folder in ("deploy/kubernetes", dashboards):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    overlay = tmp_path / "deploy/kubernetes/overlays/jateng"
    shutil.copytree(OVERLAYS / "province", overlay)
    settings = (overlay / "settings.env").read_text()
    (overlay / "settings.env").write_text(
        settings.replace("32,3271,3276,3277", "33,3374").replace("=province", "=jateng")
    )
    command = [sys.executable, "-m", "deploy.kubernetes", str(overlay)]
    subprocess.run(command, check=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    made = build(overlay)
    assert [fault for manifest in made for fault in faults(manifest)] == []
    topics = {manifest["metadata"]["name"] for manifest in made if manifest["kind"] == "KafkaTopic"}
    own = {"piket-coverage-jateng-facts-changelog", "piket-coverage-jateng-view"}
    assert topics == {*topics_of("33"), *topics_of("3374")} | own


def test_the_operators_page_finds_every_worker(overlay_of: Any) -> None:
    listed = json.loads(overlay_files(overlay_of("33,3374"))[overlay_of("33,3374") / "targets.json"])
    addresses = {target["targets"][0]: target["labels"]["process"] for target in listed}
    assert {name for name in addresses if addresses[name] == "worker"} == {
        "worker-0.worker:9464",
        "worker-1.worker:9464",
    }
    assert {*addresses.values()} == PROCESSES


WRONG: Mapping[str, Mapping[str, str]] = {
    "PIKET_REGIONS": {"regions": "32,Depok"},
    "PIKET_DEPLOYMENT": {"regions": "32", "deployment": "Jawa Barat"},
    "PIKET_PARTITIONS": {"regions": "32", "PIKET_PARTITIONS": "0"},
}


@pytest.mark.parametrize(("variable", "settings"), WRONG.items())
def test_a_wrong_setting_of_an_overlay_is_named(overlay_of: Any, variable: str, settings: Mapping[str, str]) -> None:
    with pytest.raises(UnreadableOverlay, match=rf"settings\.env: {variable}.*Nothing was written"):
        read_overlay(overlay_of(**settings))


def test_a_folder_that_is_not_an_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableOverlay, match=r"is not an overlay: .*settings\.env cannot be read"):
        overlay_files(tmp_path)
