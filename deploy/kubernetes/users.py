"""Makes the KafkaUser of every process: a SCRAM password and the rights that the process needs in its regions only."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from deploy.kubernetes.overlay import Overlay
from deploy.kubernetes.topics import CLUSTER
from services.reporting.worker.changelog import app_id

READ = ("Read", "Describe")
WRITE = ("Write", "Describe")
READ_AND_WRITE = ("Read", "Write", "Describe")
ALL = ("All",)
EVENTS = ("policy", "roster", "attendance", "reporting")


class Right(NamedTuple):
    """Operations on a resource of Kafka.

    `{region}` in its name stands for each region, `{app}` for the app of the worker.
    """

    kind: str
    pattern: str
    name: str
    operations: tuple[str, ...]


def _topics(operations: tuple[str, ...], *names: str) -> tuple[Right, ...]:
    return tuple(Right("topic", "literal", f"piket.{{region}}.{name}.v1", operations) for name in names)


# The point behind the region keeps 32 out of 3276; the dash behind the app keeps `kota` out of `kotabaru`.
REGION_TOPICS, APP_TOPICS = "piket.{region}.", "{app}-"
RIGHTS: Mapping[str, tuple[Right, ...]] = {
    "roster": (*_topics(READ, "policy"), *_topics(WRITE, "dead-letter")),
    "relay": _topics(READ_AND_WRITE, *EVENTS, "heartbeat"),
    "worker": (
        Right("topic", "prefix", REGION_TOPICS, READ),
        *_topics(WRITE, "coverage", "heartbeat", "dead-letter"),
        Right("topic", "prefix", APP_TOPICS, READ_AND_WRITE),
        Right("group", "literal", "{app}", READ),
        Right("group", "prefix", APP_TOPICS, READ),
    ),
    # An operator on watch may send again what is in the stores, so reporting writes events.
    "reporting": (
        Right("topic", "prefix", REGION_TOPICS, READ),
        *_topics(WRITE, *EVENTS),
        Right("topic", "prefix", APP_TOPICS, READ),
    ),
    # Commands: `piket doctor`, `reconcile`, `recover`, `rebuild-view`.
    "operator": (
        Right("topic", "prefix", REGION_TOPICS, ALL),
        Right("topic", "prefix", APP_TOPICS, ALL),
        Right("group", "literal", "{app}", ALL),
        Right("group", "prefix", APP_TOPICS, ALL),
        Right("cluster", "", "", ("Describe", "DescribeConfigs")),
    ),
}


def kafka_users(overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the user of each process that uses Kafka. The operator of Strimzi makes its password."""
    for process, rights in RIGHTS.items():
        yield {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaUser",
            "metadata": {"name": f"{overlay.kafka_users}-{process}", "labels": dict(CLUSTER)},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {
                    "type": "simple",
                    "acls": [rule for right in rights for rule in _rules(right, overlay)],
                },
            },
        }


def _rules(right: Right, overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the access rules of a right: one for each region if it depends on the region."""
    regions = overlay.regions if "{region}" in right.name else overlay.regions[:1]
    for region in regions:
        resource = {"type": right.kind}
        if right.name:
            name = right.name.format(region=region, app=app_id(overlay.deployment))
            resource |= {"name": name, "patternType": right.pattern}
        yield {"resource": resource, "operations": list(right.operations)}
