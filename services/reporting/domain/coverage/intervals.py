"""Heads over spans of minutes, half-open: the arithmetic under every lane of coverage."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple, TypeVar

from services.reporting.domain.fact_store.compact import Fact
from shared.domain.facts.coverage import Steps

F = TypeVar("F", bound=Fact)
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


def steps(change: Mapping[int, int], origin: int) -> Steps:
    """Heads that change by so many at these minutes, as steps over the 1440 minutes that begin at `origin`."""
    heads = sum(by for minute, by in change.items() if minute <= origin)
    out = [(0, heads)] if heads else []
    for minute in sorted(m for m, by in change.items() if by and origin < m < origin + 1440):
        heads += change[minute]
        out.append((minute - origin, heads))
    return tuple(out)


def heads_at(spans: Iterable[Need], minute: int) -> Counter[PostKey]:
    """Heads at every post at one minute."""
    heads: Counter[PostKey] = Counter()
    for span in spans:
        heads[span.post] += span.heads if span.start <= minute < span.end else 0
    return heads


def epochs(facts: Collection[F], start: int, end: int) -> Iterator[tuple[list[F], int, int]]:
    """The stretches between two minutes in which nothing new was recorded, with the facts known in each."""
    recorded = [(int(fact.recorded // 60), fact) for fact in facts]
    cuts = sorted({minute for minute, _ in recorded if start < minute < end})
    for begin, finish in pairwise([start, *cuts, end]):
        yield [fact for minute, fact in recorded if minute <= begin], begin, finish
