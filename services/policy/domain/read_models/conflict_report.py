"""Reports the conflicting rules of a region: on which dates, which instrument prevails and why, as text."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.policy.domain.explanation.labels import CONFLICT_LABELS, RESOLUTION_REASONS
from services.policy.domain.explanation.phrases import effect_clause
from services.policy.domain.instruments.effective_policy import ANY_OPD
from services.policy.domain.instruments.lifecycle import OPEN_END, all_grants
from services.policy.domain.resolution.conflicts import conflicts_in_period
from services.policy.domain.resolution.periods import per_site
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.policy import Conflict
from shared.domain.messages import Capitalized, Text, concatenate


class ConflictSummary(NamedTuple):
    """A conflict as text, with its first and last date over all OPD; `last` is None if it has no end."""

    rule: Text
    titles: tuple[str, ...]
    winner: str
    reason: Text
    first: date
    last: date | None
    is_current: bool


def opds_with_rules(snapshot: PolicySnapshot) -> Sequence[str]:
    """Return the OPD that an instrument or a grant names, after `ANY_OPD`, which stands for all others."""
    named = {opd for history in snapshot.instruments.values() for opd in history.instrument.opds}
    return [ANY_OPD, *sorted(named | {grant.opd for grant in all_grants(snapshot.instruments)})]


def conflicts_from(snapshot: PolicySnapshot, day: date) -> Sequence[ConflictSummary]:
    """Return the conflicts of all OPD that hold on a date or later: first the current ones, then by first date.

    A conflict that several OPD or sites share is returned once.
    """
    effective, dates_of = snapshot.effective(), dict[Conflict, list[tuple[date, date]]]()
    for opd in opds_with_rules(snapshot):
        for period, ranked in per_site(effective.periods_of(opd)):
            for conflict in conflicts_in_period(period, ranked):
                dates_of.setdefault(conflict, []).append((period.from_, period.to or OPEN_END))
    summaries = [
        _summary(snapshot, conflict, dates, day)
        for conflict, dates in dates_of.items()
        if max(last for _, last in dates) >= day
    ]
    return sorted(summaries, key=lambda summary: (not summary.is_current, summary.first))


def _summary(
    snapshot: PolicySnapshot, conflict: Conflict, dates: Sequence[tuple[date, date]], day: date
) -> ConflictSummary:
    code, _, winner = conflict.resolved_by.partition(":")
    reason, last = RESOLUTION_REASONS.get(code, code), max(last for _, last in dates)
    return ConflictSummary(
        Capitalized(CONFLICT_LABELS.get(conflict.rule, conflict.rule)),
        tuple(snapshot.title(name) for name in conflict.instruments),
        snapshot.title(winner),
        Capitalized(concatenate(reason, effect_clause(conflict.effect), ".")),
        min(first for first, _ in dates),
        None if last == OPEN_END else last,
        any(first <= day <= last for first, last in dates),
    )
