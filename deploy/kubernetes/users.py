"""Makes the KafkaUser of every process that uses Kafka, and the patch that gives the process its name and password."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deploy.kafka_rights.table import ResourceKind
from deploy.kafka_rights.users import Grant, user_name, users
from deploy.kubernetes.overlay import Overlay
from deploy.kubernetes.topics import CLUSTER

ROLES: Mapping[tuple[str, str], str] = {
    ("Deployment", "roster"): "roster",
    ("Deployment", "reporting"): "reporting",
    ("Deployment", "relay"): "relay",
    ("StatefulSet", "worker"): "worker",
    ("Deployment", "reconcile"): "operator",
}
"""The role in the table of rights of every process that uses Kafka."""


def kafka_users(overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the user of each process with its rights. The operator of Strimzi makes its password."""
    for user, grants in users(overlay.deployment, overlay.regions, ROLES.values()).items():
        yield {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaUser",
            "metadata": {"name": user, "labels": dict(CLUSTER)},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": list(_access_rules(grants))},
            },
        }


def credentials(overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the patch of each process that uses Kafka: its user, and the Secret that Strimzi makes for this user."""
    for (kind, process), role in ROLES.items():
        user = user_name(overlay.deployment, role)
        container = {"name": "piket", "env": [{"name": "PIKET_KAFKA_USERNAME", "value": user}]}
        volume = {"name": "kafka", "secret": {"secretName": user, "defaultMode": 0o440}}
        yield {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": process},
            "spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}},
        }


def _access_rules(grants: Iterable[Grant]) -> Iterator[dict[str, Any]]:
    """Yield the access rules of a user, one for each resource, in a stable order."""
    operations = defaultdict(list)
    for grant in sorted(grants):
        operations[grant.kind, grant.name, grant.is_prefix].append(str(grant.operation))
    for (kind, name, is_prefix), allowed in operations.items():
        resource = {"type": str(kind)}
        if kind is not ResourceKind.CLUSTER:
            resource |= {"name": name, "patternType": "prefix" if is_prefix else "literal"}
        yield {"resource": resource, "operations": allowed}
