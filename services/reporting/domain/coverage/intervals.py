"""Computes heads over half-open spans of minutes: the arithmetic under every lane of coverage. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple, TypeVar

from services.reporting.domain.fact_store.compact import MINUTES_PER_DAY, CompactFact
from shared.domain.facts.coverage import Steps

F = TypeVar("F", bound=CompactFact)
PostKey = tuple[str, str]
"""(unit, post)"""


class HeadcountSpan(NamedTuple):
    """A number of heads at a post from minute `start` to before minute `end`; empty if it ends before it starts."""

    post: PostKey
    start: int
    end: int
    heads: int = 1

    def clip(self, start: int, end: int) -> "HeadcountSpan":
        """Return the part of this span between two minutes; it may be empty."""
        return self._replace(start=max(self.start, start), end=min(self.end, end))


def steps(change: Mapping[int, int], origin: int) -> Steps:
    """Return heads as steps over the 1440 minutes from `origin`. `change` is the change of heads at each minute."""
    finish = origin + MINUTES_PER_DAY
    heads = sum(by for minute, by in change.items() if minute <= origin)
    result = [(0, heads)] if heads else []
    for minute in sorted(m for m, by in change.items() if by and origin < m < finish):
        heads += change[minute]
        result.append((minute - origin, heads))
    return tuple(result)


def heads_at(spans: Iterable[HeadcountSpan], minute: int) -> Counter[PostKey]:
    """Return the heads at every post at one minute; 0 for a post whose spans do not include it."""
    heads: Counter[PostKey] = Counter()
    for span in spans:
        heads[span.post] += span.heads if span.start <= minute < span.end else 0
    return heads


def knowledge_intervals(facts: Collection[F], start: int, end: int) -> Iterator[tuple[list[F], int, int]]:
    """Split the minutes from `start` to `end` wherever a fact was recorded.

    Yield the facts known in each interval, its first minute and the minute after its last. A fact is known from the
    beginning of the minute in which it was recorded.
    """
    recorded = [(int(fact.recorded // 60), fact) for fact in facts]
    cuts = sorted({minute for minute, _ in recorded if start < minute < end})
    for begin, finish in pairwise([start, *cuts, end]):
        # Quadratic in the number of facts, which are the few taps of one employee.
        yield [fact for minute, fact in recorded if minute <= begin], begin, finish
