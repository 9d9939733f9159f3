"""What holds on a service date: stretch by stretch as it was recorded, and as it is known at last. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from services.reporting.facts import Placement, Settled
from services.reporting.inforce import NOTHING, InForce, in_force
from services.reporting.lanes import NO_DUTIES, Drawn, Duties, UnitDay, by_employee
from services.reporting.presence import Duty
from shared.facts.policy import ArrangementChanged, PolicyChanged

T = TypeVar("T")
Draw = Callable[[InForce], Mapping[UnitDay, Drawn]]
"""Every roster that holds, on the clock."""


class Stretch(NamedTuple):
    """What holds while nothing new is recorded, over minutes since the epoch, half-open.

    `terms` counts the changes of policy and arrangements before it.
    """

    holds: InForce
    terms: int
    rosters: Mapping[UnitDay, Drawn]
    duties: Duties
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
        return set().union(*(stretch.duties for stretch in (*self.stretches, self.last)))

    def of(self, employee: bytes) -> Sequence[Run[Own]]:
        """What holds for a person, run by run; in the last one as it is known at last."""

        def own(stretch: Stretch) -> Own:
            placements = stretch.holds.placements.get(employee, ())
            return Own(stretch.terms, stretch.duties.get(employee, NO_DUTIES), placements)

        return [*self.runs(own), Run(own(self.last), self.last.start, self.last.end, self.last.holds)]

    def terms(self) -> Sequence[object]:
        """Policy and arrangements, run by run: equal while they are the same at every minute."""
        runs = [*self.runs(lambda stretch: stretch.terms), Run(0, 0, 0, self.last.holds)]
        return [(run.start, run.end, run.holds.policy, run.holds.arrangements) for run in runs]


def _stretches(settled: Collection[Settled], start: int, end: int, draw: Draw) -> Iterator[Stretch]:
    recorded: defaultdict[int, list[Settled]] = defaultdict(list, {start: []})
    for fact in settled:
        recorded[max(start, int(fact.recorded // 60))].append(fact)
    cuts, holds, terms, last = sorted(recorded), NOTHING, 0, Stretch(NOTHING, 0, {}, by_employee({}), start, end)
    for minute, following in zip(cuts, [*cuts[1:], end], strict=True):
        holds = in_force(recorded[minute], holds)
        terms += any(isinstance(fact.data, ArrangementChanged | PolicyChanged) for fact in recorded[minute])
        rosters = draw(holds)
        last = Stretch(holds, terms, rosters, by_employee(rosters, last.rosters, last.duties), start, end)
        if minute < end:
            yield last._replace(start=minute, end=min(following, end))
    yield last
