"""Writes codes, dates and numbers, and the sentences that are no rule, in Indonesian and English."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from services.policy.domain.explanation.labels import (
    CLASS_LABELS,
    CODE_LABELS,
    CONFLICT_LABELS,
    EFFECT_FACTORS,
    EFFECT_LABELS,
    RESOLUTION_REASONS,
    WEEKDAY_LABELS,
    Bilingual,
)
from shared.domain.facts.instruments import BilingualText
from shared.domain.facts.policy import Conflict, Holiday
from shared.domain.facts.rules import Approval

TitleLookup = Callable[[str], str]
"""A function that returns the title of an instrument by its id."""


def bilingual_text(id_: str, en: str) -> BilingualText:
    """Return one text in both languages, without validation."""
    # `model_construct` skips the length limits of facts: a text that is only displayed may be longer.
    return BilingualText.model_construct(id=id_, en=en)


def capitalize(pair: Bilingual) -> BilingualText:
    """Return a phrase with a capital first letter; the other letters keep their case, unlike `str.capitalize`."""
    return bilingual_text(pair[0][:1].upper() + pair[0][1:], pair[1][:1].upper() + pair[1][1:])


def join_pairs(pairs: Iterable[Bilingual], separator: str = ", ") -> Bilingual:
    """Join phrases with a separator, per language."""
    phrases = [*pairs]
    return separator.join(indonesian for indonesian, _ in phrases), separator.join(english for _, english in phrases)


def join_sentences(sentences: Sequence[BilingualText]) -> BilingualText:
    """Join sentences with spaces, per language."""
    return bilingual_text(" ".join(s.id for s in sentences), " ".join(s.en for s in sentences))


def date_text(day: date) -> Bilingual:
    """Return a date as `6 November 2025`, per language."""
    return format_date(day, "d MMMM y", locale="id"), format_date(day, "d MMMM y", locale="en")


def long_date(day: date) -> Bilingual:
    """Return a date with its weekday, as `Kamis, 6 November 2025`, per language."""
    return format_date(day, "EEEE, d MMMM y", locale="id"), format_date(day, "EEEE, d MMMM y", locale="en")


def number_text(value: float) -> Bilingual:
    """Return a number with the decimal separator of each language: `37,5` and `37.5`."""
    return format_decimal(value, locale="id"), format_decimal(value, locale="en")


def percent(share: float) -> str:
    """Return a share (0.0 to 1.0) as `75 %`."""
    return f"{share * 100:g} %"


def label(code: str) -> Bilingual:
    """Return the label of a code; an unknown code in lower case, with spaces instead of underscores."""
    plain = code.lower().replace("_", " ")
    return WEEKDAY_LABELS.get(code) or CLASS_LABELS.get(code) or CODE_LABELS.get(code) or (plain, plain)


def label_list(codes: Iterable[str]) -> Bilingual:
    """Return the labels of several codes, separated by commas."""
    return join_pairs(label(code) for code in codes)


def scope_label(code: str) -> Bilingual:
    """Return the label of a code in a rule's scope, where `*` means all units (elsewhere `*` means all others)."""
    return ("semua unit", "all units") if code == "*" else label(code)


def scope_label_list(codes: Iterable[str]) -> Bilingual:
    """Return the labels of a rule's scope, separated by commas."""
    return join_pairs(scope_label(code) for code in codes)


DEFAULT_REASONS: Mapping[str, BilingualText] = {
    "pattern": bilingual_text("Tidak ada pola WFH yang berlaku.", "No WFH pattern is in force."),
    "excluded_classes": bilingual_text(
        "Layanan langsung dan layanan 24 jam selalu di kantor.", "Direct and 24-hour service is always on site."
    ),
}
"""The reason given where no instrument sets the deciding rule."""


def holiday_sentence(holiday: Holiday | None) -> BilingualText:
    """Explain a day without duty: a holiday of the calendar, or, without one, a weekly day off."""
    if holiday is None:
        return bilingual_text("Bukan hari kerja unit ini.", "No working day of this unit.")
    return bilingual_text(
        f"{holiday.name} ({holiday.source}); hari WFH yang jatuh padanya hilang, tidak dipindah.",
        f"{holiday.name} ({holiday.source}); a WFH day on it vanishes, it is not moved.",
    )


def with_source(sentence: Bilingual, title: str) -> BilingualText:
    """Return a sentence with the title of its source instrument in brackets; with an empty title without brackets."""
    source = f" ({title})" if title else ""
    return bilingual_text(f"{sentence[0]}{source}.", f"{sentence[1]}{source}.")


def approval_sentence(offer: Approval, title: str) -> BilingualText:
    """State what may be approved, by whom, on which conditions and under which instrument."""
    approver, days, conditions = label(offer.approver), label_list(offer.weekdays), label_list(offer.requires)
    text = {
        "OPD_DAYS": (
            f"{days[0]} juga WFH, hanya bagi OPD yang permohonannya disetujui {approver[0]}",
            f"{days[1]} is a WFH day too, only for an OPD whose application {approver[1]} approved",
        ),
        "APPLICATION": (
            f"Pegawai dapat memohon bekerja dari tempat lain; {approver[0]} menyetujui",
            f"One may apply to work elsewhere; {approver[1]} approves",
        ),
        "ORDER": (
            f"Perorangan dapat bekerja dari rumah atas perintah {approver[0]}",
            f"Single persons may be ordered to work from home by {approver[1]}",
        ),
    }.get(offer.kind, label(offer.kind))
    more = (f", syarat: {conditions[0]}", f", provided: {conditions[1]}") if offer.requires else ("", "")
    return with_source((text[0] + more[0], text[1] + more[1]), title)


def conflict_sentence(conflict: Conflict, title_of: TitleLookup) -> BilingualText:
    """State which instruments conflict, which one prevails and why, and what effect remains."""
    code, _, winner = conflict.resolved_by.partition(":")
    reason = RESOLUTION_REASONS.get(code, (code, code))
    subject = CONFLICT_LABELS.get(conflict.rule, (conflict.rule, conflict.rule))
    titles = " / ".join(title_of(name) for name in conflict.instruments)
    remainder = effect_clause(conflict.effect)
    return bilingual_text(
        f"Konflik {subject[0]} ({titles}): {reason[0]}, {title_of(winner)}{remainder[0]}.",
        f"Conflict of {subject[1]} ({titles}): {reason[1]}, {title_of(winner)}{remainder[1]}.",
    )


def effect_clause(code: str | None) -> Bilingual:
    """Return the effect that remains of conflicting rules, as a clause to append to a sentence; empty if unknown."""
    measure, _, value = (code or "").partition(":")
    if measure not in EFFECT_LABELS:
        return "", ""
    indonesian, english = EFFECT_LABELS[measure]
    figure = number_text(float(value) * EFFECT_FACTORS.get(measure, 1))
    return f"; {indonesian.format(figure[0])}", f"; {english.format(figure[1])}"
