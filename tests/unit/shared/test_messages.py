"""Checks how messages are rendered in Indonesian and in English."""

from datetime import date
from pathlib import Path

import pytest

from shared.catalogue import Catalogue
from shared.domain.facts.instruments import BilingualText
from shared.domain.messages import (
    Capitalized,
    LocalDate,
    LocalNumber,
    LocalTime,
    Message,
    Text,
    concatenate,
    join,
)

DAY = date(2025, 11, 6)
FRIDAY = Message("Jumat")
ENGLISH = """
msgid "Jumat"
msgstr "Friday"

msgid "listrik"
msgstr "electricity"

msgctxt "POWER"
msgid "listrik"
msgstr "power"

msgid "paling banyak {share:g} pada {day}"
msgstr "on {day} at most {share:g}"
"""
CAP = Message("paling banyak {share:g} pada {day}")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "en.po").write_text(ENGLISH)
    return Catalogue(tmp_path)


@pytest.mark.parametrize(
    ("text", "indonesian", "english"),
    [
        ("PNS", "PNS", "PNS"),
        (FRIDAY, "Jumat", "Friday"),
        (Message("camat"), "camat", "camat"),
        (Message("listrik"), "listrik", "electricity"),
        (Message("listrik", context="POWER"), "listrik", "power"),
        (Message("listrik", context="OTHER"), "listrik", "listrik"),
        (CAP.fill(share=0.50, day=FRIDAY), "paling banyak 0.5 pada Jumat", "on Friday at most 0.5"),
        (
            Message("{number}, {day}, {none}", number=3, day=DAY, none=None),
            "3, 2025-11-06, None",
            "3, 2025-11-06, None",
        ),
        (Message("{title}", title="SE {150}"), "SE {150}", "SE {150}"),
        (join([FRIDAY, LocalDate(DAY)]), "Jumat, 6 November 2025", "Friday, 6 November 2025"),
        (concatenate(LocalDate(DAY, "EEEE"), "; ", LocalNumber(37.5)), "Kamis; 37,5", "Thursday; 37.5"),
        (LocalTime("07:30-16:00"), "07.30-16.00", "07:30-16:00"),
        (Capitalized(Message("listrik")), "Listrik", "Electricity"),
        (Capitalized("OPD lain"), "OPD lain", "OPD lain"),
        (BilingualText(id="Isian wajib.", en="Required."), "Isian wajib.", "Required."),
    ],
)
def test_a_text_is_rendered_in_both_languages(catalogue: Catalogue, text: Text, indonesian: str, english: str) -> None:
    assert catalogue.bilingual(text) == BilingualText.model_construct(id=indonesian, en=english)
    assert catalogue.max_length(text) == max(len(indonesian), len(english))


def test_messages_with_the_same_text_and_values_are_equal() -> None:
    assert {CAP.fill(share=0.5), CAP.fill(share=0.5)} == {Message(CAP.text, share=0.5)}
    assert CAP.fill(share=0.5) != CAP.fill(share=0.4)
