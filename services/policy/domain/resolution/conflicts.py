"""Detects rules of several instruments that cannot all be followed, in the resolved periods of an OPD. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from services.policy.domain.resolution.binding import LAYERS, Binding, ByPrecedence
from services.policy.domain.resolution.periods import ResolvedPeriod, per_site
from services.policy.domain.resolution.working_hours import weekly_hours
from shared.domain.facts.instruments import Winner
from shared.domain.facts.policy import Conflict, Period
from shared.domain.facts.rules import Rules

WORKING_DAYS_PER_WEEK = 5
"""Converts a share of each working day into days per person (Perpres 21/2023)."""

CAP_RULES = ("max_share", "weekly_cap_days")
LAYER_REASONS: Mapping[str, str] = {
    "OPD": "OWN_OPD",
    "REGION": "OWN_GOVERNMENT",
    "PROVINCE": "OWN_GOVERNMENT",
    "NATIONAL": "LATER_IN_FORCE",
}
"""Layer of an instrument → why its pattern or hours are followed although another instrument sets them too."""


def conflicts(resolved_periods: Iterable[ResolvedPeriod]) -> tuple[Conflict, ...]:
    """Return the conflicts of all periods in the order of their dates, without repetition."""
    per_period = (conflicts_in_period(*resolved) for resolved in per_site(resolved_periods))
    return tuple(dict.fromkeys(conflict for in_period in per_period for conflict in in_period))


def conflicts_in_period(period: Period, bindings: ByPrecedence) -> Iterator[Conflict]:
    """Yield the conflicts between the bindings of one period."""
    yield from share_vs_cap_conflicts(period)
    yield from _pattern_conflicts(bindings)
    for rule in CAP_RULES:
        yield from _loosened_cap_conflicts(rule, period, bindings)
    yield from _hours_conflicts(period, bindings)


def share_vs_cap_conflicts(period: Period) -> Iterator[Conflict]:
    """Yield a conflict if the daily share means more days per person than the weekly cap allows.

    Both bind: the share on each day, the cap for each person. The remaining mean share of a week is only displayed
    and never enforced on a day.
    """
    rules, won_by = period.rules, period.won_by
    if rules.max_share is None or rules.weekly_cap_days is None:
        return
    share, cap = won_by["max_share"], won_by["weekly_cap_days"]
    # For example 50:50 on five days, 2.5 days for each person, and the national cap of 2 (PermenPANRB 4/2025, Art. 13).
    if days_per_person(rules) > rules.weekly_cap_days and share.instrument != cap.instrument:
        yield Conflict(
            rule="max_share",
            instruments=(share.instrument, cap.instrument),
            resolved_by=f"{_cap_reason(share.layer, cap)}:{cap.instrument}",
            effect=f"WEEKLY_MEAN_SHARE:{rules.weekly_cap_days / WORKING_DAYS_PER_WEEK:g}",
        )


def days_per_person(rules: Rules) -> float:
    """Return the mean days at home per week and person that the share of each open day means."""
    pattern = rules.pattern
    # Single dates are no weekly pattern.
    if pattern is None or pattern.dates:
        return 0.0
    return (rules.max_share or 0) * (len(pattern.weekdays) or WORKING_DAYS_PER_WEEK)


def _pattern_conflicts(bindings: ByPrecedence) -> Iterator[Conflict]:
    """Yield a conflict for every pattern that differs from the one that is followed, the last one."""
    sources = [b for b in bindings if b.rules.pattern]
    for overruled in sources[:-1]:
        source = sources[-1]
        if source.rules.pattern != overruled.rules.pattern:
            reason = f"{_pattern_reason(source, overruled)}:{_id(source)}"
            yield Conflict(rule="pattern", instruments=(_id(source), _id(overruled)), resolved_by=reason)


def _pattern_reason(source: Binding, overruled: Binding) -> str:
    if source.instrument.layer != overruled.instrument.layer:
        return LAYER_REASONS[source.instrument.layer]
    return "SAME_DATE" if source.in_force_from == overruled.in_force_from else "LATER_IN_FORCE"


def _loosened_cap_conflicts(rule: str, period: Period, bindings: ByPrecedence) -> Iterator[Conflict]:
    """Yield a conflict for every lower layer that sets a looser cap than an upper layer; it may only be stricter."""
    winner = period.won_by.get(rule)
    for binding in bindings:
        cap, effective_cap = getattr(binding.rules, rule), getattr(period.rules, rule)
        if winner and cap is not None and cap > effective_cap and _is_below(binding, winner):
            instruments = (_id(binding), winner.instrument)
            effect = f"{rule.upper()}:{effective_cap:g}"
            yield Conflict(
                rule=rule, instruments=instruments, resolved_by=f"HIGHER_NORM:{instruments[1]}", effect=effect
            )


def _hours_conflicts(period: Period, bindings: ByPrecedence) -> Iterator[Conflict]:
    """Yield a conflict if a region's own hours make another week than the national law, an overlay included."""
    national = [b for b in bindings if b.rules.hours and b.instrument.layer == LAYERS[0]]
    law = max(national, key=lambda b: (b.instrument.overlay, b.first), default=None)
    winner = period.won_by.get("hours")
    if not law or not winner or winner.instrument == _id(law):
        return
    followed, required = _week_hours(period.rules), _week_hours(law.rules)
    if followed != required:
        reason = f"{LAYER_REASONS[winner.layer]}:{winner.instrument}"
        instruments, effect = (winner.instrument, _id(law)), f"WEEK_HOURS:{followed:g}"
        yield Conflict(rule="hours", instruments=instruments, resolved_by=reason, effect=effect)


def _week_hours(rules: Rules) -> float:
    return weekly_hours(rules.hours) if rules.hours else 0.0


def _cap_reason(layer: str, cap: Winner) -> str:
    """Return why a cap limits a share: it is a higher norm, or only the strictest cap of all layers."""
    return "HIGHER_NORM" if LAYERS.index(cap.layer) < LAYERS.index(layer) else "STRICTEST_CAP"


def _is_below(binding: Binding, winner: Winner) -> bool:
    return LAYERS.index(binding.instrument.layer) > LAYERS.index(winner.layer)


def _id(binding: Binding) -> str:
    return binding.instrument.instrument
