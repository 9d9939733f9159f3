"""Writes the text of each rule, without its source and without a full stop."""

from collections.abc import Callable, Mapping

from services.policy.domain.explanation.labels import CODE_LABELS, PRESENCE_LABELS
from services.policy.domain.explanation.phrases import (
    label,
    label_list,
    percent,
    scope_label_list,
)
from services.policy.domain.resolution.working_hours import weekly_hours
from shared.domain.facts.rules import (
    AllowedPlace,
    Evaluation,
    Pattern,
    Presence,
    Rules,
    SiteStart,
    WorkingHours,
    WorkPattern,
)
from shared.domain.messages import LocalDate, LocalNumber, LocalTime, Message, Text, concatenate, join

NUMBER_CLAUSES: Mapping[str, Message] = {
    "weekly_cap_days": Message("Paling banyak {value} hari seminggu tiap orang"),
    "new_in_post_days": Message("Baru dalam jabatan: kurang dari {value} hari"),
    "publish_notice_days": Message("Jadwal diumumkan {value} hari sebelumnya"),
}
SHARE_CLAUSES: Mapping[str, Message] = {
    "max_share": Message("Paling banyak {share} {base}di rumah"),
    "min_on_site_share": Message("Sedikitnya {share} {base}di kantor"),
    "max_on_site_share": Message("Paling banyak {share} {base}di kantor"),
}
SHARE_BASES: Mapping[str, Message] = {
    "UNIT": Message("tiap unit "),
    "OPD": Message("tiap OPD "),
}
"""The group of staff that a share refers to; the space at the end belongs to the sentence."""


def pattern_days(pattern: Pattern) -> Text:
    """Return the days of a pattern."""
    if pattern.weekdays:
        return label_list(pattern.weekdays)
    if pattern.groups:
        return Message("{groups} kelompok bergilir", groups=pattern.groups)
    if pattern.dates:
        first, last, n = LocalDate(pattern.dates[0]), LocalDate(pattern.dates[-1]), len(pattern.dates)
        return Message("{n} tanggal, {first} sampai {last}", n=n, first=first, last=last)
    return Message("setiap hari kerja")


def pattern_clause(rules: Rules) -> Text:
    """Return the clause of the WFH pattern."""
    days = pattern_days(rules.pattern or Pattern())
    return Message("Hari WFH: {days}", days=days)


def _share_clause(rule: str) -> Callable[[Rules], Text]:
    def write(rules: Rules) -> Text:
        base = SHARE_BASES.get(rules.share_of or "", "")
        return SHARE_CLAUSES[rule].fill(share=percent(getattr(rules, rule)), base=base)

    return write


def _number_clause(rule: str) -> Callable[[Rules], Text]:
    def write(rules: Rules) -> Text:
        return NUMBER_CLAUSES[rule].fill(value=getattr(rules, rule))

    return write


def _discretion_clause(rules: Rules) -> Text:
    return join(
        (
            Message(
                "Kepala unit ({units}) memutuskan {matters}",
                units=scope_label_list(discretion.units),
                matters=label_list(discretion.may_decide),
            )
            for discretion in rules.unit_head_decides
        ),
        "; ",
    )


def _sites_clause(rules: Rules) -> Text:
    starts = join((_site_start(site) for site in rules.sites), "; ")
    return Message("Mulai: {starts}", starts=starts)


def _site_start(start: SiteStart) -> Text:
    parts: list[Text] = [CODE_LABELS.get(start.site, start.site), " ", LocalDate(start.from_)]
    if start.dates:
        parts.append(Message(", hari WFH tambahan {dates}", dates=join(LocalDate(day) for day in start.dates)))
    return join(parts, "")


def _places_clause(rules: Rules) -> Text:
    places = join(_place_text(place) for place in rules.places)
    return Message("Tempat: {places}", places=places)


def _place_text(place: AllowedPlace) -> Text:
    name, conditions = label(place.place), label_list(place.conditions)
    if not place.conditions:
        return name
    return Message("{name} (syarat: {conditions})", name=name, conditions=conditions)


def _hours_clause(rules: Rules) -> Text:
    # For the type checker: a clause is written only for a rule that is set. The same holds for `or` below.
    hours = rules.hours or WorkingHours(day_start="07:30")
    total = LocalNumber(weekly_hours(hours))
    if hours.day_end:
        span = LocalTime(f"{hours.day_start}-{hours.day_end}")
        return Message("Jam kerja {span}, {total} jam seminggu", span=span, total=total)
    start = LocalTime(hours.day_start)
    return Message("Jam kerja mulai {start}, {total} jam seminggu", start=start, total=total)


def _work_patterns_clause(rules: Rules) -> Text:
    scopes = (concatenate(scope_label_list(p.units), " ", _work_days(p)) for p in rules.work_patterns)
    return Message("Hari kerja: {days}", days=join(scopes, "; "))


def _work_days(pattern: WorkPattern) -> Text:
    first, last = label(pattern.work_days[0]), label(pattern.work_days[-1])
    if pattern.shifts:
        return Message("{first} sampai {last}, bergiliran", first=first, last=last)
    return Message("{first} sampai {last}", first=first, last=last)


def _presence_clause(rules: Rules) -> Text:
    presence = rules.presence or Presence()
    values = {name: getattr(presence, name) for name in PRESENCE_LABELS}
    parts: list[Text] = [PRESENCE_LABELS[name].fill(value=value) for name, value in values.items() if value is not None]
    if presence.accept_claimed is False:
        parts.append(Message("tanpa bukti lokasi tidak diterima"))
    return Message("Presensi: {settings}", settings=join(parts or [Message("seperti biasa")]))


def _evaluation_clause(rules: Rules) -> Text:
    evaluation = rules.evaluation or Evaluation()
    if evaluation.review_after_days:
        days = evaluation.review_after_days
        return Message("Ditinjau setelah {days} hari", days=days)
    if not evaluation.measures:
        return Message("Dievaluasi")
    measures = scope_label_list(evaluation.measures)
    return Message("Dievaluasi: {measures}", measures=measures)


CLAUSE_WRITERS: Mapping[str, Callable[[Rules], Text] | None] = {
    "excluded_classes": None,
    "excluded_units": None,
    "forced_on_site_positions": None,
    "eligible_job_types": None,
    "sites": _sites_clause,
    "pattern": pattern_clause,
    "max_share": _share_clause("max_share"),
    "min_on_site_share": _share_clause("min_on_site_share"),
    "max_on_site_share": _share_clause("max_on_site_share"),
    "unit_head_decides": _discretion_clause,
    "weekly_cap_days": _number_clause("weekly_cap_days"),
    "weekly_cap_exempt": None,
    "covers": None,
    "person_rules": None,
    "new_in_post_days": _number_clause("new_in_post_days"),
    "requires": None,
    "places": _places_clause,
    "hours": _hours_clause,
    "work_patterns": _work_patterns_clause,
    "presence": _presence_clause,
    "publish_notice_days": _number_clause("publish_notice_days"),
    "evaluation": _evaluation_clause,
}
"""The writer of each rule, in the order in which rules can decide where somebody works. None: a list of codes."""
