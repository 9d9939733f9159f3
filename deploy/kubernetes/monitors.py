"""Makes what the Prometheus operator and the operators' page read, from the files of deploy/observability."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from deploy.kubernetes.overlay import Overlay
from deploy.observability.rules.rule_files import read_rules
from deploy.observability.targets import scrape_targets, to_json

PROMETHEUS_FILE = Path(__file__).parents[1] / "observability/prometheus.yaml"
LABELS: Mapping[str, str] = {"app.kubernetes.io/part-of": "piket"}
METRICS_PORT = 9464
PROCESSES = ("policy", "roster", "attendance", "reporting", "relay", "reconcile")
"""Processes with one address. Workers have one for each pod, because each has other partitions."""

TARGET_LABELS: Sequence[Mapping[str, Any]] = (
    {"sourceLabels": ["__meta_kubernetes_service_label_app_kubernetes_io_name"], "targetLabel": "process"},
    # The operator adds these. `service` is a label of Piket's own metrics, which would be renamed.
    {"action": "labeldrop", "regex": "service|endpoint|container"},
)


def prometheus_rule() -> dict[str, Any]:
    """Return the recording rules and alerts of all rule files as one object."""
    return _monitoring("PrometheusRule", "piket", read_rules())


def process_monitor() -> dict[str, Any]:
    """Return the monitor of the metrics of every process."""
    return _service_monitor("piket", dict(LABELS), ["/metrics"])


def region_monitor(overlay: Overlay) -> dict[str, Any]:
    """Return the monitor of the metrics of each region, which reporting serves."""
    paths = [f"/metrics/{region}" for region in overlay.regions]
    return _service_monitor("piket-regions", {"app.kubernetes.io/name": "reporting"}, paths)


def targets(overlay: Overlay) -> str:
    """Return the addresses of all processes as the operators' page and `piket doctor` read them (file_sd)."""
    workers = [("worker", f"worker-{number}.worker:{METRICS_PORT}") for number in range(overlay.pods.get("worker", 1))]
    addresses = [(process, f"{process}:{METRICS_PORT}") for process in PROCESSES]
    return to_json(scrape_targets([*addresses, *workers], overlay.regions))


def _service_monitor(name: str, labels: Mapping[str, str], paths: list[str]) -> dict[str, Any]:
    job = YAML(typ="safe").load(PROMETHEUS_FILE)["scrape_configs"][0]
    relabelings = [*TARGET_LABELS, *({_camel(key): rule[key] for key in rule} for rule in job["relabel_configs"])]
    spec = {
        # The job is the value of this label: `piket`, as the rules expect.
        "jobLabel": "app.kubernetes.io/part-of",
        "selector": {"matchLabels": dict(labels)},
        **{_camel(key): job[key] for key in job if key.endswith("_limit")},
        "endpoints": [{"port": "metrics", "path": path, "relabelings": relabelings} for path in paths],
    }
    return _monitoring("ServiceMonitor", name, spec)


def _monitoring(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": dict(LABELS)},
        "spec": dict(spec),
    }


def _camel(name: str) -> str:
    """Return `sample_limit` as `sampleLimit`."""
    first, *following = name.split("_")
    return first + "".join(map(str.capitalize, following))
