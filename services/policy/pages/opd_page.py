"""Builds the template context of the page that shows the rules of an OPD."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from services.policy.domain.explanation import clauses, phrases
from services.policy.domain.explanation.attribution import PeriodAttribution
from services.policy.domain.explanation.clause_texts import pattern_days
from services.policy.domain.resolution.conflicts import WORKING_DAYS_PER_WEEK, days_per_person, share_vs_cap_conflicts
from shared.domain.facts.policy import Conflict, OpdOpened, Period, PolicyChanged
from shared.domain.messages import Text, concatenate
from shared.domain.places import region_name

MAX_HOLIDAYS = 12
"""Number of holidays on the page: those of about half a year."""


def template_context(
    opd: OpdOpened, policy: PolicyChanged | None, titles: Mapping[str, str], today: date
) -> Mapping[str, Any]:
    """Return the variables of the template `aturan.html`; an instrument without a title is shown by its id."""
    periods = policy.periods if policy else ()
    holidays = [h for h in policy.holidays if h.date >= today] if policy else []
    remaining = [p for p in periods if (p.to or today) >= today]
    conflicts = policy.conflicts if policy else ()

    def title_of(instrument: str) -> str:
        return titles.get(instrument, instrument)

    return {
        "opd": opd,
        "place": region_name(opd.region),
        "today": today,
        "holiday": next((h for h in holidays if h.date == today), None),
        "current": next((p for p in remaining if p.from_ <= today), None),
        "periods": [(p, _phase(p, today)) for p in (*remaining, *(p for p in periods if p not in remaining))],
        "share_conflicts": [figures for c in conflicts for figures in _share_conflict_figures(c, remaining)],
        "conflict_sentences": [
            phrases.conflict_sentence(c, title_of) for c in conflicts if _needs_sentence(c, remaining)
        ],
        "holidays": holidays[:MAX_HOLIDAYS],
        "title_of": title_of,
        "rule_texts": partial(_rule_texts, title_of=title_of),
        "pattern_days": pattern_days,
    }


def _rule_texts(period: Period, title_of: phrases.TitleLookup) -> Iterator[Text]:
    """Yield the rules of a period, then the different rules of each site that has its own start."""
    yield from (text for _, text in clauses.rule_clauses(period.rules, PeriodAttribution(period, title_of)))
    for site in period.pilots:
        at_site = period.at_site(site)
        for rule, text in clauses.rule_clauses(at_site.rules, PeriodAttribution(at_site, title_of)):
            if getattr(at_site.rules, rule) != getattr(period.rules, rule):
                yield concatenate(f"{site}: ", text)


def _phase(period: Period, today: date) -> str:
    if period.from_ > today:
        return "COMING"
    return "ENDED" if period.to and period.to < today else "NOW"


def _needs_sentence(conflict: Conflict, remaining: list[Period]) -> bool:
    """Return whether a conflict without figures is between instruments that bind today or later."""
    sources = {winner.instrument for period in remaining for winner in period.won_by.values()}
    has_figures = (conflict.effect or "").startswith("WEEKLY_MEAN_SHARE:")
    return not has_figures and set(conflict.instruments) <= sources


def _share_conflict_figures(conflict: Conflict, remaining: list[Period]) -> list[Mapping[str, Any]]:
    """Return the figures of a conflict between a daily share and a weekly cap; empty if all its periods have ended."""
    in_conflict = [period for period in remaining if conflict in share_vs_cap_conflicts(period)]
    return [
        {
            "instruments": conflict.instruments,
            "higher": conflict.resolved_by.startswith("HIGHER_NORM:"),
            "share": period.rules.max_share,
            "days": days_per_person(period.rules),
            "cap": period.rules.weekly_cap_days,
            "mean": (period.rules.weekly_cap_days or 0) / WORKING_DAYS_PER_WEEK,
        }
        for period in in_conflict[:1]
    ]
