"""Writes rules clause by clause in Indonesian and English, each with its source instrument."""

from collections.abc import Iterator, Mapping

from services.policy.domain.explanation.attribution import Attribution, NoAttribution
from services.policy.domain.explanation.clause_texts import CLAUSE_WRITERS, pattern_clause, pattern_days
from services.policy.domain.explanation.labels import PRESENCE_LABELS, Bilingual
from services.policy.domain.explanation.phrases import (
    approval_sentence,
    bilingual_text,
    join_pairs,
    label,
    number_text,
    percent,
    scope_label_list,
    with_source,
)
from shared.domain.facts.instruments import BilingualText
from shared.domain.facts.rules import Pattern, Rules

LIST_CLAUSES: Mapping[str, Bilingual] = {
    "excluded_classes": ("Tetap di kantor: {}", "On site: {}"),
    "excluded_units": ("Unit yang tetap di kantor: {}", "Units that stay on site: {}"),
    "forced_on_site_positions": ("Jabatan yang tetap di kantor: {}", "Positions that stay on site: {}"),
    "eligible_job_types": ("Jenis jabatan yang boleh: {}", "Job types that may: {}"),
    "covers": ("Berlaku bagi {}", "Covers {}"),
    "person_rules": ("Syarat pegawai: {}", "A person must be: {}"),
    "weekly_cap_exempt": ("Batas hari seminggu tidak berlaku bagi {}", "The cap of days a week exempts {}"),
    "requires": ("Wajib: {}", "Required: {}"),
}
"""Rules that are lists of codes. Several instruments may fill one list."""


def rule_clauses(rules: Rules, attribution: Attribution) -> Iterator[tuple[str, BilingualText]]:
    """Yield the name of each rule that is set, with its sentence and source, in the order of `CLAUSE_WRITERS`."""
    for rule, write in CLAUSE_WRITERS.items():
        if getattr(rules, rule) in (None, ()):
            continue
        if rule == "pattern" and attribution.granted_days():
            yield rule, _pattern_with_grants(rules, attribution, attribution.source_title(rule))
        elif write is None:
            yield rule, _list_clause(rule, attribution)
        else:
            yield rule, with_source(write(rules), attribution.source_title(_attributed_rule(rule, rules)))


def instrument_clauses(rules: Rules) -> list[BilingualText]:
    """Return what a single instrument sets, without sources: its pattern, the other rules, then its approvals."""
    clauses = sorted(rule_clauses(rules, NoAttribution(rules)), key=lambda clause: clause[0] != "pattern")
    return [*(text for _, text in clauses), *(approval_sentence(offer, "") for offer in rules.approvals)]


def _attributed_rule(rule: str, rules: Rules) -> str:
    """Return the rule whose winner is named as the source of a clause."""
    if rule != "presence":
        return rule
    # The settings of presence are resolved one by one, so `won_by` has no entry for `presence` itself.
    # The clause has one sentence: it names the source of the first setting.
    return next((name for name in PRESENCE_LABELS if getattr(rules.presence, name) is not None), "accept_claimed")


def _list_clause(rule: str, attribution: Attribution) -> BilingualText:
    parts = ((scope_label_list(codes), title) for codes, title in attribution.codes_by_source(rule))
    codes = join_pairs((_with_title(labels, title) for labels, title in parts), "; ")
    return bilingual_text(f"{LIST_CLAUSES[rule][0].format(codes[0])}.", f"{LIST_CLAUSES[rule][1].format(codes[1])}.")


def _pattern_with_grants(rules: Rules, attribution: Attribution, title: str) -> BilingualText:
    """Return the days of the pattern, and the days that other instruments granted in addition."""
    grants, pattern = attribution.granted_days(), rules.pattern or Pattern()
    ungranted = pattern_days(Pattern(weekdays=tuple(day for day in pattern.weekdays if day not in grants)))
    parts = [(ungranted, title), *((label(day), source) for day, source in grants.items())]
    days = join_pairs((_with_title(labels, source) for labels, source in parts), "; ")
    return bilingual_text(f"Hari WFH: {days[0]}.", f"WFH days: {days[1]}.")


def _with_title(labels: Bilingual, title: str) -> Bilingual:
    return (f"{labels[0]} ({title})", f"{labels[1]} ({title})") if title else labels


def outside_pattern(rules: Rules, attribution: Attribution) -> BilingualText:
    """Explain a day that the pattern does not include."""
    title = attribution.source_title("pattern")
    if attribution.granted_days():
        days = _pattern_with_grants(rules, attribution, "")
        return bilingual_text(f"Di luar pola {title}. {days.id}", f"Outside the pattern of {title}. {days.en}")
    clause = pattern_clause(rules)
    return bilingual_text(f"Di luar pola {title}. {clause[0]}.", f"Outside the pattern of {title}. {clause[1]}.")


def short_label(rules: Rules) -> BilingualText | None:
    """Return a label that fits on a bar of the timeline: days and share, weekly cap, hours or places; None if none."""
    if rules.pattern:
        days, share = pattern_days(rules.pattern), rules.max_share
        cap = "" if share is None or share == 1 else percent(share)
        return bilingual_text(days[0] + (f", maks. {cap}" if cap else ""), days[1] + (f", max. {cap}" if cap else ""))
    if rules.weekly_cap_days is not None:
        n = rules.weekly_cap_days
        return bilingual_text(f"paling banyak {n} hari per minggu", f"at most {n} days a week")
    if rules.hours and rules.hours.week:
        hours = number_text(rules.hours.week)
        return bilingual_text(f"{hours[0]} jam seminggu", f"{hours[1]} hours a week")
    if any(offer.kind == "APPLICATION" for offer in rules.approvals):
        return bilingual_text("atas permohonan", "on application")
    return None
