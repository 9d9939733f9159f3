"""What holds on a service date: stretch by stretch as it was recorded, and as it is known at last. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from services.reporting.domain.coverage.duties import Rota
from services.reporting.domain.coverage.presence import Duty
from services.reporting.domain.fact_store.compact import Placement, Settled
from services.reporting.domain.fact_store.current import NOTHING, InForce, in_force
from shared.domain.facts.policy import ArrangementChanged, OpdMerged, OpdSplit, PolicyChanged

T = TypeVar("T")
TERMS = (ArrangementChanged, PolicyChanged, OpdMerged, OpdSplit)
Draw = Callable[[InForce], Rota]


class Stretch(NamedTuple):
    """What holds while nothing new is recorded, over minutes since the epoch, half-open.

    `terms` counts the changes of policy and arrangements before it.
    """

    holds: InForce
    terms: int
    rota: Rota
    start: int
    end: int


class Own(NamedTuple):
    """What holds for one person: equal while nothing that concerns them was recorded."""

    terms: int
    duties: Sequence[Duty]
    placements: Sequence[Placement]


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """Something that stays the same over some stretches; equal whatever else holds in them."""

    value: T
    start: int
    end: int
    holds: InForce = field(compare=False)


class Plan:
    """The stretches between two minutes, and what holds by everything that was recorded, also after them."""

    def __init__(self, settled: Collection[Settled], span: tuple[int, int], draw: Draw) -> None:
        *self.stretches, self.last = _stretches(settled, *span, draw)

    def runs(self, value: Callable[[Stretch], T]) -> Iterator[Run[T]]:
        """The stretches, joined where a value stays the same."""
        for same, joined in groupby(self.stretches, value):
            first, *rest = joined
            yield Run(same, first.start, (rest or [first])[-1].end, first.holds)

    def people(self) -> Collection[bytes]:
        """Everybody who has a duty at some time."""
        return set().union(*(stretch.rota.people() for stretch in (*self.stretches, self.last)))

    def of(self, employee: bytes) -> Sequence[Run[Own]]:
        """What holds for a person, run by run; in the last one as it is known at last."""

        def own(stretch: Stretch) -> Own:
            placements = stretch.holds.placements.get(employee, ())
            return Own(stretch.terms, stretch.rota.duties(employee), placements)

        return [*self.runs(own), Run(own(self.last), self.last.start, self.last.end, self.last.holds)]

    def terms(self) -> Sequence[object]:
        """Policy and arrangements, run by run: equal while they are the same at every minute."""
        runs = [*self.runs(lambda stretch: stretch.terms), Run(0, 0, 0, self.last.holds)]
        return [(r.start, r.end, r.holds.policy, r.holds.arrangements, r.holds.ends) for r in runs]


def _stretches(settled: Collection[Settled], start: int, end: int, draw: Draw) -> Iterator[Stretch]:
    recorded: defaultdict[int, list[Settled]] = defaultdict(list, {start: []})
    for fact in settled:
        recorded[max(start, int(fact.recorded // 60))].append(fact)
    cuts, holds, terms = sorted(recorded), NOTHING, 0
    for minute, following in zip(cuts, [*cuts[1:], end], strict=True):
        holds = in_force(recorded[minute], holds)
        terms += any(isinstance(fact.data, TERMS) for fact in recorded[minute])
        stretch = Stretch(holds, terms, draw(holds), minute, min(following, end))
        if minute < end:
            yield stretch
    yield stretch._replace(start=start, end=end)
