"""What holds, given a set of facts: for every question the last recorded answer, whatever the order of arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from shared.events import Event
from shared.facts.policy import ArrangementChanged, OpdOpened, PolicyChanged, Post, Rules
from shared.facts.roster import EmployeePlaced, RosterAssigned

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True, slots=True)
class InForce:
    """The name, arrangements, rosters (the last recorded last), policy and placements of one OPD by a set of facts."""

    arrangements: Mapping[str, tuple[ArrangementChanged, ...]] = field(default_factory=dict)
    rosters: Mapping[tuple[str, date], RosterAssigned] = field(default_factory=dict)
    policy: PolicyChanged | None = None
    holidays: frozenset[date] = frozenset()
    placements: Mapping[UUID, tuple[EmployeePlaced, ...]] = field(default_factory=dict)
    name: str = ""

    def arrangement(self, unit: str, day: date) -> ArrangementChanged | None:
        """The last recorded arrangement of a unit that is valid on a day."""
        valid = [a for a in self.arrangements.get(unit, ()) if a.valid_from <= day <= (a.valid_to or day)]
        return valid[-1] if valid else None

    def skills_of(self, employee: UUID, day: date) -> frozenset[str]:
        """What a person can do by their last recorded placement that holds on a day; nothing without one."""
        holding = [p for p in self.placements.get(employee, ()) if p.from_ <= day <= (p.to or day)]
        return frozenset(holding[-1].skills) if holding else frozenset()

    def rules(self, day: date) -> Rules:
        """The rules of a day; none set where no instrument binds."""
        periods = self.policy.periods if self.policy else ()
        return next((p.rules for p in periods if p.from_ <= day <= (p.to or day)), Rules())

    def rostered(self, unit: str, day: date) -> bool:
        """Whether a roster of a unit's work date stands."""
        roster = self.rosters.get((unit, day))
        return roster is not None and roster.status != "WITHDRAWN"

    def is_open(self, post: Post, day: date) -> bool:
        """Whether a post opens on a work date: its weekday, and no holiday unless it serves on holidays too."""
        return WEEKDAYS[day.weekday()] in post.weekdays and (day not in self.holidays or post.on_holidays == "OPEN")


NOTHING = InForce()


def in_force(events: Iterable[Event], onto: InForce = NOTHING) -> InForce:
    """Reduce facts to what holds, onto what held by earlier ones of their sources. The order of `events` is no matter.

    Sources are contiguous sequences.
    """
    arrangements, rosters, placements = dict(onto.arrangements), dict(onto.rosters), dict(onto.placements)
    policy, holidays, name = onto.policy, onto.holidays, onto.name
    for event in sorted(events, key=lambda e: (e.source, e.sequence)):
        match event.data:
            case ArrangementChanged() as fact:
                arrangements[fact.unit] = (*arrangements.get(fact.unit, ()), fact)
            case RosterAssigned() as fact:
                rosters.pop((fact.unit, fact.work_date), None)
                rosters[fact.unit, fact.work_date] = fact
            case PolicyChanged() as fact:
                policy, holidays = fact, frozenset(h.date for h in fact.holidays)
            case EmployeePlaced() as fact:
                placements[fact.employee] = (*placements.get(fact.employee, ()), fact)
            case OpdOpened() as fact:
                name = fact.name
    return InForce(arrangements, rosters, policy, holidays, placements, name)
