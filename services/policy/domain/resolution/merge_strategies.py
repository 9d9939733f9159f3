"""Defines how one rule of several instruments becomes one: a strategy for each rule. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from services.policy.domain.resolution.binding import Binding, ByPrecedence, precedence


class ResolvedRule(NamedTuple):
    """The value of a rule after merging, and the binding that it comes from."""

    value: Any
    source: Binding


MergeStrategy = Callable[[str, ByPrecedence, ByPrecedence], ResolvedRule | None]
"""(name of the rule, bindings that set it, bindings with a pattern) → the merged rule; None if nothing sets it."""


def _most_specific(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the value of the most specific layer; within it, of the instrument that came into force last."""
    return ResolvedRule(value_of(candidates[-1], rule), candidates[-1]) if candidates else None


def _strictest_cap(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the lowest cap of all layers; on a tie, that of the most specific layer."""
    # `min` and `max` return the first of equals: reversed, this is the most specific one.
    source = min(reversed(candidates), key=lambda b: value_of(b, rule), default=None)
    return ResolvedRule(value_of(source, rule), source) if source else None


def _highest_minimum(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the highest minimum of all layers; on a tie, that of the most specific layer."""
    source = max(reversed(candidates), key=lambda b: value_of(b, rule), default=None)
    return ResolvedRule(value_of(source, rule), source) if source else None


def _union(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the values of all layers, sorted: what any layer keeps on site stays on site."""
    if not candidates:
        return None
    return ResolvedRule(sorted({value for b in candidates for value in value_of(b, rule)}), candidates[-1])


def _concatenation(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the values of all layers, the most specific first: a reader uses the first that matches a unit."""
    if not candidates:
        return None
    return ResolvedRule([value for b in reversed(candidates) for value in value_of(b, rule)], candidates[-1])


def _intersection(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return what a lower layer leaves of an upper layer's list; if nothing is common, the upper list stays."""
    if not candidates:
        return None
    values, source = list(value_of(candidates[0], rule)), candidates[0]
    for binding in candidates[1:]:
        common = [value for value in values if value in value_of(binding, rule)]
        values, source = (common, binding) if common else (values, source)
    return ResolvedRule(values, source)


def _from_pattern_source(rule: str, _: ByPrecedence, pattern_sources: ByPrecedence) -> ResolvedRule | None:
    """Return the value of the instrument that gives the pattern: the rule has no meaning beside another pattern."""
    if not pattern_sources or not value_of(pattern_sources[-1], rule):
        return None
    return ResolvedRule(value_of(pattern_sources[-1], rule), pattern_sources[-1])


def _approval_offers(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the approvals of all layers, each with the id of its instrument."""
    if not candidates:
        return None
    offers = [
        offer.model_copy(update={"instrument": b.instrument.instrument})
        for b in candidates
        for offer in value_of(b, rule)
    ]
    return ResolvedRule(offers, candidates[-1])


def _overlay_first(rule: str, candidates: ByPrecedence, _: ByPrecedence) -> ResolvedRule | None:
    """Return the hours of an overlay (Ramadan) if there is one; otherwise those of the most specific layer."""
    source = max(candidates, key=lambda b: (b.instrument.overlay, precedence(b)), default=None)
    return ResolvedRule(value_of(source, rule), source) if source else None


MERGE_STRATEGIES: Mapping[str, MergeStrategy] = {
    "pattern": _from_pattern_source,
    "max_share": _strictest_cap,
    "max_on_site_share": _strictest_cap,
    "min_on_site_share": _highest_minimum,
    "weekly_cap_days": _strictest_cap,
    "approvals": _approval_offers,
    "covers": _most_specific,
    "eligible_job_types": _intersection,
    "excluded_units": _union,
    "excluded_classes": _union,
    "forced_on_site_positions": _union,
    "unit_head_decides": _from_pattern_source,
    "person_rules": _union,
    "new_in_post_days": _highest_minimum,
    "requires": _union,
    "work_patterns": _concatenation,
    "hours": _overlay_first,
    "places": _most_specific,
    "publish_notice_days": _highest_minimum,
    "sites": _from_pattern_source,
    "evaluation": _most_specific,
}
"""How each rule of several instruments becomes one (docs/decisions/0014-instruments-as-data.md)."""

COMPANION_RULES: Mapping[str, tuple[str, ...]] = {
    "share_of": ("max_share", "min_on_site_share"),
    "weekly_cap_exempt": ("weekly_cap_days",),
}
"""Rules that only explain another rule: they come from the source of the first of these that is set."""

PRESENCE_STRATEGIES: Mapping[str, MergeStrategy] = {
    "checks": _highest_minimum,
    "place": _most_specific,
    "grace_minutes": _strictest_cap,
    "no_show_minutes": _strictest_cap,
    "reply_within_s": _strictest_cap,
    "max_calls": _strictest_cap,
    "reprimand_after_calls": _strictest_cap,
    "review_days": _most_specific,
    "accept_claimed": _strictest_cap,
    "offline_limit_hours": _strictest_cap,
}
"""How each rule below `presence` becomes one. `accept_claimed` is a boolean: False is the strictest."""


def value_of(binding: Binding, rule: str) -> Any:  # noqa: ANN401 - rules are of many types
    """Return the value of a rule, or of a rule below `presence`; None if the binding does not set it."""
    rules = binding.rules.presence if rule in PRESENCE_STRATEGIES else binding.rules
    value = getattr(rules, rule, None)
    return None if value == () else value
