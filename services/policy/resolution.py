"""Which rules bind an OPD on which dates, and the instrument that gave each: layers resolved, caps held together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from shared.facts.policy import Instrument, Period, Rules, Winner

LAYERS = ("NATIONAL", "PROVINCE", "REGION", "OPD")
"""Most general first; a later one gives the pattern where both do (design 4-domain, resolution)."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Binding:
    """An instrument and the dates on which it binds: from the first, until (not including) the second."""

    instrument: Instrument
    first: date
    until: date


def periods(bindings: Sequence[Binding]) -> tuple[Period, ...]:
    """The resolved rules by date range; dates that no instrument binds are left out."""
    cuts = sorted({day for b in bindings for day in (b.first, b.until)})
    out = []
    for first, until in pairwise(cuts):
        binding = [b for b in bindings if b.first <= first and until <= b.until]
        if binding:
            rules, won_by = resolve(sorted(binding, key=_rank))
            out.append(Period(from_=first, to=None if until == date.max else until - DAY, rules=rules, won_by=won_by))
    return tuple(out)


def resolve(ranked: Sequence[Binding]) -> tuple[Rules, Mapping[str, Winner]]:
    """The rules of one day. `ranked` is in rising precedence: the last instrument with a pattern gives it."""
    pattern = next((b for b in reversed(ranked) if b.instrument.rules.pattern), None)
    caps = [b for b in ranked if b.instrument.rules.weekly_cap_days is not None]
    strictest = min(caps, key=lambda b: b.instrument.rules.weekly_cap_days or 0, default=None)
    excluding = [b for b in ranked if b.instrument.rules.excluded_classes]
    rules = Rules(
        pattern=pattern.instrument.rules.pattern if pattern else None,
        max_share=pattern.instrument.rules.max_share if pattern else None,
        weekly_cap_days=strictest.instrument.rules.weekly_cap_days if strictest else None,
        excluded_classes=tuple(sorted({c for b in excluding for c in b.instrument.rules.excluded_classes})),
        presence=(pattern or ranked[-1]).instrument.rules.presence,
    )
    winners = {
        "pattern": pattern,
        "weekly_cap_days": strictest,
        "excluded_classes": excluding[-1] if excluding else None,
    }
    return rules, {rule: _winner(b) for rule, b in winners.items() if b}


def _rank(binding: Binding) -> tuple[int, date, str]:
    return LAYERS.index(binding.instrument.layer), binding.first, binding.instrument.instrument


def _winner(binding: Binding) -> Winner:
    return Winner(instrument=binding.instrument.instrument, layer=binding.instrument.layer)
