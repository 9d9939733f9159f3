"""Merges the rules of all instruments that bind on one day into one set, and names the source of every rule. Pure."""

from collections.abc import Mapping, Sequence

from services.policy.domain.resolution.binding import ALL_SITES, Binding, ByPrecedence, DayGrantPeriod
from services.policy.domain.resolution.merge_strategies import (
    COMPANION_RULES,
    MERGE_STRATEGIES,
    PRESENCE_STRATEGIES,
    MergeStrategy,
    ResolvedRule,
    value_of,
)
from shared.domain.facts.instruments import Winner
from shared.domain.facts.policy import GRANTED_DAY_PREFIX
from shared.domain.facts.rules import Pattern, Presence, Rules, SiteStart


def merge_rules(
    bindings: ByPrecedence, grants: Sequence[DayGrantPeriod] = (), pending: ByPrecedence = ()
) -> tuple[Rules, Mapping[str, Winner]]:
    """Return the merged rules of one day, and the instrument that each rule comes from.

    The last binding with a pattern gives the pattern; the weekdays in `grants` are added to it. `pending` holds the
    bindings that are in force only at other sites: if nothing gives a pattern, theirs is shown as not begun.
    """
    pattern_sources = [b for b in bindings if b.rules.pattern]
    resolved = _apply(MERGE_STRATEGIES, bindings, pattern_sources)
    resolved |= _companions(resolved) | _granted_days(bindings, pattern_sources, grants)
    resolved |= {} if "pattern" in resolved else _not_begun([b for b in pending if b.rules.pattern])
    presence = _apply(PRESENCE_STRATEGIES, bindings, pattern_sources)
    values = {rule: value for rule, (value, _) in resolved.items() if not rule.startswith(GRANTED_DAY_PREFIX)}
    if "sites" in values:
        named = [site for site in values["sites"] if site.site != ALL_SITES]
        # sites that an instrument does not name begin with the instrument itself
        unnamed = SiteStart(site=ALL_SITES, from_=resolved["sites"].source.general_start)
        values["sites"] = (*named, unnamed)
    if presence:
        values["presence"] = Presence(**{rule: value for rule, (value, _) in presence.items()})
    return Rules(**values), {rule: _winner(source) for rule, (_, source) in (resolved | presence).items()}


def _apply(
    strategies: Mapping[str, MergeStrategy], bindings: ByPrecedence, pattern_sources: ByPrecedence
) -> dict[str, ResolvedRule]:
    resolved = {
        rule: strategy(rule, [b for b in bindings if value_of(b, rule) is not None], pattern_sources)
        for rule, strategy in strategies.items()
    }
    return {rule: merged for rule, merged in resolved.items() if merged}


def _companions(resolved: Mapping[str, ResolvedRule]) -> dict[str, ResolvedRule]:
    companions = dict[str, ResolvedRule]()
    for rule, explained in COMPANION_RULES.items():
        source = next((resolved[name].source for name in explained if name in resolved), None)
        if source and (value := value_of(source, rule)) is not None:
            companions[rule] = ResolvedRule(value, source)
    return companions


def _not_begun(pending: ByPrecedence) -> dict[str, ResolvedRule]:
    if not pending:
        return {}
    return {rule: ResolvedRule(value_of(pending[-1], rule), pending[-1]) for rule in ("pattern", "sites")}


def _granted_days(
    bindings: ByPrecedence, pattern_sources: ByPrecedence, grants: Sequence[DayGrantPeriod]
) -> dict[str, ResolvedRule]:
    """Return the pattern with the weekdays that an OPD was granted, while their instruments bind and offer them."""
    offers = {b.instrument.instrument: (b, _offered_weekdays(b)) for b in bindings}
    granted = [(day, g.instrument) for g in grants if g.instrument in offers for day in g.weekdays]
    pattern_source = pattern_sources[-1] if pattern_sources else None
    pattern = pattern_source.rules.pattern if pattern_source else Pattern()
    if not pattern or (pattern_source and not pattern.weekdays):
        return {}
    days = {day: offers[name][0] for day, name in granted if day in offers[name][1] and day not in pattern.weekdays}
    source = pattern_source or next(iter(days.values()), None)
    if not days or source is None:
        return {}
    separate = {
        f"{GRANTED_DAY_PREFIX}{day}": ResolvedRule(day, offer) for day, offer in days.items() if offer is not source
    }
    return {"pattern": ResolvedRule(Pattern(weekdays=(*pattern.weekdays, *days)), source), **separate}


def _offered_weekdays(binding: Binding) -> set[str]:
    return {day for offer in binding.rules.approvals if offer.kind == "OPD_DAYS" for day in offer.weekdays}


def _winner(binding: Binding) -> Winner:
    return Winner(instrument=binding.instrument.instrument, layer=binding.instrument.layer)
