"""Resolves which rules hold in which period, for a whole OPD and for each site that begins on another date. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from services.policy.domain.resolution.binding import (
    ALL_SITES,
    ONE_DAY,
    Binding,
    BindingSpan,
    ByPrecedence,
    DayGrantPeriod,
    binding_spans,
    bindings_at_site,
    precedence,
)
from services.policy.domain.resolution.merge import merge_rules
from shared.domain.facts.policy import Period, Pilot


class ResolvedPeriod(NamedTuple):
    """A period with its merged rules, and every binding that is in force in it at any site."""

    period: Period
    bindings: ByPrecedence


def merged_periods(bindings: Sequence[Binding], grants: Sequence[DayGrantPeriod] = ()) -> tuple[Period, ...]:
    """Return the merged rules by period, in the order of dates. Dates that no instrument binds have no period."""
    return merge_adjacent(resolved.period for resolved in resolve_periods(bindings, grants))


def merge_adjacent(periods: Iterable[Period]) -> tuple[Period, ...]:
    """Join periods that follow each other without a gap and have the same rules from the same instruments."""
    merged: list[Period] = []
    for period in periods:
        last = merged[-1] if merged else None
        if last and last.to and last.to + ONE_DAY == period.from_ and _same_rules(last, period):
            merged[-1] = last.model_copy(update={"to": period.to})
        else:
            merged.append(period)
    return tuple(merged)


def _same_rules(first: Period, second: Period) -> bool:
    return (first.won_by, first.rules, first.pilots) == (second.won_by, second.rules, second.pilots)


def resolve_periods(bindings: Sequence[Binding], grants: Sequence[DayGrantPeriod] = ()) -> Iterator[ResolvedPeriod]:
    """Cut the dates wherever a binding or a grant begins or ends, and merge the rules of each period between."""
    spans = [span for binding in bindings for span in binding_spans(binding)]
    ends = {day for span in spans for day in (span.first, span.until)}
    cuts = sorted(ends | {day for grant in grants for day in (grant.first, grant.until)})
    # Every period looks at every span. Few instruments bind one OPD, and `EffectivePolicy` resolves equal OPD once:
    # a year of 1,350 OPD takes about a second (docs/decisions/0014).
    for first, until in pairwise(cuts):
        active = [span for span in spans if span.first <= first and until <= span.until]
        if active:
            last = None if until == date.max else until - ONE_DAY
            active_grants = [g for g in grants if g.first <= first and until <= g.until]
            # a binding has several spans where its sites begin on different dates: count it once
            distinct = {precedence(span.binding): span.binding for span in active}
            yield ResolvedPeriod(
                _period(first, last, active, active_grants), [distinct[key] for key in sorted(distinct)]
            )


def _period(first: date, last: date | None, active: Sequence[BindingSpan], grants: Sequence[DayGrantPeriod]) -> Period:
    sites = sorted({span.site for span in active} - {ALL_SITES})
    pending = sorted((span.binding for span in active if span.site != ALL_SITES), key=precedence)
    rules, won_by = merge_rules(bindings_at_site(active, ALL_SITES), grants, pending)
    pilots = dict[str, Pilot]()
    for site in sites:
        site_rules, site_won_by = merge_rules(bindings_at_site(active, site), grants)
        pilots[site] = Pilot(rules=site_rules, won_by=site_won_by)
    return Period(from_=first, to=last, rules=rules, won_by=won_by, pilots=pilots)


def at_site(resolved: ResolvedPeriod, site: str | None) -> ResolvedPeriod:
    """Return the rules and bindings of one site in a period; without a site, or without pilots, those of the rest."""
    period, bindings = resolved
    if not period.pilots:
        return resolved
    active = [span for b in bindings for span in binding_spans(b) if span.first <= period.from_ < span.until]
    return ResolvedPeriod(period.at_site(site), bindings_at_site(active, site or ALL_SITES))


def per_site(resolved_periods: Iterable[ResolvedPeriod]) -> Iterator[ResolvedPeriod]:
    """Yield each period as it is for sites in general, then for each site that has rules of its own in it."""
    return (at_site(resolved, site) for resolved in resolved_periods for site in (None, *resolved.period.pilots))
