"""Which rules bind an OPD on which dates, and the instrument that gave each: layers resolved, caps held together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from services.policy.domain.resolution.binding import (
    DAY,
    EVERY,
    Binding,
    Granted,
    Ranked,
    Span,
    rank,
    spans_of,
    standing,
)
from shared.domain.facts.policy import GRANTED_DAY, Period, Pilot, Winner
from shared.domain.facts.rules import Pattern, Presence, Rules, SiteStart

Stretch = tuple[Period, Ranked]
"""A period, and what binds in it anywhere."""
Gave = tuple[Any, Binding]
"""The value of a rule, and the instrument that gave it."""
How = Callable[[str, Ranked, Ranked], Gave | None]
"""(rule, what sets it, what gives the pattern) → what it becomes."""


def _last(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """The most specific layer's own word, the later in force within it."""
    return (_said(setting[-1], rule), setting[-1]) if setting else None


def _least(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """A cap of any layer holds beside all others: the strictest one binds; of equals the most specific."""
    giver = min(reversed(setting), key=lambda b: _said(b, rule), default=None)
    return (_said(giver, rule), giver) if giver else None


def _most(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    giver = max(reversed(setting), key=lambda b: _said(b, rule), default=None)
    return (_said(giver, rule), giver) if giver else None


def _all(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """Whoever any layer keeps on site stays there."""
    return (sorted({each for b in setting for each in _said(b, rule)}), setting[-1]) if setting else None


def _each(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """One after another, the most specific first: who reads them takes the first that speaks of a unit."""
    return ([each for b in reversed(setting) for each in _said(b, rule)], setting[-1]) if setting else None


def _common(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """A lower layer may narrow what an upper one leaves open; where they have nothing in common the upper one holds."""
    if not setting:
        return None
    listed, giver = list(_said(setting[0], rule)), setting[0]
    for binding in setting[1:]:
        both = [each for each in listed if each in _said(binding, rule)]
        listed, giver = (both, binding) if both else (listed, giver)
    return listed, giver


def _with_pattern(rule: str, _: Ranked, giving: Ranked) -> Gave | None:
    """What only has a meaning beside its own pattern comes from the instrument that gives that."""
    return (_said(giving[-1], rule), giving[-1]) if giving and _said(giving[-1], rule) else None


def _offers(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    offers = [
        each.model_copy(update={"instrument": b.instrument.instrument}) for b in setting for each in _said(b, rule)
    ]
    return (offers, setting[-1]) if setting else None


def _overlaid(rule: str, setting: Ranked, _: Ranked) -> Gave | None:
    """Hours of an overlay before all others; else of the most specific layer."""
    giver = max(setting, key=lambda b: (b.instrument.overlay, rank(b)), default=None)
    return (_said(giver, rule), giver) if giver else None


RESOLVED: Mapping[str, How] = {
    "pattern": _with_pattern,
    "max_share": _least,
    "max_on_site_share": _least,
    "min_on_site_share": _most,
    "weekly_cap_days": _least,
    "approvals": _offers,
    "covers": _last,
    "eligible_job_types": _common,
    "excluded_units": _all,
    "excluded_classes": _all,
    "forced_on_site_positions": _all,
    "unit_head_decides": _with_pattern,
    "person_rules": _all,
    "new_in_post_days": _most,
    "requires": _all,
    "work_patterns": _each,
    "hours": _overlaid,
    "places": _last,
    "publish_notice_days": _most,
    "sites": _with_pattern,
    "evaluation": _last,
}
"""How a rule of several instruments becomes one."""

BESIDE: Mapping[str, tuple[str, ...]] = {
    "share_of": ("max_share", "min_on_site_share"),
    "weekly_cap_exempt": ("weekly_cap_days",),
}

PRESENCE: Mapping[str, How] = {
    "checks": _most,
    "place": _last,
    "grace_minutes": _least,
    "no_show_minutes": _least,
    "reply_within_s": _least,
    "max_calls": _least,
    "reprimand_after_calls": _least,
    "review_days": _last,
    "accept_claimed": _least,
    "offline_limit_hours": _least,
}


def _said(binding: Binding, rule: str) -> Any:  # noqa: ANN401 - rules are of many types
    source = binding.rules.presence if rule in PRESENCE else binding.rules
    value = getattr(source, rule, None)
    return None if value == () else value


def periods(bindings: Sequence[Binding], grants: Sequence[Granted] = ()) -> tuple[Period, ...]:
    """The resolved rules by date range; dates that no instrument binds are left out."""
    return joined(period for period, _ in stretches(bindings, grants))


def joined(cut: Iterable[Period]) -> tuple[Period, ...]:
    """Neighbouring periods of the same rules by the same instruments as one: what cut them apart changed nothing."""
    found: list[Period] = []
    for period in cut:
        last = found[-1] if found else None
        if last and last.to and last.to + DAY == period.from_ and _same(last, period):
            found[-1] = last.model_copy(update={"to": period.to})
        else:
            found.append(period)
    return tuple(found)


def _same(one: Period, other: Period) -> bool:
    return (one.won_by, one.rules, one.pilots) == (other.won_by, other.rules, other.pilots)


def stretches(bindings: Sequence[Binding], grants: Sequence[Granted] = ()) -> Iterator[Stretch]:
    """Each period beside what binds in it, in rising precedence."""
    spans = [span for binding in bindings for span in spans_of(binding)]
    ends = {day for span in spans for day in (span.first, span.until)}
    cuts = sorted(ends | {day for granted in grants for day in (granted.first, granted.until)})
    for first, until in pairwise(cuts):
        there = [span for span in spans if span.first <= first and until <= span.until]
        if there:
            last = None if until == date.max else until - DAY
            granted = [g for g in grants if g.first <= first and until <= g.until]
            anywhere = {rank(span.binding): span.binding for span in there}
            yield _period(first, last, there, granted), [anywhere[place] for place in sorted(anywhere)]


def _period(first: date, last: date | None, there: Sequence[Span], granted: Sequence[Granted]) -> Period:
    sites = sorted({span.site for span in there} - {EVERY})
    waiting = sorted((span.binding for span in there if span.site != EVERY), key=rank)
    pilots = {site: resolve(standing(there, site), granted) for site in sites}
    rules, won_by = resolve(standing(there, EVERY), granted, waiting)
    own = {site: Pilot(rules=rules, won_by=won_by) for site, (rules, won_by) in pilots.items()}
    return Period(from_=first, to=last, rules=rules, won_by=won_by, pilots=own)


def sited(stretch: Stretch, site: str | None) -> Stretch:
    """The rules of one site in a period, and what binds there."""
    period, ranked = stretch
    if not period.pilots:
        return stretch
    there = [span for b in ranked for span in spans_of(b) if span.first <= period.from_ < span.until]
    return period.at(site), standing(there, site or EVERY)


def by_site(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """Each period for all sites, and for each that has rules of its own."""
    return (sited(stretch, site) for stretch in found for site in (None, *stretch[0].pilots))


def resolve(
    ranked: Ranked, granted: Sequence[Granted] = (), waiting: Ranked = ()
) -> tuple[Rules, Mapping[str, Winner]]:
    """The rules of one day: the last of `ranked` with a pattern gives it, whatever was granted beside it added.

    `waiting` binds elsewhere already: where nothing gives a pattern, its own is the one that has not begun.
    """
    giving = [b for b in ranked if b.rules.pattern]
    found = _found(RESOLVED, ranked, giving)
    found |= _beside(found) | _granted(ranked, giving, granted)
    found |= {} if "pattern" in found else _not_begun([b for b in waiting if b.rules.pattern])
    presence = _found(PRESENCE, ranked, giving)
    values = {rule: value for rule, (value, _) in found.items() if not rule.startswith(GRANTED_DAY)}
    if "sites" in values:
        named = [site for site in values["sites"] if site.site != EVERY]
        values["sites"] = (*named, _elsewhere(found["sites"][1]))
    if presence:
        values["presence"] = Presence(**{rule: value for rule, (value, _) in presence.items()})
    return Rules(**values), {rule: _winner(giver) for rule, (_, giver) in (found | presence).items()}


def _found(table: Mapping[str, How], ranked: Ranked, giving: Ranked) -> dict[str, Gave]:
    resolved = (
        (rule, how(rule, [b for b in ranked if _said(b, rule) is not None], giving)) for rule, how in table.items()
    )
    return {rule: gave for rule, gave in resolved if gave}


def _beside(found: Mapping[str, Gave]) -> dict[str, Gave]:
    """What only explains another rule comes from the instrument that gave that one."""
    givers = ((rule, next((found[of][1] for of in rules if of in found), None)) for rule, rules in BESIDE.items())
    return {rule: (said, giver) for rule, giver in givers if giver and (said := _said(giver, rule)) is not None}


def _elsewhere(giver: Binding) -> SiteStart:
    """The sites that an instrument does not name begin when it does."""
    return SiteStart(site=EVERY, from_=giver.everywhere)


def _not_begun(waiting: Ranked) -> dict[str, Gave]:
    return {rule: (_said(waiting[-1], rule), waiting[-1]) for rule in ("pattern", "sites")} if waiting else {}


def _granted(ranked: Ranked, giving: Ranked, granted: Sequence[Granted]) -> dict[str, Gave]:
    """Weekdays that an OPD was granted, as long as their instrument binds and offers them, beside whatever pattern."""
    offering = {b.instrument.instrument: (b, _offered(b)) for b in ranked}
    more = [(day, g.instrument) for g in granted if g.instrument in offering for day in g.weekdays]
    pattern, own = (giving[-1].rules.pattern, giving[-1]) if giving else (Pattern(), None)
    if not pattern or (own and not pattern.weekdays):
        return {}
    days = {day: offering[name][0] for day, name in more if day in offering[name][1] and day not in pattern.weekdays}
    giver = own or next(iter(days.values()), None)
    if not days or giver is None:
        return {}
    others = {f"{GRANTED_DAY}{day}": (day, offer) for day, offer in days.items() if offer is not giver}
    return {"pattern": (Pattern(weekdays=(*pattern.weekdays, *days)), giver), **others}


def _offered(binding: Binding) -> set[str]:
    return {day for offer in binding.rules.approvals if offer.kind == "OPD_DAYS" for day in offer.weekdays}


def _winner(binding: Binding) -> Winner:
    return Winner(instrument=binding.instrument.instrument, layer=binding.instrument.layer)
