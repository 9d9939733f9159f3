"""Which rules bind an OPD on which dates, and the instrument that gave each: layers resolved, caps held together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from shared.facts.policy import Instrument, InstrumentEnacted, Period, Presence, Rules, Winner

LAYERS = ("NATIONAL", "PROVINCE", "REGION", "OPD")
"""Most general first; a later one gives the pattern where both do (design 4-domain, resolution)."""

Cap = Callable[[Rules], float | None]
CAPS: Mapping[str, Cap] = {
    "max_share": lambda rules: rules.max_share,
    "weekly_cap_days": lambda rules: rules.weekly_cap_days,
    "offline_limit_hours": lambda rules: rules.presence.offline_limit_hours if rules.presence else None,
    "accept_claimed": lambda rules: rules.presence.accept_claimed if rules.presence else None,
}
"""Rules that hold together across layers: the least that any instrument sets, and no comes before yes."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Binding:
    """An instrument and the dates on which it binds: from the first, until (not including) the second."""

    instrument: Instrument
    first: date
    until: date
    attested_by: str | None = None

    @property
    def rules(self) -> Rules:
        """What the instrument sets."""
        return self.instrument.rules

    @property
    def revoked(self) -> bool:
        """Whether it ends before the instrument itself does."""
        return self.until < end(self.instrument)


def bound(fact: InstrumentEnacted) -> Binding:
    """An instrument as it binds from its enactment on."""
    return Binding(fact.instrument, fact.binds_from, end(fact.instrument), fact.published_attested_by)


def end(instrument: Instrument) -> date:
    """The first date that an instrument no longer binds, unless it is revoked."""
    return instrument.effective_to + DAY if instrument.effective_to else date.max


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
    patterns = [b for b in ranked if b.rules.pattern]
    excluding = [b for b in ranked if b.rules.excluded_classes]
    strictest = {rule: _strictest(ranked, cap) for rule, cap in CAPS.items()}
    caps = {rule: CAPS[rule](b.rules) for rule, b in strictest.items() if b}
    presence = {rule: caps.pop(rule) for rule in tuple(caps) if rule in Presence.model_fields}
    sharing = [b for b in (strictest["max_share"],) if b and b.rules.share_of]
    rules = Rules.model_validate(
        {
            "pattern": patterns[-1].rules.pattern if patterns else None,
            "share_of": sharing[0].rules.share_of if sharing else None,
            "excluded_classes": sorted({c for b in excluding for c in b.rules.excluded_classes}),
            "presence": presence or None,
            **caps,
        }
    )
    givers = {"pattern": patterns[-1:], "share_of": sharing, "excluded_classes": excluding[-1:]}
    won_by = {rule: _winner(b) for rule, given in givers.items() for b in given}
    return rules, won_by | {rule: _winner(b) for rule, b in strictest.items() if b}


def _strictest(ranked: Sequence[Binding], cap: Cap) -> Binding | None:
    setting = [b for b in ranked if cap(b.rules) is not None]
    return min(setting, key=lambda b: cap(b.rules) or 0, default=None)


def _rank(binding: Binding) -> tuple[int, date, str]:
    return LAYERS.index(binding.instrument.layer), binding.first, binding.instrument.instrument


def _winner(binding: Binding) -> Winner:
    return Winner(instrument=binding.instrument.instrument, layer=binding.instrument.layer)
