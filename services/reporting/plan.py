"""What holds on a service date: stretch by stretch as it was recorded, and as it is known at last. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from services.reporting.inforce import NOTHING, InForce, in_force
from services.reporting.lanes import UnitDay, by_employee
from services.reporting.presence import Duty
from shared.events import Event
from shared.facts.policy import ArrangementChanged, PolicyChanged
from shared.facts.roster import EmployeePlaced
from shared.regions import minute_of

T = TypeVar("T")
Draw = Callable[[InForce], Mapping[UnitDay, Sequence[Duty]]]
"""The duties of every roster that holds."""


class Stretch(NamedTuple):
    """What holds while nothing new is recorded, over minutes since the epoch, half-open.

    `terms` counts the changes of policy and arrangements before it.
    """

    holds: InForce
    terms: int
    rosters: Mapping[UnitDay, Sequence[Duty]]
    duties: Mapping[UUID, Sequence[Duty]]
    start: int
    end: int


class Own(NamedTuple):
    """What holds for one person: equal while nothing that concerns them was recorded."""

    terms: int
    duties: Sequence[Duty]
    placements: Sequence[EmployeePlaced]


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """Something that stays the same over some stretches; equal whatever else holds in them."""

    value: T
    start: int
    end: int
    holds: InForce = field(compare=False)


class Plan:
    """The stretches between two minutes, and what holds by everything that was recorded, also after them."""

    def __init__(self, settled: Collection[Event], span: tuple[int, int], draw: Draw) -> None:
        *self.stretches, self.last = _stretches(settled, *span, draw)

    def runs(self, value: Callable[[Stretch], T]) -> Iterator[Run[T]]:
        """The stretches, joined where a value stays the same."""
        for same, joined in groupby(self.stretches, value):
            first, *rest = joined
            yield Run(same, first.start, (rest or [first])[-1].end, first.holds)

    def people(self) -> Collection[UUID]:
        """Everybody who has a duty at some time."""
        return set().union(*(stretch.duties for stretch in (*self.stretches, self.last)))

    def of(self, employee: UUID) -> Sequence[Run[Own]]:
        """What holds for a person, run by run; in the last one as it is known at last."""

        def own(stretch: Stretch) -> Own:
            placements = stretch.holds.placements.get(employee, ())
            return Own(stretch.terms, stretch.duties.get(employee, ()), placements)

        return [*self.runs(own), Run(own(self.last), self.last.start, self.last.end, self.last.holds)]

    def terms(self) -> Sequence[object]:
        """Policy and arrangements, run by run: equal while they are the same at every minute."""
        runs = [*self.runs(lambda stretch: stretch.terms), Run(0, 0, 0, self.last.holds)]
        return [(run.start, run.end, run.holds.policy, run.holds.arrangements) for run in runs]


def _stretches(settled: Collection[Event], start: int, end: int, draw: Draw) -> Iterator[Stretch]:
    recorded: defaultdict[int, list[Event]] = defaultdict(list, {start: []})
    for event in settled:
        recorded[max(start, minute_of(event.recordedtime))].append(event)
    cuts, holds, terms = sorted(recorded), NOTHING, 0
    for minute, following in zip(cuts, [*cuts[1:], end], strict=True):
        holds = in_force(recorded[minute], holds)
        terms += any(isinstance(e.data, ArrangementChanged | PolicyChanged) for e in recorded[minute])
        if minute < end:
            yield _stretch(holds, terms, draw, minute, min(following, end))
    yield _stretch(holds, terms, draw, start, end)


def _stretch(holds: InForce, terms: int, draw: Draw, start: int, end: int) -> Stretch:
    rosters = draw(holds)
    return Stretch(holds, terms, rosters, by_employee(d for drawn in rosters.values() for d in drawn), start, end)
