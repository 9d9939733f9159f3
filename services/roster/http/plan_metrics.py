"""Decides plans like the decider, and measures them: the seconds of the computation, and the heads that are missing."""

from collections.abc import Mapping, Sequence

from prometheus_client import Gauge, Histogram

from services.roster.domain import decider
from services.roster.domain.commands import PlanDays
from services.roster.domain.decider import State
from shared.domain.decider import Context
from shared.domain.facts.base import Fact
from shared.domain.facts.roster import RosterAssigned

SECONDS = Histogram(
    "piket_plan_seconds",
    "Seconds that the computation of a plan takes",
    ("region",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
SHORTAGE = Gauge("piket_plan_shortage_slots", "Heads missing from minimums in the last plan of each OPD", ("region",))
_missing: dict[str, dict[str, float]] = {}
"""By region and OPD: the missing heads of its last plan since this process started."""

stream, reads = decider.stream, decider.reads


def decide(command: PlanDays, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """Return the facts of a plan by stream."""
    with SECONDS.labels(command.region).time():
        facts = decider.decide(command, states, context)
    of_region = _missing.setdefault(command.region, {})
    of_region[command.opd] = missing_heads(command, states, facts)
    SHORTAGE.labels(command.region).set(sum(of_region.values()))
    return facts


def missing_heads(command: PlanDays, states: Mapping[str, State], facts: Mapping[str, Sequence[Fact]]) -> float:
    """Return the heads missing from the minimums of planned units and dates, also by rosters that did not change."""
    rosters = [roster for state in states.values() for roster in state.rosters.values()]
    rosters += [fact for of_stream in facts.values() for fact in of_stream if isinstance(fact, RosterAssigned)]
    last = {(roster.unit, roster.work_date): roster for roster in rosters}
    planned = ((unit, day) for unit in command.planned_units() for day in command.dates)
    return sum(last[key].plan.objective or 0 for key in planned if key in last)
