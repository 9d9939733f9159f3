"""Writes codes and shares, and the sentences that are no rule."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from services.policy.domain.explanation.labels import (
    CLASS_LABELS,
    CODE_LABELS,
    CONFLICT_LABELS,
    EFFECT_FACTORS,
    EFFECT_LABELS,
    RESOLUTION_REASONS,
    WEEKDAY_LABELS,
)
from shared.domain.facts.policy import Conflict, Holiday
from shared.domain.facts.rules import Approval
from shared.domain.messages import LocalDate, LocalNumber, Message, Text, concatenate, join

TitleLookup = Callable[[str], str]
"""A function that returns the title of an instrument by its id."""


def long_date(day: date) -> LocalDate:
    """Return a date with its weekday: `Kamis, 6 November 2025`."""
    return LocalDate(day, "EEEE, d MMMM y")


def percent(share: float) -> str:
    """Return a share (0.0 to 1.0) as `75 %`."""
    return f"{share * 100:g} %"


def label(code: str) -> Text:
    """Return the label of a code; an unknown code in lower case, with spaces instead of underscores."""
    plain = code.lower().replace("_", " ")
    return WEEKDAY_LABELS.get(code) or CLASS_LABELS.get(code) or CODE_LABELS.get(code) or plain


def label_list(codes: Iterable[str]) -> Text:
    """Return the labels of several codes, separated by commas."""
    return join(label(code) for code in codes)


def scope_label(code: str) -> Text:
    """Return the label of a code in a rule's scope, where `*` means all units (elsewhere `*` means all others)."""
    return Message("semua unit") if code == "*" else label(code)


def scope_label_list(codes: Iterable[str]) -> Text:
    """Return the labels of a rule's scope, separated by commas."""
    return join(scope_label(code) for code in codes)


DEFAULT_REASONS: Mapping[str, Message] = {
    "pattern": Message("Tidak ada pola WFH yang berlaku."),
    "excluded_classes": Message("Layanan langsung dan layanan 24 jam selalu di kantor."),
}
"""The reason given where no instrument sets the deciding rule."""


def holiday_sentence(holiday: Holiday | None) -> Text:
    """Explain a day without duty: a holiday of the calendar, or, without one, a weekly day off."""
    if holiday is None:
        return Message("Bukan hari kerja unit ini.")
    return Message(
        "{name} ({source}); hari WFH yang jatuh padanya hilang, tidak dipindah.",
        name=holiday.name,
        source=holiday.source,
    )


def with_source(sentence: Text, title: str) -> Text:
    """Return a sentence with the title of its source instrument in brackets; with an empty title without brackets."""
    source = f" ({title})" if title else ""
    return concatenate(sentence, source, ".")


def approval_sentence(offer: Approval, title: str) -> Text:
    """State what may be approved, by whom, on which conditions and under which instrument."""
    approver = label(offer.approver)
    sentences = {
        "OPD_DAYS": Message(
            "{days} juga WFH, hanya bagi OPD yang permohonannya disetujui {approver}",
            days=label_list(offer.weekdays),
            approver=approver,
        ),
        "APPLICATION": Message(
            "Pegawai dapat memohon bekerja dari tempat lain; {approver} menyetujui", approver=approver
        ),
        "ORDER": Message("Perorangan dapat bekerja dari rumah atas perintah {approver}", approver=approver),
    }
    # A later version may add a kind of approval; its code is then shown.
    sentence = sentences.get(offer.kind, label(offer.kind))
    if offer.requires:
        sentence = concatenate(sentence, Message(", syarat: {conditions}", conditions=label_list(offer.requires)))
    return with_source(sentence, title)


def conflict_sentence(conflict: Conflict, title_of: TitleLookup) -> Text:
    """State which instruments conflict, which one prevails and why, and what effect remains."""
    code, _, winner = conflict.resolved_by.partition(":")
    return Message(
        "Konflik {subject} ({titles}): {reason}, {winner}{remainder}.",
        subject=CONFLICT_LABELS.get(conflict.rule, conflict.rule),
        titles=" / ".join(title_of(name) for name in conflict.instruments),
        reason=RESOLUTION_REASONS.get(code, code),
        winner=title_of(winner),
        remainder=effect_clause(conflict.effect),
    )


def effect_clause(code: str | None) -> Text:
    """Return the effect that remains of conflicting rules, as a clause to append to a sentence; empty if unknown."""
    measure, _, value = (code or "").partition(":")
    if measure not in EFFECT_LABELS:
        return ""
    figure = LocalNumber(float(value) * EFFECT_FACTORS.get(measure, 1))
    return concatenate("; ", EFFECT_LABELS[measure].fill(value=figure))
