"""The coverage row: how well one OPD is covered on one service date, as steps. Not a CloudEvent."""

from collections.abc import Mapping
from datetime import date

from shared.domain.facts.base import Generation, Value

Steps = tuple[tuple[int, int], ...]
"""(minute of the service date 0-1439, heads from then on), ascending; 0 heads before the first, the last one holds."""


class PostCoverage(Value):
    """Heads at one post: needed, rostered on site, there as known at each minute, there as known now.

    `unrostered` are heads needed by shifts that no roster speaks of: whether anybody is missing is unknown.
    """

    required: Steps = ()
    planned: Steps = ()
    known: Steps = ()
    restated: Steps = ()
    unrostered: Steps = ()


class UnitCoverage(Value):
    """The posts of one unit. A unit without a roster has no plan: its state is unknown."""

    name: str = ""
    timezone: str = "Asia/Jakarta"
    rostered: bool = False
    posts: Mapping[str, PostCoverage] = {}


class Coverage(Value):
    """One row of the view. Readers keep the higher (generation, definition, revision), then the higher watermark."""

    region: str
    opd: str
    name: str = ""
    service_date: date
    generation: Generation = 0
    definition: int
    revision: int
    units: Mapping[str, UnitCoverage] = {}
    modes: Mapping[str, Steps] = {}
    watermark: Mapping[str, int] = {}

    @property
    def key(self) -> str:
        """`{region}/{opd}/{service_date}`, the key on the compacted topic."""
        return f"{self.region}/{self.opd}/{self.service_date}"


def at(steps: Steps, minute: int) -> int:
    """Heads at a minute of the service date."""
    heads = 0
    for start, count in steps:
        if start > minute:
            break
        heads = count
    return heads
