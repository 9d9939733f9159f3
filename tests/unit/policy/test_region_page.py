"""Checks the page of a region: its heading, dates, presets and languages."""

import re
from datetime import date

import pytest

from services.policy.catalogue import CATALOGUE
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.presets.replay import reference_snapshot
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.pages import region_page, routes
from services.policy.pages.region_page import PageQuery
from shared.web.pages import Pages
from tests.support.example_facts import at

THURSDAY, RAMADAN, FRIDAY = date(2025, 11, 6), date(2026, 2, 23), date(2026, 4, 10)


SHIPPED = presets()


EMPTY = PolicySnapshot("32", {}, default_holidays([2025, 2026]))


def heading(snapshot: PolicySnapshot, day: date, lang: str = "id") -> str:
    result = re.search(r"<h1[^>]*>(.*?)</h1>", html(snapshot, day, PageQuery(), lang))
    assert result
    return result.group(1)


def html(snapshot: PolicySnapshot, day: date, query: PageQuery, lang: str = "id") -> str:
    context = region_page.template_context(snapshot, at("09:41", day), query)
    pages = Pages(routes.TEMPLATES_FOLDER, CATALOGUE)
    return re.sub(r"\s+", " ", pages.fragment(lang, "wilayah.html", **context, csrf="", by_issuer=False))


@pytest.mark.parametrize(
    ("region", "day", "expected"),
    [
        ("32", THURSDAY, "Kamis, 6 November 2025: 4 instrumen berlaku, 1 konflik"),
        ("32", RAMADAN, "Senin, 23 Februari 2026: 6 instrumen berlaku, 2 konflik"),
        ("32", FRIDAY, "Jumat, 10 April 2026: 5 instrumen berlaku, 2 konflik"),
        ("3276", THURSDAY, "Kamis, 6 November 2025: 1 instrumen berlaku, 0 konflik"),
        ("3276", RAMADAN, "Senin, 23 Februari 2026: 3 instrumen berlaku, 0 konflik"),
        ("3276", FRIDAY, "Jumat, 10 April 2026: 3 instrumen berlaku, 1 konflik"),
        ("3271", THURSDAY, "Kamis, 6 November 2025: 1 instrumen berlaku, 0 konflik"),
        ("3271", RAMADAN, "Senin, 23 Februari 2026: 2 instrumen berlaku, 0 konflik"),
        ("3271", FRIDAY, "Jumat, 10 April 2026: 3 instrumen berlaku, 0 konflik"),
    ],
)
def test_the_heading_is_the_answer_of_the_date_in_numbers(region: str, day: date, expected: str) -> None:
    assert heading(reference_snapshot(region), day) == expected


def test_the_heading_counts_in_english_too() -> None:
    assert (
        heading(reference_snapshot("3276"), FRIDAY, "en") == "Friday, 10 April 2026: 3 instruments in force, 1 conflict"
    )


def test_a_region_without_instruments_shows_what_would_be_here_and_how_to_begin() -> None:
    expected = html(PolicySnapshot("3277", {}, ()), FRIDAY, PageQuery())
    for text in ("belum ada instrumen di Kota Cimahi", "Mulailah dengan memilih contoh", "Kota Cimahi, Jumat"):
        assert text in expected


@pytest.mark.parametrize("day", ["kemarin", "2026-02-30", "9999-01-01", "20260410", "2026-04-10T00:00", "1999-12-31"])
def test_an_invalid_date_is_reported_and_today_is_shown(day: str) -> None:
    expected = html(reference_snapshot("32"), FRIDAY, PageQuery(day=day))
    assert ("Tanggal itu tidak dapat dibaca." in expected, "Siapa terikat apa, hari ini" in expected) == (True, True)


def test_another_date_is_shown_as_it_is_written() -> None:
    expected = html(reference_snapshot("32"), FRIDAY, PageQuery(day="2025-11-06"))
    assert ("Siapa terikat apa, Kamis, 6 November 2025" in expected, "tidak dapat dibaca" in expected) == (True, False)


def test_a_preview_says_that_it_binds_nobody_in_both_languages() -> None:
    query = PageQuery(preset="jabar-2025-se-150-stage-1")
    result = [
        text in html(EMPTY, THURSDAY, query, lang) for lang, text in (("id", "Belum mengikat"), ("en", "Binds nobody"))
    ]
    assert result == [True, True]


def test_a_missing_example_is_reported() -> None:
    assert "Contoh itu tidak ada di sini" in html(EMPTY, FRIDAY, PageQuery(preset="depok-2026-se-42"))


def test_assumptions_are_marked_as_such() -> None:
    assert html(reference_snapshot("3276"), FRIDAY, PageQuery()).count('<span class="tag">anggapan</span>') >= 10


def test_a_holiday_has_precedence_over_all_rules() -> None:
    assert "Libur: Hari Raya Natal" in html(reference_snapshot("32"), date(2025, 12, 25), PageQuery())


def test_nothing_in_english_is_left_in_indonesian() -> None:
    expected = re.sub(
        r'<span lang="id">.*?</span>|<(h3|a|li)[^>]* lang="id".*?</\1>',
        "",
        html(reference_snapshot("32"), FRIDAY, PageQuery(), "en"),
    )
    assert re.findall(r"\b(instrumen|berlaku|kantor|anggapan|Konflik|Ditetapkan|sampai)\b", expected) == []
