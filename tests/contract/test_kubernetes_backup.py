"""The nightly backup on Kubernetes: where it goes, which passwords it reads, and what it reaches."""

import re

import pytest

from tests.contract.kubernetes_objects import (
    OVERLAYS,
    Object,
    container,
    of_kind,
    pod_of,
    secrets_of,
    workloads,
)

NAMES = sorted(folder.name for folder in OVERLAYS.iterdir())


@pytest.mark.parametrize("overlay", NAMES)
def test_the_stores_are_backed_up_every_night_to_a_volume_that_outlives_the_pod(overlay: str) -> None:
    claims = {(c["metadata"]["namespace"], c["metadata"]["name"]) for c in of_kind(overlay, "PersistentVolumeClaim")}
    jobs = of_kind(overlay, "CronJob")
    assert {job["metadata"]["namespace"] for job in jobs} == {w["metadata"]["namespace"] for w in workloads(overlay)}
    for job in jobs:
        assert re.fullmatch(r"\d+ \d+ \* \* \*", job["spec"]["schedule"])
        assert not job["spec"].get("suspend")
        pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        (volume,) = [v for v in pod["volumes"] if "persistentVolumeClaim" in v]
        assert (job["metadata"]["namespace"], volume["persistentVolumeClaim"]["claimName"]) in claims
        mounts = {mount["name"]: mount["mountPath"] for mount in container(job)["volumeMounts"]}
        assert container(job)["command"][2:] == ["deploy.cli", "backup", "--to", mounts[volume["name"]]]
        assert {*secrets_of(job)} == {f"store-{service}" for service in ("policy", "roster", "attendance", "reporting")}


@pytest.mark.parametrize("overlay", NAMES)
def test_the_backup_reaches_postgresql_and_nothing_else(overlay: str) -> None:
    for job in of_kind(overlay, "CronJob"):
        labels = pod_of(job)["metadata"]["labels"]
        policies = [
            policy["metadata"]["name"]
            for policy in of_kind(overlay, "NetworkPolicy")
            if policy["metadata"]["namespace"] == job["metadata"]["namespace"]
            and selects(policy["spec"]["podSelector"], labels)
        ]
        assert sorted(policies) == ["allow-names", "allow-postgresql", "allow-scrapes", "deny-by-default"]


def selects(selector: Object, labels: Object) -> bool:
    """Return whether a selector with equal values and the operator `In` selects what has these labels."""
    expressions = selector.get("matchExpressions", ())
    return labels.items() >= selector.get("matchLabels", {}).items() and all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in expressions
    )
