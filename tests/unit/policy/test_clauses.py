"""Checks the sentences of rules, and the short labels on the bars of the timeline."""

from typing import Any

import pytest

from services.policy.domain.explanation.clauses import instrument_clauses, short_label
from services.policy.domain.presets.catalogue import presets
from shared.domain.facts.rules import Rules
from tests.support.messages import english, indonesian

SHIPPED = presets()


def test_every_shipped_instrument_is_explained_without_a_code_of_the_language() -> None:
    expected = [
        text
        for i in SHIPPED.values()
        for clause in instrument_clauses(i.rules)
        for text in (indonesian(clause), english(clause))
    ]
    assert [text for text in expected if "_" in text or "None" in text] == []


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (
            "depok-2026-se-80",
            "Kepala unit (pasar, alun-alun, PBJ dan LPSE, kebersihan) memutuskan ya atau tidak, siapa.",
        ),
        ("jabar-2025-se-150-stage-2", "Hari WFH: 2 kelompok bergilir."),
        ("nasional-2025-permenpanrb-4", "Paling banyak 2 hari seminggu tiap orang."),
        (
            "nasional-2026-friday",
            "Presensi: menjawab dalam 300 detik, teguran setelah 2 panggilan.",
        ),
        ("depok-2026-se-42", "Dievaluasi: listrik, air, telepon, makan dan minum rapat."),
        ("ramadan-national", "Jam kerja mulai 08.00, 32,5 jam seminggu."),
    ],
)
def test_an_instrument_binds(instrument: str, expected: str) -> None:
    assert expected in [indonesian(clause) for clause in instrument_clauses(SHIPPED[instrument].rules)]


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        ("jabar-2025-se-150-stage-2", "2 kelompok bergilir, maks. 50 %"),
        ("nasional-2025-permenpanrb-4", "paling banyak 2 hari per minggu"),
        ("ramadan-national", "32,5 jam seminggu"),
        ("kota-bogor-2025-kep-196", "atas permohonan"),
        ("jabar-2022-pergub-102", None),
    ],
)
def test_a_bar_says_the_one_thing_that_counts(instrument: str, expected: str | None) -> None:
    result = short_label(SHIPPED[instrument].rules)
    assert (indonesian(result) if result else None) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"min_on_site_share": 0.25, "share_of": "UNIT"}, "At least 25 % of each unit on site."),
        ({"max_on_site_share": 0.25}, "At most 25 % on site."),
        ({"new_in_post_days": 180}, "New in post: less than 180 days."),
        ({"publish_notice_days": 3}, "Rosters are published 3 days ahead."),
        (
            {"presence": {"checks": 3, "accept_claimed": False}},
            "Presence: 3 checks a day, not accepted without proof of place.",
        ),
        ({"evaluation": {"measures": ["WATER"]}}, "Evaluated: water."),
        ({"evaluation": {"reports": "MONTHLY"}}, "Evaluated."),
        ({"presence": {"accept_claimed": True}}, "Presence: as usual."),
    ],
)
def test_a_rule_that_no_shipped_circular_sets_is_explained_too(rules: dict[str, Any], expected: str) -> None:
    assert [english(clause) for clause in instrument_clauses(Rules.model_validate(rules))] == [expected]
