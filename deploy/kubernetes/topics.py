"""Makes the KafkaTopic of every topic of a deployment, from the tables from which `piket topics create` makes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.kubernetes.overlay import Overlay
from services.reporting.worker.changelog import COMPACTED, topic_partitions
from shared.kafka.broker import topics_of

CLUSTER: Mapping[str, str] = {"strimzi.io/cluster": "piket"}


def kafka_topics(overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield the topics of the regions, then the changelog of the worker and the topic of the view's generation.

    The number of replicas is the default of the Kafka cluster.
    """
    for region in overlay.regions:
        for name, settings in topics_of(region).items():
            yield _kafka_topic(name, overlay.partitions, settings)
    for name, partitions in topic_partitions(overlay.deployment, overlay.partitions).items():
        yield _kafka_topic(name, partitions, COMPACTED)


def _kafka_topic(name: str, partitions: int, settings: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": name, "labels": dict(CLUSTER)},
        "spec": {"partitions": partitions, "config": dict(settings)},
    }
