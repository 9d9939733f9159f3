"""Reduces reference facts to the ones in force: the last recorded fact wins, whatever the order of arrival. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from rpds import HashTrieMap

from services.reporting.domain.fact_store.compact import CompactPlacement, CompactRoster, ReferenceFact
from shared.domain.facts.policy import (
    ArrangementChanged,
    OpdMerged,
    OpdOpened,
    OpdSplit,
    PolicyChanged,
    arrangement_on,
    period_on,
)
from shared.domain.facts.rules import Rules


@dataclass(frozen=True, slots=True)
class CurrentFacts:
    """The reference facts in force for one OPD.

    Arrangements by unit, in the order of recording; rosters by (unit, work date), the last recorded at the end;
    placements by employee; `ends` is the date from which the OPD no longer exists.
    """

    arrangements: Mapping[str, tuple[ArrangementChanged, ...]] = field(default_factory=dict)
    rosters: Mapping[tuple[str, date], CompactRoster] = field(default_factory=dict)
    policy: PolicyChanged | None = None
    holidays: frozenset[date] = frozenset()
    placements: "HashTrieMap[bytes, tuple[CompactPlacement, ...]]" = field(default_factory=HashTrieMap)
    name: str = ""
    ends: date = date.max

    def arrangement(self, unit: str, day: date) -> ArrangementChanged | None:
        """Return the last recorded arrangement of a unit that is valid on a day; None if its OPD has ended."""
        return None if day >= self.ends else arrangement_on(self.arrangements.get(unit, ()), day)

    def skills_of(self, employee: bytes, day: date) -> frozenset[str]:
        """Return the skills in the last recorded placement that is valid on a day; empty without a placement."""
        valid = [p for p in self.placements.get(employee, ()) if p.start <= day <= (p.end or day)]
        return frozenset(valid[-1].skills) if valid else frozenset()

    def rules(self, day: date, site: str | None) -> Rules:
        """Return the rules of a day at a site; empty rules if no instrument applies."""
        period = period_on(self.policy.periods, day) if self.policy else None
        return period.at_site(site).rules if period else Rules()

    def has_active_roster(self, unit: str, day: date) -> bool:
        """Return whether a unit has a roster for a work date that was not withdrawn."""
        roster = self.rosters.get((unit, day))
        return roster is not None and roster.is_active


NO_FACTS = CurrentFacts()


def reduce_facts(facts: Iterable[ReferenceFact], base: CurrentFacts = NO_FACTS) -> CurrentFacts:
    """Return what is in force after `facts`, which may be in any order. `base`: what earlier facts put in force.

    Facts must follow those of `base` in their source: sources are contiguous sequences, so `sequence` orders them.
    """
    arrangements, rosters, placements = dict(base.arrangements), dict(base.rosters), base.placements
    policy, holidays, name, ends = base.policy, base.holidays, base.name, base.ends
    for fact in sorted(facts, key=lambda fact: (fact.source, fact.sequence)):
        match fact.data:
            case ArrangementChanged() as arrangement:
                arrangements[arrangement.unit] = (*arrangements.get(arrangement.unit, ()), arrangement)
            case CompactRoster() as roster:
                # Removed first so that the replacement moves to the end: the order decides between two posts.
                rosters.pop((roster.unit, roster.work_date), None)
                rosters[roster.unit, roster.work_date] = roster
            case PolicyChanged() as change:
                policy, holidays = change, frozenset(h.date for h in change.holidays)
            # Most placements carry no skills: storing one matters only where it replaces skills.
            case CompactPlacement() as placement if placement.skills or placement.employee in placements:
                former = placements.get(placement.employee, ())
                placements = placements.insert(placement.employee, (*former, placement))
            case OpdOpened() as opening:
                name = opening.name
            case OpdMerged() | OpdSplit() as ending:
                ends = ending.on
    return CurrentFacts(arrangements, rosters, policy, holidays, placements, name, ends)
