"""Defines heartbeats, which show that a source without new events is alive. They describe logs and are not events."""

from collections.abc import Mapping

from pydantic import AwareDatetime

from shared.domain.facts.base import GenerationNumber, Value


class Heartbeat(Value):
    """Reports that all events which a source recorded before `at` are in the topic, below `offsets` by partition.

    Published by the relay. `at` is an instant of the domain clock, `wall` the wall time of publication. A partition
    without an offset is empty.
    """

    source: str
    sequence: int
    offsets: Mapping[int, int]
    at: AwareDatetime
    wall: AwareDatetime

    @property
    def service(self) -> str:
        """Return the service of the source, which is the key on the compacted topic."""
        return self.source.rsplit("/", 1)[-1]


class WorkerPositions(Value):
    """Reports how far a worker has processed one partition number of a region's topics. Published on the view's topic.

    Facts below the offset of each service are durable, and the rows that they changed precede this record.
    """

    region: str
    partition: int
    positions: Mapping[str, int]
    wall: AwareDatetime
    generation: GenerationNumber = 0

    @property
    def key(self) -> str:
        """Return the key `{region}/~/{partition}`, which cannot collide with an OPD code."""
        return f"{self.region}/~/{self.partition}"
