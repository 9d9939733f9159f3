"""What would-be facts of a stream make of the days of an OPD: other rules, another unit, or no OPD any more. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from services.policy.domain.decider import State
from services.policy.domain.opd_register import End, heirs
from services.policy.domain.resolution.binding import DAY
from services.policy.domain.resolution.diff import Differing, Stretch, differing, joined
from services.policy.domain.snapshot import Rulebook
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged, OpdMerged, OpdSplit, PolicyChanged

ARRANGED = ("class", "kinds", "site", "posts")
"""What of a unit decides where its people work and who is needed."""


def changes(state: State, facts: Sequence[Fact]) -> list[Differing]:
    """Every stretch of dates on which an OPD or one of its units would be told otherwise than by `state`."""
    told = [fact for fact in facts if isinstance(fact, PolicyChanged)]
    ends = [fact for fact in facts if isinstance(fact, OpdMerged | OpdSplit)]
    return [
        *(each for last in told[-1:] for each in differing(last.opd, state.policy, last)),
        *(each for end in ends for each in _ended(state, end)),
        *_arranged(state.arranged, [fact for fact in facts if isinstance(fact, ArrangementChanged)]),
    ]


def _ended(state: State, end: End) -> Iterator[Differing]:
    """From its end on an OPD has heirs instead of rules."""
    yield Differing(opd=end.opd, from_=end.on, to=None, rules={"into": (None, heirs(end))})
    if state.policy:
        yield from differing(end.opd, state.policy, _until(state.policy, end.on))


def _until(policy: PolicyChanged, end: date) -> Rulebook:
    last = end - DAY
    periods = [p.model_copy(update={"to": min(p.to or last, last)}) for p in policy.periods if p.from_ < end]
    return Rulebook(periods, [h for h in policy.holidays if h.date < end])


def _arranged(known: Sequence[ArrangementChanged], facts: Sequence[ArrangementChanged]) -> Iterator[Differing]:
    for number, fact in enumerate(facts):
        for first, last, rules in joined(_rearranged([*known, *facts[:number]], fact)):
            yield Differing(opd=fact.opd, unit=fact.unit, from_=first, to=last, rules=rules)


def _rearranged(known: Sequence[ArrangementChanged], fact: ArrangementChanged) -> Iterator[Stretch]:
    """The dates of an arrangement, cut where those before it begin and end."""
    edges = {day for each in (*known, fact) for day in _span(each)}
    for first, until in pairwise(sorted(day for day in edges if _span(fact)[0] <= day <= _span(fact)[1])):
        rules = _changed(_on(known, first), fact)
        if rules:
            yield first, None if until == date.max else until - DAY, rules


def _changed(before: ArrangementChanged | None, after: ArrangementChanged) -> Mapping[str, tuple[Any, Any]]:
    was: Mapping[str, Any] = before.model_dump(mode="json", by_alias=True) if before else {}
    now = after.model_dump(mode="json", by_alias=True)
    return {name: (was.get(name), now[name]) for name in ARRANGED if was.get(name) != now[name]}


def _on(known: Iterable[ArrangementChanged], day: date) -> ArrangementChanged | None:
    """What holds on a day: the arrangement recorded last of those that are about it."""
    return next((each for each in reversed([*known]) if _span(each)[0] <= day < _span(each)[1]), None)


def _span(arranged: ArrangementChanged) -> tuple[date, date]:
    """The first date, and the first one after it."""
    return arranged.valid_from, arranged.valid_to + DAY if arranged.valid_to else date.max
