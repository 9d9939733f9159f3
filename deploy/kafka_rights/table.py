"""Lists the rights of every process in Kafka: the one table for broker, Kubernetes, documents and doctor.

`{region}` in a name stands for each region of the deployment, `{deployment}` for its name, `{user}` for the user.
No process uses transactions, and idempotent writing needs no right of its own since Kafka 2.8 (KIP-679).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from services.reporting.view.generations import staging_topic, view_topic
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import topic


class ResourceKind(StrEnum):
    """What a right is about, in Kafka's words."""

    TOPIC = "topic"
    GROUP = "group"
    CLUSTER = "cluster"


class Operation(StrEnum):
    """What a right allows, in Kafka's words. Read, Write, Alter and Delete include Describe."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DELETE = "Delete"
    ALTER = "Alter"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    ALTER_CONFIGS = "AlterConfigs"


class Right(NamedTuple):
    """Operations on the resource with a name, or on all whose names begin with it, and what they are needed for."""

    kind: ResourceKind
    name: str
    operations: Sequence[Operation]
    reason: str
    is_prefix: bool = False


class KafkaRole(NamedTuple):
    """A process or person that has a user, and its rights. `by_region`: a user for each region, not one for all."""

    description: str
    rights: Sequence[Right]
    by_region: bool = False


TOPIC, GROUP, CLUSTER = ResourceKind
READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS = Operation
CLUSTER_NAME = "kafka-cluster"
SERVICES = ("policy", "roster", "attendance", "reporting")
SOURCES = ("policy", "roster", "attendance")
APP = app_id("{deployment}")
GENERATIONS = f"{APP}-g"
"""Begins the names of the group and changelog of every later generation of the view."""


def _topic(name: str, operations: Sequence[Operation], reason: str) -> Right:
    return Right(TOPIC, topic("{region}", name), operations, reason)


def _relay(service: str) -> Sequence[Right]:
    return (
        _topic(service, [READ, WRITE], "sends the events; reads the last ones after a restart, to send none twice"),
        _topic("heartbeat", [WRITE], "says until when nothing is missing"),
    )


def _distinct(*groups: Sequence[Right]) -> Sequence[Right]:
    return tuple(dict.fromkeys(right._replace(operations=tuple(right.operations)) for g in groups for right in g))


STAGED_TOPICS = staging_topic("{region}", 0).partition("0")[0]  # ends before the number of the generation
ALL_TOPICS = topic("{region}", "").partition(".v1")[0]
ROSTER = (
    _topic("policy", [READ], "keeps the projection of policy"),
    _topic("dead-letter", [WRITE], "puts records aside that cannot be read"),
)
REPORTING = (
    _topic("coverage", [READ], "keeps the view"),
    _topic("heartbeat", [READ], "knows until when the view is complete"),
    _topic("dead-letter", [READ], "lists dead letters"),
    *(_topic(service, [READ, WRITE], "reads and replays the record of a dead letter") for service in SERVICES),
)
WORKER = (
    Right(TOPIC, ALL_TOPICS, [DESCRIBE], "checks that every topic exists", is_prefix=True),
    *(_topic(service, [READ], "computes coverage from it") for service in SOURCES),
    _topic("coverage", [WRITE], "publishes rows and positions"),
    Right(TOPIC, STAGED_TOPICS, [WRITE], "writes rows of a view that is being rebuilt", is_prefix=True),
    _topic("dead-letter", [WRITE], "puts records aside that cannot be read"),
    Right(TOPIC, changelog_topic("{deployment}"), [READ, WRITE], "keeps its facts"),
    Right(TOPIC, GENERATIONS, [READ, WRITE], "keeps the facts of a later generation", is_prefix=True),
    Right(TOPIC, view_topic("{deployment}"), [READ], "knows which generation of the view is in force"),
    Right(GROUP, APP, [READ], "shares the partitions with other workers"),
    Right(GROUP, GENERATIONS, [READ], "the same, for a later generation", is_prefix=True),
)
SUBSCRIBER = (
    *(_topic(name, [READ], "follows the facts of its region") for name in (*SOURCES, "coverage", "heartbeat")),
    Right(GROUP, "{user}.", [READ], "may follow them in groups of its own", is_prefix=True),
)
MANAGE = (READ, WRITE, CREATE, DELETE, DESCRIBE_CONFIGS, ALTER_CONFIGS)
OPERATOR = (
    Right(TOPIC, ALL_TOPICS, MANAGE, "creates topics; doctor, reconcile, recover, rebuild-view", is_prefix=True),
    Right(TOPIC, changelog_topic("{deployment}"), MANAGE, "creates it; rebuild-view reads and deletes it"),
    Right(TOPIC, GENERATIONS, MANAGE, "rebuild-view", is_prefix=True),
    Right(TOPIC, view_topic("{deployment}"), MANAGE, "creates it; rebuild-view switches the generation"),
    Right(GROUP, APP, [DESCRIBE], "sees how far the workers are"),
    Right(GROUP, GENERATIONS, [READ], "rebuild-view runs workers", is_prefix=True),
    Right(GROUP, f"{APP}-rebuild", [READ], "one rebuild-view at a time"),
    Right(CLUSTER, CLUSTER_NAME, [DESCRIBE], "doctor compares the rights with this table"),
)
ROLES: Mapping[str, KafkaRole] = {
    **{f"relay-{service}": KafkaRole(f"Relay of {service}", _relay(service)) for service in SERVICES},
    "relay": KafkaRole("One relay of all services", _distinct(*map(_relay, SERVICES))),
    "roster": KafkaRole("Service roster", ROSTER),
    "reporting": KafkaRole("Service reporting", REPORTING),
    "app": KafkaRole("One process of all services (`piket serve`)", _distinct(ROSTER, REPORTING)),
    "worker": KafkaRole("Streaming worker", WORKER),
    "operator": KafkaRole("Operator: `piket topics create`, `doctor`, `rebuild-view`, ...", OPERATOR),
    "subscriber": KafkaRole("Another system that reads a region", SUBSCRIBER, by_region=True),
}
"""The services policy and attendance do not use Kafka: their relays do."""
