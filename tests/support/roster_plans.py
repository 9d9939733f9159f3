"""Builds unit days, plan commands and published rosters of DPMPTSP for tests of the planner."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from services.roster.domain import decider
from services.roster.domain.commands import PlanDays, week_stream
from services.roster.domain.planning.planner import DayPlan
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Winner
from shared.domain.facts.policy import ArrangementChanged, Holiday, PolicyChanged, Post
from shared.domain.facts.roster import Assignment, EmployeePlaced, RosterAssigned
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    DEDI,
    arrangement,
    person,
    placement,
    policy,
    roster,
)
from tests.support.given_when_then import decide

MONDAY = date(2025, 12, 1)
WEEK = tuple(MONDAY + timedelta(days=n) for n in range(5))
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = WEEK[1:]
SUNDAY = MONDAY - timedelta(days=1)
HALVES = Rules(pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=2)
SE_150 = Winner(instrument="jabar-2025-se-150-stage-2", layer="PROVINCE")
NATIONAL = Winner(instrument="permenpanrb-2025-4", layer="NATIONAL")
STAFF = tuple(person(f"P{number}") for number in range(10))
PLACEMENT = "placement/32/DPMPTSP"


def policy_of(rules: Rules) -> PolicyChanged:
    won_by = {"pattern": SE_150, "max_share": SE_150, "weekly_cap_days": NATIONAL}
    period = policy().periods[0].model_copy(update={"from_": SUNDAY, "to": None, "rules": rules, "won_by": won_by})
    return policy().model_copy(update={"periods": (period,)})


STAGE_2 = policy_of(HALVES)
STAGE_1 = Rules.model_validate({"pattern": {"weekdays": ["THU"]}, "excluded_classes": ["DIRECT", "EMERGENCY_24X7"]})


def stage_1(*holidays: Holiday) -> PolicyChanged:
    changed = policy(*holidays, rules=STAGE_1)
    winner = Winner(instrument="jabar-2025-se-150-stage-1", layer="PROVINCE")
    period = changed.periods[0].model_copy(update={"won_by": {"pattern": winner, "excluded_classes": winner}})
    return changed.model_copy(update={"periods": (period,)})


TEAM = tuple(map(placement, (ANI, BUDI, CITRA, DEDI)))


def back_office(*posts: Post, unit: str = "BACK", kind: str = "NON_SERVICE") -> ArrangementChanged:
    return arrangement(unit=unit, **{"class": kind}).model_copy(update={"posts": posts})


def days(
    *units: tuple[ArrangementChanged, Sequence[EmployeePlaced]],
    on: Sequence[date] = WEEK,
    effective: PolicyChanged = STAGE_2,
    absences: Mapping[UUID, str] | None = None,
) -> list[UnitDay]:
    return [UnitDay(day, unit, effective, people, absences or {}) for day in on for unit, people in units]


def team(*people: UUID, unit: str = "BACK") -> list[EmployeePlaced]:
    return [placement(employee, unit=unit) for employee in people]


def at_home(plans: Mapping[tuple[str, date], DayPlan]) -> list[tuple[UUID, date]]:
    return [(a.employee, day) for (_, day), day_plan in plans.items() for a in day_plan.assignments if a.mode == "WFH"]


def home_counts(plans: Mapping[tuple[str, date], DayPlan]) -> list[int]:
    return [Counter(day for _, day in at_home(plans))[day] for day in WEEK]


def by_employee(day_plan: DayPlan) -> dict[UUID, Assignment]:
    return {a.employee: a for a in day_plan.assignments}


def reason_counts(day_plan: DayPlan) -> Mapping[str, int]:
    return Counter(a.reason.code for a in day_plan.assignments)


def as_published(plans: Mapping[tuple[str, date], DayPlan]) -> list[RosterAssigned]:
    return [roster(*day_plan.assignments, unit=unit, day=day) for (unit, day), day_plan in plans.items()]


UNITS = {"FRONT": arrangement(**{"class": "MIXED"}), "BACK": back_office()}
PEOPLE = [*team(*STAFF[:4], unit="FRONT"), *team(*STAFF[4:])]


def plan_days(**more: object) -> PlanDays:
    fields = {"region": "32", "opd": "DPMPTSP", "dates": WEEK, "arrangements": UNITS, "policy": STAGE_2, "sequence": 7}
    return PlanDays.model_validate(fields | more)


def rosters_of(facts: Mapping[str, Sequence[Fact]]) -> list[RosterAssigned]:
    decided = [fact for stream in facts.values() for fact in stream]
    assert all(isinstance(fact, RosterAssigned) for fact in decided)
    return [fact for fact in decided if isinstance(fact, RosterAssigned)]


def roster_streams(*facts: RosterAssigned) -> dict[str, list[RosterAssigned]]:
    streams: dict[str, list[RosterAssigned]] = {}
    for fact in facts:
        streams.setdefault(week_stream("32", "DPMPTSP", fact.unit, fact.work_date), []).append(fact)
    return streams


def published_week(*more: Fact) -> dict[str, list[Fact]]:
    people: dict[str, list[Fact]] = {PLACEMENT: [*PEOPLE, *more]}
    return people | {s: list(f) for s, f in roster_streams(*rosters_of(decide(decider, people, plan_days()))).items()}
