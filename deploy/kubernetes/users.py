"""Makes the KafkaUser of every process: a SCRAM password, and the rights that the process needs in its regions only."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from deploy.kafka_rights.table import ResourceKind
from deploy.kafka_rights.users import Grant, users
from deploy.kubernetes.overlay import Overlay
from deploy.kubernetes.topics import CLUSTER

ROLES = ("roster", "relay", "worker", "reporting", "operator")
"""Of the roles of the table, those that have a process here."""


def kafka_users(overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the user of each process that uses Kafka. The operator of Strimzi makes its password."""
    for user, grants in users(overlay.deployment, overlay.regions, ROLES, overlay.kafka_users).items():
        yield {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaUser",
            "metadata": {"name": user, "labels": dict(CLUSTER)},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": [*_rules(grants)]},
            },
        }


def _rules(grants: Iterable[Grant]) -> Iterator[dict[str, Any]]:
    """Yield the access rules of a user, one for each resource."""
    for (_, kind, name, is_prefix), of_resource in groupby(sorted(grants), lambda grant: grant[:-1]):
        resource = {"type": str(kind)}
        if kind != ResourceKind.CLUSTER:
            resource |= {"name": name, "patternType": "prefix" if is_prefix else "literal"}
        yield {"resource": resource, "operations": [str(grant.operation) for grant in of_resource]}
