"""Rules of several instruments that cannot both hold in full: found in the resolved periods, told once. Pure."""

from collections.abc import Iterable

from services.policy.resolution import LAYERS
from shared.facts.policy import Conflict, Period, Winner

WORKING_DAYS = 5
"""Of a week, over which a share of each day becomes days a head (Perpres 21/2023)."""


def conflicts(periods: Iterable[Period]) -> tuple[Conflict, ...]:
    """The conflicts of all periods in the order of their dates, each once however often the dates are cut."""
    return tuple(dict.fromkeys(found for period in periods if (found := clash(period))))


def clash(period: Period) -> Conflict | None:
    """What cannot both hold in a period: groups that are away for more days than the weekly cap lets a person be.

    Both bind: the share on each day, the cap for each person. The mean share of a week that remains is shown and
    never enforced on a day (design 4-domain, resolution of policy).
    """
    rules, won_by = period.rules, period.won_by
    grouped = rules.pattern is not None and rules.pattern.groups is not None
    if not grouped or rules.max_share is None or rules.weekly_cap_days is None:
        return None
    share, cap = won_by["max_share"], won_by["weekly_cap_days"]
    mean = rules.weekly_cap_days / WORKING_DAYS
    if mean >= rules.max_share or share.instrument == cap.instrument:
        return None
    return Conflict(
        rule="max_share",
        instruments=(share.instrument, cap.instrument),
        resolved_by=f"{_why(share, cap)}:{cap.instrument}",
        effect=f"WEEKLY_MEAN_SHARE:{mean:g}",
    )


def _why(share: Winner, cap: Winner) -> str:
    """A cap of a higher norm wins by its rank; any other because the strictest cap of all layers holds."""
    return "HIGHER_NORM" if LAYERS.index(cap.layer) < LAYERS.index(share.layer) else "STRICTEST_CAP"
