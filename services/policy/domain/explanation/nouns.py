"""What the codes of the rule language are called, and how numbers and dates are written, in both languages. Pure."""

from collections.abc import Iterable
from datetime import date

from babel.dates import format_date

from services.policy.domain.explanation import phrases
from services.policy.domain.explanation.phrases import said
from shared.domain.facts.policy import Said

Two = tuple[str, str]
"""The same words in Indonesian and in English."""


def name(code: str) -> Two:
    """A code of the rule language in words; every unit, where units are named."""
    return ("semua unit", "all units") if code == "*" else phrases.word(code)


def names(codes: Iterable[str]) -> Two:
    """Several codes in words, with commas."""
    each = [name(code) for code in codes]
    return ", ".join(n[0] for n in each), ", ".join(n[1] for n in each)


def day(value: date) -> Two:
    """`6 November 2025` in both languages."""
    return format_date(value, "d MMMM y", locale="id"), format_date(value, "d MMMM y", locale="en")


def capital(two: Two) -> Said:
    """A phrase as it stands at the beginning."""
    return said(two[0][:1].upper() + two[0][1:], two[1][:1].upper() + two[1][1:])
