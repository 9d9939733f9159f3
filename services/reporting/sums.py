"""Heads of a whole OPD by lane and post, summed so that what one person adds can be taken out again. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from services.reporting.spans import Need, PostKey, steps
from shared.facts.coverage import Steps

NO_POST: PostKey = ("", "")


class Share(NamedTuple):
    """Heads in a lane: what one need adds to a sum."""

    lane: str
    need: Need


class Sums:
    """By lane and post, the change of heads at each minute, and how many needs were added.

    A post stays as long as a need speaks of it, even one of no minute.
    """

    def __init__(self) -> None:
        self._changes: defaultdict[tuple[str, PostKey], Counter[int]] = defaultdict(Counter)
        self._needs: Counter[tuple[str, PostKey]] = Counter()

    def add(self, shares: Iterable[Share], sign: int = 1) -> set[PostKey]:
        """Add these, or with -1 take them out; answers their posts."""
        touched: set[PostKey] = set()
        for lane, (post, start, end, heads) in shares:
            self._needs[lane, post] += sign
            touched.add(post)
            if start < end:
                change = self._changes[lane, post]
                change[start] += sign * heads
                change[end] -= sign * heads
        return touched

    def posts(self) -> Collection[PostKey]:
        """The posts that a need speaks of."""
        return {post for (_, post), count in self._needs.items() if count and post != NO_POST}

    def speaks_of(self, lane: str, post: PostKey) -> bool:
        """Whether a need is there, even one of no minute."""
        return self._needs[lane, post] > 0

    def steps(self, lane: str, post: PostKey, origin: int) -> Steps:
        """Heads in a lane at a post, over the 1440 minutes that begin at `origin`."""
        return steps(self._changes.get((lane, post), NONE), origin)


NONE: Mapping[int, int] = {}
