"""Heads over spans of minutes, half-open: the arithmetic under every lane of coverage."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from shared.events import Event
from shared.facts.coverage import Steps
from shared.regions import minute_of

PostKey = tuple[str, str]
"""(unit, post)"""


class Need(NamedTuple):
    """Heads at a post over a span of minutes, half-open."""

    post: PostKey
    start: int
    end: int
    heads: int = 1

    def within(self, start: int, end: int) -> "Need":
        """The part of this span between two minutes; empty if it ends before it starts."""
        return self._replace(start=max(self.start, start), end=min(self.end, end))


def steps(spans: Iterable[Need], origin: int) -> Steps:
    """Heads as steps over the 1440 minutes that begin at `origin`."""
    change: Counter[int] = Counter()
    for span in (s.within(origin, origin + 1440) for s in spans):
        if span.start < span.end:
            change[span.start - origin] += span.heads
            change[span.end - origin] -= span.heads
    heads, out = 0, []
    for minute in sorted(m for m in change if m < 1440 and change[m]):
        heads += change[minute]
        out.append((minute, heads))
    return tuple(out)


def by_post(needs: Iterable[Need]) -> Mapping[PostKey, list[Need]]:
    """Needs by their post."""
    grouped: dict[PostKey, list[Need]] = defaultdict(list)
    for need in needs:
        grouped[need.post].append(need)
    return grouped


def heads_at(spans: Iterable[Need], minute: int) -> Counter[PostKey]:
    """Heads at every post at one minute."""
    heads: Counter[PostKey] = Counter()
    for span in spans:
        heads[span.post] += span.heads if span.start <= minute < span.end else 0
    return heads


def epochs(facts: Collection[Event], start: int, end: int) -> Iterator[tuple[list[Event], int, int]]:
    """The stretches between two minutes in which nothing new was recorded, with the facts known in each."""
    recorded = [(minute_of(e.recordedtime), e) for e in facts]
    cuts = sorted({minute for minute, _ in recorded if start < minute < end})
    for begin, finish in pairwise([start, *cuts, end]):
        yield [e for minute, e in recorded if minute <= begin], begin, finish
