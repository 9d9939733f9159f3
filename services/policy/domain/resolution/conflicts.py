"""Rules of several instruments that cannot both hold in full: found in the resolved periods, told once. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from services.policy.domain.resolution.binding import LAYERS, Binding, Ranked
from services.policy.domain.resolution.merge import Stretch, by_site
from services.policy.domain.resolution.working_hours import week
from shared.domain.facts.policy import Conflict, Period, Winner
from shared.domain.facts.rules import Rules

WORKING_DAYS = 5
"""Of a week, over which a share of each day becomes days a head (Perpres 21/2023)."""

CAPS = ("max_share", "weekly_cap_days")
GOVERNMENT: Mapping[str, str] = {
    "OPD": "OWN_OPD",
    "REGION": "OWN_GOVERNMENT",
    "PROVINCE": "OWN_GOVERNMENT",
    "NATIONAL": "LATER_IN_FORCE",
}
"""Why an instrument of this layer gives the pattern, though another one beside it has one too."""


def conflicts(stretches: Iterable[Stretch]) -> tuple[Conflict, ...]:
    """The conflicts of all periods in the order of their dates, each once however often the dates are cut."""
    return tuple(dict.fromkeys(found for each in by_site(stretches) for found in clashes(*each)))


def clashes(period: Period, ranked: Ranked) -> Iterator[Conflict]:
    """What cannot both hold in a period. `ranked` is what binds in it, in rising precedence."""
    yield from grouping(period)
    yield from _patterns(ranked)
    for rule in CAPS:
        yield from _loosened(rule, period, ranked)
    yield from _hours(period, ranked)


def grouping(period: Period) -> Iterator[Conflict]:
    """A share of so many days a week that a person would be away for longer than the weekly cap lets him be.

    Both bind: the share on each day, the cap for each person. The mean share of a week that remains is shown and
    never enforced on a day (design 4-domain, resolution of policy).
    """
    rules, won_by = period.rules, period.won_by
    if rules.max_share is None or rules.weekly_cap_days is None:
        return
    share, cap = won_by["max_share"], won_by["weekly_cap_days"]
    if days_a_head(rules) > rules.weekly_cap_days and share.instrument != cap.instrument:
        yield Conflict(
            rule="max_share",
            instruments=(share.instrument, cap.instrument),
            resolved_by=f"{_why(share.layer, cap)}:{cap.instrument}",
            effect=f"WEEKLY_MEAN_SHARE:{rules.weekly_cap_days / WORKING_DAYS:g}",
        )


def days_a_head(rules: Rules) -> float:
    """The days a week that a share of each open day is for each person."""
    pattern = rules.pattern
    if pattern is None or pattern.dates:
        return 0.0
    return (rules.max_share or 0) * (len(pattern.weekdays) or WORKING_DAYS)


def _patterns(ranked: Ranked) -> Iterator[Conflict]:
    """One instrument gives the pattern; what another one says of the days is recorded and not followed."""
    giving = [b for b in ranked if b.rules.pattern]
    for other in giving[:-1]:
        giver = giving[-1]
        if giver.rules.pattern != other.rules.pattern:
            yield Conflict(
                rule="pattern", instruments=(_id(giver), _id(other)), resolved_by=f"{_over(giver, other)}:{_id(giver)}"
            )


def _over(giver: Binding, other: Binding) -> str:
    """Why one of two patterns is followed."""
    if giver.instrument.layer != other.instrument.layer:
        return GOVERNMENT[giver.instrument.layer]
    return "SAME_DATE" if giver.in_force == other.in_force else "LATER_IN_FORCE"


def _loosened(rule: str, period: Period, ranked: Ranked) -> Iterator[Conflict]:
    """A lower layer may be stricter than an upper one's cap; a looser word of it does not hold."""
    winner = period.won_by.get(rule)
    for other in ranked:
        asked, held = getattr(other.rules, rule), getattr(period.rules, rule)
        if winner and asked is not None and asked > held and _below(other, winner):
            instruments = (_id(other), winner.instrument)
            effect = f"{rule.upper()}:{held:g}"
            yield Conflict(
                rule=rule, instruments=instruments, resolved_by=f"HIGHER_NORM:{instruments[1]}", effect=effect
            )


def _hours(period: Period, ranked: Ranked) -> Iterator[Conflict]:
    """Hours of one's own are shown against the law where they give another week."""
    national = [b for b in ranked if b.rules.hours and b.instrument.layer == LAYERS[0]]
    law = max(national, key=lambda b: (b.instrument.overlay, b.first), default=None)
    winner = period.won_by.get("hours")
    if not law or not winner or winner.instrument == _id(law):
        return
    own, ought = _week(period.rules), _week(law.rules)
    if own != ought:
        why = f"{GOVERNMENT[winner.layer]}:{winner.instrument}"
        instruments, effect = (winner.instrument, _id(law)), f"WEEK_HOURS:{own:g}"
        yield Conflict(rule="hours", instruments=instruments, resolved_by=why, effect=effect)


def _week(rules: Rules) -> float:
    return week(rules.hours) if rules.hours else 0.0


def _why(layer: str, cap: Winner) -> str:
    """A cap of a higher norm wins by its rank; any other because the strictest cap of all layers holds."""
    return "HIGHER_NORM" if LAYERS.index(cap.layer) < LAYERS.index(layer) else "STRICTEST_CAP"


def _below(other: Binding, winner: Winner) -> bool:
    return LAYERS.index(other.instrument.layer) > LAYERS.index(winner.layer)


def _id(binding: Binding) -> str:
    return binding.instrument.instrument
