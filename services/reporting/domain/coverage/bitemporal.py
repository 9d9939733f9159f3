"""Splits a service date into intervals in which nothing new was recorded, each with the facts then in force. Pure.

Two times are involved: the minute that a row is about (valid time) and the minute in which a fact was recorded. The
intervals answer "as known then"; the latest one, which knows every fact, answers "as known now".
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from services.reporting.domain.coverage.duties import DutySchedule
from services.reporting.domain.coverage.presence import Duty
from services.reporting.domain.fact_store.compact import CompactPlacement, ReferenceFact
from services.reporting.domain.fact_store.current import NO_FACTS, CurrentFacts, reduce_facts
from shared.domain.facts.policy import ArrangementChanged, OpdMerged, OpdSplit, PolicyChanged

T = TypeVar("T")
POLICY_TYPES = (ArrangementChanged, PolicyChanged, OpdMerged, OpdSplit)


class RecordedInterval(NamedTuple):
    """The minutes from `start` to before `end` in which nothing new was recorded, and the facts in force.

    `policy_version` counts the minutes so far in which a change of policy or arrangement was recorded.
    """

    current: CurrentFacts
    policy_version: int
    schedule: DutySchedule
    start: int
    end: int


class PersonState(NamedTuple):
    """The facts that concern one employee: equal in two intervals unless one of these facts was recorded between."""

    policy_version: int
    duties: Sequence[Duty]
    placements: Sequence[CompactPlacement]


@dataclass(frozen=True, slots=True)
class ConstantInterval(Generic[T]):
    """Minutes in which a value stays the same; `current`, the facts in force at its start, is ignored by `==`."""

    value: T
    start: int
    end: int
    current: CurrentFacts = field(compare=False)


class RecordedHistory:
    """The recorded intervals between two minutes.

    `latest` covers the same minutes with every recorded fact in force, also those recorded after the last minute.
    """

    def __init__(
        self,
        facts: Collection[ReferenceFact],
        span: tuple[int, int],
        schedule: Callable[[CurrentFacts], DutySchedule],
    ) -> None:
        *self.intervals, self.latest = _recorded_intervals(facts, *span, schedule)

    def constant_intervals(self, values: Iterable[T]) -> Iterator[ConstantInterval[T]]:
        """Merge adjacent intervals with equal values; `values` has one value for each of `intervals`."""
        for value, pairs in groupby(zip(values, self.intervals, strict=True), itemgetter(0)):
            merged = [interval for _, interval in pairs]
            yield ConstantInterval(value, merged[0].start, merged[-1].end, merged[0].current)

    def employees(self) -> Collection[bytes]:
        """Return all employees who have a duty in any interval."""
        return set().union(*(interval.schedule.employees() for interval in (*self.intervals, self.latest)))

    def states_of(self, employee: bytes) -> Sequence[ConstantInterval[PersonState]]:
        """Return the states of an employee as recorded, and as the last element the state by all facts."""
        latest = self.latest
        states = [_person_state(interval, employee) for interval in self.intervals]
        final = ConstantInterval(_person_state(latest, employee), latest.start, latest.end, latest.current)
        return [*self.constant_intervals(states), final]

    def policy_intervals(self) -> Sequence[object]:
        """Return policy and arrangements interval by interval: equal if they are the same at every minute."""
        versions = [interval.policy_version for interval in self.intervals]
        intervals = [*self.constant_intervals(versions), ConstantInterval(0, 0, 0, self.latest.current)]
        return [(i.start, i.end, i.current.policy, i.current.arrangements, i.current.ends) for i in intervals]


def _person_state(interval: RecordedInterval, employee: bytes) -> PersonState:
    placements = interval.current.placements.get(employee, ())
    return PersonState(interval.policy_version, interval.schedule.duties_of(employee), placements)


def _recorded_intervals(
    facts: Collection[ReferenceFact], start: int, end: int, schedule: Callable[[CurrentFacts], DutySchedule]
) -> Iterator[RecordedInterval]:
    by_minute: defaultdict[int, list[ReferenceFact]] = defaultdict(list, {start: []})
    for fact in facts:
        # What was recorded before the span is in force from its first minute.
        by_minute[max(start, int(fact.recorded // 60))].append(fact)
    minutes, current, version = sorted(by_minute), NO_FACTS, 0
    for minute, following in zip(minutes, [*minutes[1:], end], strict=True):
        current = reduce_facts(by_minute[minute], current)
        version += any(isinstance(fact.data, POLICY_TYPES) for fact in by_minute[minute])
        interval = RecordedInterval(current, version, schedule(current), minute, min(following, end))
        # Facts recorded after the service date only matter to the latest interval.
        if minute < end:
            yield interval
    yield interval._replace(start=start, end=end)
