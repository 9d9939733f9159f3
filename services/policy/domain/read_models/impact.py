"""Returns the changes that proposed events make to the dates of an OPD: its rules, its units, or its end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from services.policy.domain.decider import State
from services.policy.domain.opd.arrangements import ArrangementState
from services.policy.domain.opd.register import OpdEnd, OpdState, successors
from services.policy.domain.resolution.binding import ONE_DAY
from services.policy.domain.resolution.diff import ChangedDates, RuleChange, diff_timelines, merge_equal_changes
from services.policy.domain.snapshot import OpdTimeline
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged, OpdMerged, OpdSplit, PolicyChanged, arrangement_on

COMPARED_FIELDS = ("class", "kinds", "site", "posts")
"""The fields of an arrangement that decide where the staff of a unit work and how many are needed."""


def impact_of(state: State, facts: Sequence[Fact]) -> list[RuleChange]:
    """Return the dates of an OPD or its units that `facts` change, compared with the state of their stream."""
    policy = state.policy if isinstance(state, OpdState) else None
    arrangements = state.arrangements if isinstance(state, ArrangementState) else ()
    policies = [fact for fact in facts if isinstance(fact, PolicyChanged)]
    ends = [fact for fact in facts if isinstance(fact, OpdMerged | OpdSplit)]
    return [
        # Each policy replaces the one before it, so only the last one counts.
        *(change for last in policies[-1:] for change in diff_timelines(last.opd, policy, last)),
        *(change for end in ends for change in _closing_changes(policy, end)),
        *_arrangement_changes(arrangements, [fact for fact in facts if isinstance(fact, ArrangementChanged)]),
    ]


def _closing_changes(policy: PolicyChanged | None, end: OpdEnd) -> Iterator[RuleChange]:
    """Yield the change from the OPD to its successors, and the rules that end with it."""
    yield RuleChange(opd=end.opd, from_=end.on, to=None, rules={"into": (None, successors(end))})
    if policy:
        yield from diff_timelines(end.opd, policy, _rules_before(policy, end.on))


def _rules_before(policy: PolicyChanged, end: date) -> OpdTimeline:
    last = end - ONE_DAY
    periods = [p.model_copy(update={"to": min(p.to or last, last)}) for p in policy.periods if p.from_ < end]
    return OpdTimeline(periods, [h for h in policy.holidays if h.date < end])


def _arrangement_changes(
    recorded: Sequence[ArrangementChanged], facts: Sequence[ArrangementChanged]
) -> Iterator[RuleChange]:
    for number, fact in enumerate(facts):
        for first, last, rules in merge_equal_changes(_changed_dates([*recorded, *facts[:number]], fact)):
            yield RuleChange(opd=fact.opd, unit=fact.unit, from_=first, to=last, rules=rules)


def _changed_dates(earlier: Sequence[ArrangementChanged], fact: ArrangementChanged) -> Iterator[ChangedDates]:
    """Yield the dates that an arrangement changes, cut where earlier arrangements begin and end."""
    begin, end = _date_range(fact)
    edges = {day for arrangement in (*earlier, fact) for day in _date_range(arrangement)}
    for first, until in pairwise(sorted(day for day in edges if begin <= day <= end)):
        rules = _changed_fields(arrangement_on(earlier, first), fact)
        if rules:
            yield ChangedDates(first, None if until == date.max else until - ONE_DAY, rules)


def _changed_fields(before: ArrangementChanged | None, after: ArrangementChanged) -> Mapping[str, tuple[Any, Any]]:
    old: Mapping[str, Any] = before.model_dump(mode="json", by_alias=True) if before else {}
    new = after.model_dump(mode="json", by_alias=True)
    return {name: (old.get(name), new[name]) for name in COMPARED_FIELDS if old.get(name) != new[name]}


def _date_range(arrangement: ArrangementChanged) -> tuple[date, date]:
    """Return the first date of an arrangement and the date after its last one."""
    return arrangement.valid_from, arrangement.valid_to + ONE_DAY if arrangement.valid_to else date.max
