"""Defines the coverage row: head counts of one OPD on one service date, as step functions. Not a CloudEvent."""

from collections.abc import Mapping
from datetime import date

from shared.domain.facts.base import GenerationNumber, Value

Steps = tuple[tuple[int, int], ...]
"""A step function: (minute of the service date, 0-1439; heads from that minute), ascending; 0 heads before it."""


class PostCoverage(Value):
    """Head counts at one post.

    `required`: needed; `planned`: rostered on site; `known`: present as known at that minute; `restated`: present as
    known now; `unrostered`: needed by shifts without a roster, so it is unknown whether anyone is missing.
    """

    required: Steps = ()
    planned: Steps = ()
    known: Steps = ()
    restated: Steps = ()
    unrostered: Steps = ()


class UnitCoverage(Value):
    """The posts of one unit. Without a roster the unit has no plan, so its state is unknown."""

    name: str = ""
    timezone: str = "Asia/Jakarta"
    rostered: bool = False
    posts: Mapping[str, PostCoverage] = {}


class HomeShare(Value):
    """Who works from home by the rosters of a service date, in people of the whole OPD.

    `at_home` of `present` people are rostered at home, and the rules allow `allowed` of them. `broken`: the rules that
    the rosters break, MAX_SHARE or FLEXIBLE_DAY (somebody at home on a day without flexible location).
    """

    present: int
    at_home: int
    allowed: int
    broken: tuple[str, ...] = ()


class Coverage(Value):
    """One row of the view. Of two rows readers keep the higher (generation, definition, revision), then watermark."""

    region: str
    opd: str
    name: str = ""
    service_date: date
    generation: GenerationNumber = 0
    definition: int
    revision: int
    units: Mapping[str, UnitCoverage] = {}
    modes: Mapping[str, Steps] = {}
    home: HomeShare | None = None
    watermark: Mapping[str, int] = {}

    @property
    def key(self) -> str:
        """Return the key on the compacted topic: `{region}/{opd}/{service_date}`."""
        return f"{self.region}/{self.opd}/{self.service_date}"


def heads_at(steps: Steps, minute: int) -> int:
    """Return the heads at a minute of the service date."""
    heads = 0
    for start, count in steps:
        if start > minute:
            break
        heads = count
    return heads
