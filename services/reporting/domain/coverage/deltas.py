"""Sums heads of a whole OPD by lane and post, so that the contribution of one employee can be subtracted. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from services.reporting.domain.coverage.intervals import HeadcountSpan, PostKey, steps
from shared.domain.facts.coverage import Steps

NO_CHANGE: Mapping[int, int] = {}


class Contribution(NamedTuple):
    """A span of heads to add to a lane."""

    lane: str
    span: HeadcountSpan


class HeadcountDeltas:
    """Difference arrays: the change of heads at each minute, by lane and post.

    A post exists as long as a span mentions it, even an empty span: `_span_counts` counts spans by unit and post.
    """

    def __init__(self) -> None:
        self._changes: defaultdict[tuple[str, PostKey], Counter[int]] = defaultdict(Counter)
        self._span_counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, contributions: Iterable[Contribution], sign: int = 1) -> None:
        """Add contributions, or subtract them with `sign` -1."""
        for lane, (post_key, start, end, heads) in contributions:
            unit, post = post_key
            self._span_counts[unit][post] += sign
            if start < end:
                change = self._changes[lane, post_key]
                for minute, by in ((start, sign * heads), (end, -sign * heads)):
                    change[minute] += by
                    # Zeros would pile up over a day of taps, and `steps` visits every entry.
                    if not change[minute]:
                        del change[minute]

    def units(self) -> Collection[str]:
        """Return the units that any span has mentioned."""
        return self._span_counts.keys()

    def posts(self, unit: str) -> Collection[str]:
        """Return the posts of a unit that a span mentions."""
        # Not `self._span_counts[unit]` alone: a defaultdict would then store the unit, and `units` would return it.
        if unit not in self._span_counts:
            return set()
        return {post for post, count in self._span_counts[unit].items() if count}

    def steps(self, lane: str, post_key: PostKey, origin: int) -> Steps:
        """Return the heads in a lane at a post, over the 1440 minutes from `origin`."""
        return steps(self._changes.get((lane, post_key), NO_CHANGE), origin)
