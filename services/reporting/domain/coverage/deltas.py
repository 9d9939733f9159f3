"""Heads of a whole OPD by lane and post, summed so that what one person adds can be taken out again. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import Need, PostKey, steps
from shared.domain.facts.coverage import Steps

NO_CHANGE: Mapping[int, int] = {}


class Share(NamedTuple):
    """Heads in a lane: what one need adds to a sum."""

    lane: str
    need: Need


class Sums:
    """By lane and post, the change of heads at each minute; by unit and post, how many needs were added.

    A post stays as long as a need speaks of it, even one of no minute.
    """

    def __init__(self) -> None:
        self._changes: defaultdict[tuple[str, PostKey], Counter[int]] = defaultdict(Counter)
        self._needs: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, shares: Iterable[Share], sign: int = 1) -> None:
        """Add these, or with -1 take them out."""
        for lane, (place, start, end, heads) in shares:
            unit, post = place
            self._needs[unit][post] += sign
            if start < end:
                change = self._changes[lane, place]
                for minute, by in ((start, sign * heads), (end, -sign * heads)):
                    change[minute] += by
                    if not change[minute]:
                        del change[minute]

    def units(self) -> Collection[str]:
        """The units of which a need has spoken."""
        return self._needs.keys()

    def posts(self, unit: str) -> Collection[str]:
        """The posts of a unit of which a need speaks."""
        return {post for post, count in self._needs[unit].items() if count} if unit in self._needs else set()

    def steps(self, lane: str, place: PostKey, origin: int) -> Steps:
        """Heads in a lane at a post, over the 1440 minutes that begin at `origin`."""
        return steps(self._changes.get((lane, place), NO_CHANGE), origin)
