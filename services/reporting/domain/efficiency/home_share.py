"""Compares who works from home by the rosters of a date with what the rules allow. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from math import floor
from typing import NamedTuple

from services.reporting.domain.fact_store.compact import CompactRoster
from services.reporting.domain.fact_store.current import CurrentFacts
from shared.domain.facts.coverage import HomeShare
from shared.domain.work_location import StaffProfile, max_home_share, work_location

HOME_MODES, ON_DUTY_MODES = frozenset({"WFH", "WFA"}), frozenset({"WFO", "WFH", "WFA"})
ROUNDING = 1e-9
"""Allows for the rounding of 1/3, the share of one of three groups."""


class UnitHome(NamedTuple):
    """The people of one roster at home, and the largest share that the rules allow; 0 on an office day.

    `present` is None if the roster does not say how many people the planner counted.
    """

    at_home: int
    on_duty: int
    present: tuple[int, int] | None
    share: float
    per_unit: bool

    @property
    def allowed(self) -> int:
        """Return how many people the share allows at home if it is a share of the unit."""
        return floor(self.share * (self.present[0] if self.present else self.on_duty) + ROUNDING)


def home_share(current: CurrentFacts, day: date) -> HomeShare | None:
    """Return the home share of an OPD on a date; None without an active roster.

    Without the planner's counts (rosters of earlier releases) the people on duty count as present, and a broken share
    is not reported, because it may be an effect of the smaller count.
    """
    units = [
        _unit_home(current, roster, day)
        for (_, on), roster in current.rosters.items()
        if on == day and roster.is_active
    ]
    if not units:
        return None
    counted = [unit.present[1] for unit in units if unit.present]
    present = counted[-1] if counted else sum(unit.on_duty for unit in units)  # the last recorded roster is the last
    shared = [unit for unit in units if not unit.per_unit]
    share = min((unit.share for unit in shared if unit.share), default=0.0)
    allowed = floor(share * present + ROUNDING)
    return HomeShare(
        present=present,
        at_home=sum(unit.at_home for unit in units),
        allowed=min(present, allowed + sum(unit.allowed for unit in units if unit.per_unit)),
        broken=tuple(_broken_rules(units, allowed)),
    )


def _broken_rules(units: Sequence[UnitHome], allowed: int) -> Iterator[str]:
    if any(unit.at_home and not unit.share for unit in units):
        yield "FLEXIBLE_DAY"
    flexible = [unit for unit in units if unit.share and unit.present]
    of_opd = sum(unit.at_home for unit in flexible if not unit.per_unit)
    if of_opd > allowed or any(unit.per_unit and unit.at_home > unit.allowed for unit in flexible):
        yield "MAX_SHARE"


def _unit_home(current: CurrentFacts, roster: CompactRoster, day: date) -> UnitHome:
    modes = [shift.mode for shift in roster.shifts]
    at_home, on_duty = (sum(mode in counted for mode in modes) for counted in (HOME_MODES, ON_DUTY_MODES))
    arrangement = current.arrangement(roster.unit, day)
    if arrangement is None:  # nothing says what holds for the unit, so nothing is judged
        return UnitHome(at_home, on_duty, roster.present, 1.0, per_unit=False)
    rules = current.rules(day, arrangement.site.site)
    kinds = frozenset({arrangement.unit, arrangement.opd, *arrangement.kinds})
    profile = StaffProfile(arrangement.class_, kinds, arrangement.site.site)
    # As if every application was approved: whether it was is known to the planner only.
    location = work_location(rules, day, profile, holiday=day in current.holidays, approved=True).location
    share = 0.0 if location in {"WFO", "HOLIDAY"} else max_home_share(rules)
    return UnitHome(at_home, on_duty, roster.present, share, per_unit=rules.share_of == "UNIT")
