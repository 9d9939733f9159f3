"""Writes rules clause by clause, each with its source instrument."""

from collections.abc import Iterator, Mapping

from services.policy.domain.explanation.attribution import Attribution, NoAttribution
from services.policy.domain.explanation.clause_texts import CLAUSE_WRITERS, pattern_clause, pattern_days
from services.policy.domain.explanation.labels import PRESENCE_LABELS
from services.policy.domain.explanation.phrases import (
    approval_sentence,
    label,
    percent,
    scope_label_list,
    with_source,
)
from shared.domain.facts.rules import Pattern, Rules
from shared.domain.messages import LocalNumber, Message, Text, concatenate, join

LIST_CLAUSES: Mapping[str, Message] = {
    "excluded_classes": Message("Tetap di kantor: {codes}"),
    "excluded_units": Message("Unit yang tetap di kantor: {codes}"),
    "forced_on_site_positions": Message("Jabatan yang tetap di kantor: {codes}"),
    "eligible_job_types": Message("Jenis jabatan yang boleh: {codes}"),
    "covers": Message("Berlaku bagi {codes}"),
    "person_rules": Message("Syarat pegawai: {codes}"),
    "weekly_cap_exempt": Message("Batas hari seminggu tidak berlaku bagi {codes}"),
    "requires": Message("Wajib: {codes}"),
}
"""Rules that are lists of codes. Several instruments may fill one list."""


def rule_clauses(rules: Rules, attribution: Attribution) -> Iterator[tuple[str, Text]]:
    """Yield the name of each rule that is set, with its sentence and source, in the order of `CLAUSE_WRITERS`."""
    for rule, write in CLAUSE_WRITERS.items():
        # Not `if not …`: a cap of 0 is a rule that is set.
        if getattr(rules, rule) in (None, ()):
            continue
        if rule == "pattern" and attribution.granted_days():
            yield rule, _pattern_with_grants(rules, attribution, attribution.source_title(rule))
        elif write is None:
            yield rule, _list_clause(rule, attribution)
        else:
            yield rule, with_source(write(rules), attribution.source_title(_attributed_rule(rule, rules)))


def instrument_clauses(rules: Rules) -> list[Text]:
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


def _list_clause(rule: str, attribution: Attribution) -> Text:
    parts = (_with_title(scope_label_list(codes), title) for codes, title in attribution.codes_by_source(rule))
    return concatenate(LIST_CLAUSES[rule].fill(codes=join(parts, "; ")), ".")


def _pattern_with_grants(rules: Rules, attribution: Attribution, title: str) -> Text:
    """Return the days of the pattern, and the days that other instruments granted in addition."""
    grants, pattern = attribution.granted_days(), rules.pattern or Pattern()
    ungranted = pattern_days(Pattern(weekdays=tuple(day for day in pattern.weekdays if day not in grants)))
    parts = [(ungranted, title), *((label(day), source) for day, source in grants.items())]
    days = join((_with_title(labels, source) for labels, source in parts), "; ")
    return Message("Hari WFH: {days}.", days=days)


def _with_title(labels: Text, title: str) -> Text:
    return concatenate(labels, f" ({title})") if title else labels


def outside_pattern(rules: Rules, attribution: Attribution) -> Text:
    """Explain a day that the pattern does not include."""
    title = attribution.source_title("pattern")
    if attribution.granted_days():
        days = _pattern_with_grants(rules, attribution, "")
        return Message("Di luar pola {title}. {days}", title=title, days=days)
    clause = pattern_clause(rules)
    return Message("Di luar pola {title}. {clause}.", title=title, clause=clause)


def short_label(rules: Rules) -> Text | None:
    """Return a label that fits on a bar of the timeline: days and share, weekly cap, hours or places; None if none."""
    if rules.pattern:
        days, share = pattern_days(rules.pattern), rules.max_share
        # A share of 100 % limits nothing.
        cap = "" if share is None or share == 1 else percent(share)
        return Message("{days}, maks. {cap}", days=days, cap=cap) if cap else days
    if rules.weekly_cap_days is not None:
        n = rules.weekly_cap_days
        return Message("paling banyak {n} hari per minggu", n=n)
    if rules.hours and rules.hours.week:
        return Message("{hours} jam seminggu", hours=LocalNumber(rules.hours.week))
    if any(offer.kind == "APPLICATION" for offer in rules.approvals):
        return Message("atas permohonan")
    return None
