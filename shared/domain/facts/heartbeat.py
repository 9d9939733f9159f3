"""Signs of life, by which a quiet night is told from a dead process. Not events: they tell of the log, not of duty."""

from collections.abc import Mapping

from pydantic import AwareDatetime

from shared.domain.facts.base import Generation, Value


class Beat(Value):
    """A relay's word: what its source recorded before `at` stands in the topic, per partition below these offsets.

    `at` is a domain instant, `wall` the wall time at which this was said. A partition that is not named holds nothing.
    """

    source: str
    sequence: int
    offsets: Mapping[int, int]
    at: AwareDatetime
    wall: AwareDatetime

    @property
    def service(self) -> str:
        """The service of the source, the key on the compacted topic."""
        return self.source.rsplit("/", 1)[-1]


class Positions(Value):
    """A worker's word about one partition number of a region's topics, on the view's own topic.

    Of each service, the facts below the offset are durable, and the rows that they touched stand before this word.
    """

    region: str
    partition: int
    positions: Mapping[str, int]
    wall: AwareDatetime
    generation: Generation = 0

    @property
    def key(self) -> str:
        """`{region}/~/{partition}`: no OPD has such a code."""
        return f"{self.region}/~/{self.partition}"
