"""Writes the text of each rule in Indonesian and English, without its source and without a full stop."""

from collections.abc import Callable, Mapping

from services.policy.domain.explanation.labels import CODE_LABELS, PRESENCE_LABELS, Bilingual
from services.policy.domain.explanation.phrases import (
    date_text,
    join_pairs,
    label,
    label_list,
    number_text,
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

NUMBER_CLAUSES: Mapping[str, Bilingual] = {
    "weekly_cap_days": ("Paling banyak {} hari seminggu tiap orang", "At most {} days a week for each person"),
    "new_in_post_days": ("Baru dalam jabatan: kurang dari {} hari", "New in post: less than {} days"),
    "publish_notice_days": ("Jadwal diumumkan {} hari sebelumnya", "Rosters are published {} days ahead"),
}
SHARE_CLAUSES: Mapping[str, Bilingual] = {
    "max_share": ("Paling banyak {} {}di rumah", "At most {} {}at home"),
    "min_on_site_share": ("Sedikitnya {} {}di kantor", "At least {} {}on site"),
    "max_on_site_share": ("Paling banyak {} {}di kantor", "At most {} {}on site"),
}
SHARE_BASES: Mapping[str, Bilingual] = {
    "UNIT": ("tiap unit ", "of each unit "),
    "OPD": ("tiap OPD ", "of each OPD "),
}
"""The group of staff that a share refers to; the space at the end belongs to the sentence."""


def pattern_days(pattern: Pattern) -> Bilingual:
    """Return the days of a pattern."""
    if pattern.weekdays:
        return label_list(pattern.weekdays)
    if pattern.groups:
        return f"{pattern.groups} kelompok bergilir", f"{pattern.groups} groups in turn"
    if pattern.dates:
        first, last, n = date_text(pattern.dates[0]), date_text(pattern.dates[-1]), len(pattern.dates)
        return f"{n} tanggal, {first[0]} sampai {last[0]}", f"{n} dates, {first[1]} to {last[1]}"
    return "setiap hari kerja", "any working day"


def pattern_clause(rules: Rules) -> Bilingual:
    """Return the clause of the WFH pattern."""
    days = pattern_days(rules.pattern or Pattern())
    return f"Hari WFH: {days[0]}", f"WFH days: {days[1]}"


def _share_clause(rule: str) -> Callable[[Rules], Bilingual]:
    def write(rules: Rules) -> Bilingual:
        base, share = SHARE_BASES.get(rules.share_of or "", ("", "")), percent(getattr(rules, rule))
        return SHARE_CLAUSES[rule][0].format(share, base[0]), SHARE_CLAUSES[rule][1].format(share, base[1])

    return write


def _number_clause(rule: str) -> Callable[[Rules], Bilingual]:
    def write(rules: Rules) -> Bilingual:
        value = getattr(rules, rule)
        return NUMBER_CLAUSES[rule][0].format(value), NUMBER_CLAUSES[rule][1].format(value)

    return write


def _discretion_clause(rules: Rules) -> Bilingual:
    decisions = [(scope_label_list(d.units), label_list(d.may_decide)) for d in rules.unit_head_decides]
    return join_pairs(
        (
            (f"Kepala unit ({units[0]}) memutuskan {matters[0]}", f"Heads of units ({units[1]}) decide {matters[1]}")
            for units, matters in decisions
        ),
        "; ",
    )


def _sites_clause(rules: Rules) -> Bilingual:
    starts = join_pairs((_site_start(site) for site in rules.sites), "; ")
    return f"Mulai: {starts[0]}", f"The start is: {starts[1]}"


def _site_start(start: SiteStart) -> Bilingual:
    name = CODE_LABELS.get(start.site, (start.site, start.site))
    first, dates = date_text(start.from_), join_pairs(date_text(day) for day in start.dates)
    prefix = (", hari WFH tambahan ", ", with the extra WFH day ") if start.dates else ("", "")
    return f"{name[0]} {first[0]}{prefix[0]}{dates[0]}", f"{name[1]} {first[1]}{prefix[1]}{dates[1]}"


def _places_clause(rules: Rules) -> Bilingual:
    places = join_pairs(_place_text(place) for place in rules.places)
    return f"Tempat: {places[0]}", f"Places: {places[1]}"


def _place_text(place: AllowedPlace) -> Bilingual:
    name, conditions = label(place.place), label_list(place.conditions)
    if not place.conditions:
        return name
    return f"{name[0]} (syarat: {conditions[0]})", f"{name[1]} (provided {conditions[1]})"


def _hours_clause(rules: Rules) -> Bilingual:
    hours = rules.hours or WorkingHours(day_start="07:30")
    total, start, end = number_text(weekly_hours(hours)), hours.day_start, hours.day_end
    span = (f"{start}-{end}", f"{start}-{end}") if end else (f"mulai {start}", f"from {start}")
    return (
        f"Jam kerja {span[0].replace(':', '.')}, {total[0]} jam seminggu",
        f"Working hours {span[1]}, {total[1]} hours a week",
    )


def _work_patterns_clause(rules: Rules) -> Bilingual:
    scopes = [(scope_label_list(p.units), _work_days(p)) for p in rules.work_patterns]
    text = join_pairs(((f"{units[0]} {days[0]}", f"{units[1]} {days[1]}") for units, days in scopes), "; ")
    return f"Hari kerja: {text[0]}", f"Working days: {text[1]}"


def _work_days(pattern: WorkPattern) -> Bilingual:
    first, last = label(pattern.work_days[0]), label(pattern.work_days[-1])
    shifts = (", bergiliran", ", in shifts") if pattern.shifts else ("", "")
    return f"{first[0]} sampai {last[0]}{shifts[0]}", f"{first[1]} to {last[1]}{shifts[1]}"


def _presence_clause(rules: Rules) -> Bilingual:
    presence = rules.presence or Presence()
    values = {name: getattr(presence, name) for name in PRESENCE_LABELS}
    parts = [
        (PRESENCE_LABELS[name][0].format(value), PRESENCE_LABELS[name][1].format(value))
        for name, value in values.items()
        if value is not None
    ]
    if presence.accept_claimed is False:
        parts.append(("tanpa bukti lokasi tidak diterima", "not accepted without proof of place"))
    text = join_pairs(parts or [("seperti biasa", "as usual")])
    return f"Presensi: {text[0]}", f"Presence: {text[1]}"


def _evaluation_clause(rules: Rules) -> Bilingual:
    evaluation = rules.evaluation or Evaluation()
    if evaluation.review_after_days:
        days = evaluation.review_after_days
        return f"Ditinjau setelah {days} hari", f"Reviewed after {days} days"
    if not evaluation.measures:
        return "Dievaluasi", "Evaluated"
    measures = scope_label_list(evaluation.measures)
    return f"Dievaluasi: {measures[0]}", f"Evaluated: {measures[1]}"


CLAUSE_WRITERS: Mapping[str, Callable[[Rules], Bilingual] | None] = {
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
