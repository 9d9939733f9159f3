"""Words in Indonesian and in English: codes, dates, numbers, and the sentences beside the rules. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from services.policy.domain.explanation.labels import CLASSES, CODES, CONTESTED, DAYS, EFFECTS, FACTORS, WHY
from shared.domain.facts.policy import Conflict, Holiday, Said
from shared.domain.facts.rules import Approval

Titles = Callable[[str], str]
"""The title of an instrument by its id."""


def said(id_: str, en: str) -> Said:
    """One sentence in both languages. What is only shown may be longer than what a fact may hold."""
    return Said.model_construct(id=id_, en=en)


def on(day: date) -> tuple[str, str]:
    """`Kamis, 6 November 2025` in both languages."""
    return format_date(day, "EEEE, d MMMM y", locale="id"), format_date(day, "EEEE, d MMMM y", locale="en")


def word(code: str) -> tuple[str, str]:
    """A code in words; one that is not known stands as it is written, in lower case."""
    plain = code.lower().replace("_", " ")
    return DAYS.get(code) or CLASSES.get(code) or CODES.get(code) or (plain, plain)


def listed(codes: Iterable[str]) -> tuple[str, str]:
    """Several codes in words, with commas."""
    words = [word(code) for code in codes]
    return ", ".join(w[0] for w in words), ", ".join(w[1] for w in words)


def number(value: float) -> tuple[str, str]:
    """A number as it is written in each language: `37,5` and `37.5`."""
    return format_decimal(value, locale="id"), format_decimal(value, locale="en")


def percent(share: float) -> str:
    """`75 %`."""
    return f"{share * 100:g} %"


UNSAID: Mapping[str, Said] = {
    "pattern": said("Tidak ada pola WFH yang berlaku.", "No WFH pattern is in force."),
    "excluded_classes": said(
        "Layanan langsung dan layanan 24 jam selalu di kantor.", "Direct and 24-hour service is always on site."
    ),
}
"""What decides where no instrument has set the rule."""


def holiday(found: Holiday | None) -> Said:
    """A day without duty: of the calendar, or of the week."""
    if found is None:
        return said("Bukan hari kerja unit ini.", "No working day of this unit.")
    return said(
        f"{found.name} ({found.source}); hari WFH yang jatuh padanya hilang, tidak dipindah.",
        f"{found.name} ({found.source}); a WFH day on it vanishes, it is not moved.",
    )


def given(sentence: tuple[str, str], title: str) -> Said:
    """A sentence with the instrument that it comes from; without one where that is clear."""
    giver = f" ({title})" if title else ""
    return said(f"{sentence[0]}{giver}.", f"{sentence[1]}{giver}.")


def approval(offer: Approval, title: str) -> Said:
    """What may be granted, by whom, on what condition, and under which instrument."""
    by, days, asked = word(offer.approver), listed(offer.weekdays), listed(offer.requires)
    told = {
        "OPD_DAYS": (
            f"{days[0]} juga WFH, hanya bagi OPD yang permohonannya disetujui {by[0]}",
            f"{days[1]} is a WFH day too, only for an OPD whose application {by[1]} approved",
        ),
        "APPLICATION": (
            f"Pegawai dapat memohon bekerja dari tempat lain; {by[0]} menyetujui",
            f"One may apply to work elsewhere; {by[1]} approves",
        ),
        "ORDER": (
            f"Perorangan dapat bekerja dari rumah atas perintah {by[0]}",
            f"Single persons may be ordered to work from home by {by[1]}",
        ),
    }.get(offer.kind, word(offer.kind))
    more = (f", syarat: {asked[0]}", f", provided: {asked[1]}") if offer.requires else ("", "")
    return given((told[0] + more[0], told[1] + more[1]), title)


def conflict(found: Conflict, title: Titles) -> Said:
    """Which instruments meet, which one won and why, and what remains."""
    why, _, winner = found.resolved_by.partition(":")
    reason, rule = WHY.get(why, (why, why)), CONTESTED.get(found.rule, (found.rule, found.rule))
    both = " / ".join(title(name) for name in found.instruments)
    rest = effect(found.effect)
    return said(
        f"Konflik {rule[0]} ({both}): {reason[0]}, {title(winner)}{rest[0]}.",
        f"Conflict of {rule[1]} ({both}): {reason[1]}, {title(winner)}{rest[1]}.",
    )


def effect(code: str | None) -> tuple[str, str]:
    """What remains of rules that cannot both hold, to be read on after who won."""
    measure, _, value = (code or "").partition(":")
    if measure not in EFFECTS:
        return "", ""
    (id_, en), (figure, number_) = EFFECTS[measure], number(float(value) * FACTORS.get(measure, 1))
    return f"; {id_.format(figure)}", f"; {en.format(number_)}"


def joined(sentences: Sequence[Said]) -> Said:
    """Several sentences as one text."""
    return said(" ".join(s.id for s in sentences), " ".join(s.en for s in sentences))
