"""What holds, given a set of facts: for every question the last recorded answer, whatever the order of arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from rpds import HashTrieMap

from services.reporting.domain.fact_store.compact import Placement, Roster, Settled
from shared.domain.facts.policy import ArrangementChanged, OpdMerged, OpdOpened, OpdSplit, PolicyChanged, Post, Rules
from shared.domain.work_location import WEEKDAYS


@dataclass(frozen=True, slots=True)
class InForce:
    """The name, end, arrangements, rosters (the last recorded last), policy and placements of one OPD by its facts."""

    arrangements: Mapping[str, tuple[ArrangementChanged, ...]] = field(default_factory=dict)
    rosters: Mapping[tuple[str, date], Roster] = field(default_factory=dict)
    policy: PolicyChanged | None = None
    holidays: frozenset[date] = frozenset()
    placements: "HashTrieMap[bytes, tuple[Placement, ...]]" = field(default_factory=HashTrieMap)
    name: str = ""
    ends: date = date.max

    def arrangement(self, unit: str, day: date) -> ArrangementChanged | None:
        """The last recorded arrangement of a unit that is valid on a day; none once its OPD has ended."""
        if day >= self.ends:
            return None
        valid = [a for a in self.arrangements.get(unit, ()) if a.valid_from <= day <= (a.valid_to or day)]
        return valid[-1] if valid else None

    def skills_of(self, employee: bytes, day: date) -> frozenset[str]:
        """What a person can do by their last recorded placement that holds on a day; nothing without one."""
        holding = [p for p in self.placements.get(employee, ()) if p.start <= day <= (p.end or day)]
        return frozenset(holding[-1].skills) if holding else frozenset()

    def rules(self, day: date, site: str | None) -> Rules:
        """The rules of a day at a site; none set where no instrument binds."""
        periods = self.policy.periods if self.policy else ()
        return next((p.at(site).rules for p in periods if p.from_ <= day <= (p.to or day)), Rules())

    def rostered(self, unit: str, day: date) -> bool:
        """Whether a roster of a unit's work date stands."""
        roster = self.rosters.get((unit, day))
        return roster is not None and roster.stands

    def is_open(self, post: Post, day: date) -> bool:
        """Whether a post opens on a work date: its weekday, and no holiday unless it serves on holidays too."""
        return WEEKDAYS[day.weekday()] in post.weekdays and (day not in self.holidays or post.on_holidays == "OPEN")


NOTHING = InForce()


def in_force(facts: Iterable[Settled], onto: InForce = NOTHING) -> InForce:
    """Reduce facts to what holds, onto what held by earlier ones of their sources. The order of `facts` is no matter.

    Sources are contiguous sequences.
    """
    arrangements, rosters, placements = dict(onto.arrangements), dict(onto.rosters), onto.placements
    policy, holidays, name, ends = onto.policy, onto.holidays, onto.name, onto.ends
    for settled in sorted(facts, key=lambda fact: (fact.source, fact.sequence)):
        match settled.data:
            case ArrangementChanged() as told:
                arrangements[told.unit] = (*arrangements.get(told.unit, ()), told)
            case Roster() as told:
                rosters.pop((told.unit, told.day), None)
                rosters[told.unit, told.day] = told
            case PolicyChanged() as told:
                policy, holidays = told, frozenset(h.date for h in told.holidays)
            case Placement() as told if told.skills or told.employee in placements:
                placements = placements.insert(told.employee, (*placements.get(told.employee, ()), told))
            case OpdOpened() as told:
                name = told.name
            case OpdMerged() | OpdSplit() as told:
                ends = told.on
    return InForce(arrangements, rosters, policy, holidays, placements, name, ends)
