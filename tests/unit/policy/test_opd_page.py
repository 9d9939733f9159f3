"""Checks the page with the rules of BKD of West Java on a Thursday of November, in December and on Christmas Day."""

import re
from datetime import date
from functools import reduce

import pytest

from services.policy.catalogue import CATALOGUE
from services.policy.domain.instruments.decision import changes_for_new_opd
from services.policy.domain.instruments.effective_policy import EffectivePolicy
from services.policy.domain.instruments.lifecycle import Instruments, apply_event
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.pages import opd_page, routes
from shared.domain.facts.instruments import Instrument, InstrumentEnacted
from shared.domain.facts.policy import Conflict, OpdOpened, PolicyChanged
from shared.domain.facts.rules import Rules
from shared.web.pages import Pages

BKD = OpdOpened(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 1, 1))
NAMES = ("jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4")
SHIPPED = tuple(preset(name) for name in NAMES)
NOVEMBER, DECEMBER, CHRISTMAS = date(2025, 11, 6), date(2025, 12, 4), date(2025, 12, 25)


def policy_of(*instruments: Instrument) -> PolicyChanged:
    facts = (InstrumentEnacted(region="32", instrument=i, binds_from=i.effective_from) for i in instruments)
    histories: Instruments = reduce(apply_event, facts, {})
    (policy,) = EffectivePolicy(histories, default_holidays([2025, 2026])).policy_changed_events(
        BKD, changes_for_new_opd(histories, "BKD", date(2025, 1, 1))[:1]
    )
    return policy


def html_of(lang: str, today: date, policy: PolicyChanged | None) -> str:
    titles = {instrument.instrument: instrument.title for instrument in SHIPPED}
    html = Pages(routes.TEMPLATES_FOLDER, CATALOGUE).fragment(
        lang, "aturan.html", **opd_page.template_context(BKD, policy, titles, today)
    )
    return re.sub(r"\s+", " ", html)


def heading(html: str) -> str:
    match = re.search(r"<h1[^>]*>(.*?)</h1>", html)
    assert match
    return match.group(1).strip()


@pytest.mark.parametrize(
    ("today", "indonesian", "english"),
    [
        (
            NOVEMBER,
            "BKD: Kamis di rumah menurut SE 150/KPG.03/BKD tahap I",
            "BKD: Thursday at home under SE 150/KPG.03/BKD tahap I",
        ),
        (
            DECEMBER,
            "BKD: bergilir, paling banyak 50% di rumah tiap hari kerja menurut SE 150/KPG.03/BKD tahap II",
            "BKD: in turns, at most 50% at home each working day under SE 150/KPG.03/BKD tahap II",
        ),
        (CHRISTMAS, "BKD: hari ini libur, Hari Raya Natal", "BKD: today is a holiday, Hari Raya Natal"),
        (date(2025, 5, 5), "BKD: setiap hari kerja di kantor", "BKD: on site every working day"),
        (
            date(2025, 2, 3),
            "BKD: hari ini tidak ada instrumen yang berlaku, semua di kantor",
            "BKD: no instrument is in force today, everybody is on site",
        ),
    ],
)
def test_the_heading_is_the_answer_of_the_day_in_both_languages(today: date, indonesian: str, english: str) -> None:
    policy = policy_of(*SHIPPED)
    assert [heading(html_of(lang, today, policy)) for lang in ("id", "en")] == [indonesian, english]


def test_every_rule_is_explained_with_the_instrument_that_gave_it() -> None:
    html = html_of("id", NOVEMBER, policy_of(*SHIPPED))
    for texts in (
        "Hari WFH: Kamis (SE 150/KPG.03/BKD tahap I).",
        "Paling banyak 2 hari seminggu tiap orang (PermenPANRB 4/2025).",
        "Tetap di kantor: layanan langsung, layanan 24 jam (",
        "Presensi: luring diterima sampai 72 jam (SE 150/KPG.03/BKD tahap I).",
        "Hari WFH: 2 kelompok bergilir (SE 150/KPG.03/BKD tahap II).",
    ):
        assert texts in html


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        (
            "id",
            ["tahap II dan PermenPANRB 4/2025 tidak dapat", "2,5 hari seminggu", "membatasinya 2 hari", "banyak 0,4;"],
        ),
        (
            "en",
            ["tahap II and PermenPANRB 4/2025 cannot both hold", "2.5 days a week", "limits that to 2.", "most 0.4;"],
        ),
    ],
)
def test_a_conflict_names_both_instruments_and_the_mean_that_remains(lang: str, texts: list[str]) -> None:
    html = html_of(lang, DECEMBER, policy_of(*SHIPPED))
    assert [text for text in texts if text not in html] == []


def test_a_conflict_says_why_the_cap_won() -> None:
    assert "PermenPANRB 4/2025 menang karena normanya lebih tinggi." in html_of("id", DECEMBER, policy_of(*SHIPPED))
    lower = [i.model_copy(update={"layer": "PROVINCE"}) for i in SHIPPED]
    assert "PermenPANRB 4/2025 menang karena batasnya paling ketat." in html_of("id", DECEMBER, policy_of(*lower))


def test_a_conflict_that_is_over_or_of_another_kind_is_not_shown() -> None:
    policy = policy_of(*SHIPPED)
    other_policy = policy.model_copy(
        update={"conflicts": (Conflict(rule="hours", instruments=("a", "b"), resolved_by="X"),)}
    )
    assert ["tidak dapat" in html_of("id", *at) for at in ((date(2026, 1, 5), policy), (DECEMBER, other_policy))] == [
        False
    ] * 2


def test_what_holds_comes_before_what_is_over() -> None:
    html = html_of("id", DECEMBER, policy_of(*SHIPPED))
    tags = re.findall(r'<span class="tag">(.*?)</span>', html)
    assert tags == ["berlaku hari ini", "akan berlaku", *["sudah berakhir"] * 3]


def test_one_day_is_not_written_as_a_span() -> None:
    assert "<h3>Senin, 1 Desember 2025</h3>" in html_of("id", DECEMBER, policy_of(*SHIPPED))


def test_the_holidays_ahead_begin_today_and_are_a_dozen() -> None:
    html = html_of("id", CHRISTMAS, policy_of(*SHIPPED))
    days = re.findall(r'<li class="opd">.*?datetime="(.*?)"', html)
    assert (days[:3], len(days)) == (["2025-12-25", "2025-12-26", "2026-01-01"], 12)


def test_an_opd_without_instrument_and_calendar_says_so() -> None:
    html = html_of("id", NOVEMBER, None)
    for texts in ("semua di kantor", "Belum ada instrumen yang ditetapkan", "Belum ada hari libur"):
        assert texts in html


def test_an_instrument_without_a_title_is_shown_by_its_id_and_new_codes_as_they_are() -> None:
    rules = {"pattern": {"weekdays": ["LUSTRUM"]}, "max_share": 0.75, "share_of": "UNIT", "excluded_classes": ["MOON"]}
    more = {
        "instrument": "edaran-baru",
        "rules": Rules.model_validate({**rules, "presence": {"accept_claimed": False}}),
    }
    html = html_of("id", NOVEMBER, policy_of(SHIPPED[0].model_copy(update=more)))
    for texts in (
        "lustrum di rumah menurut edaran-baru",
        "Paling banyak 75 % tiap unit di rumah",
        "moon",
        "tidak diterima",
    ):
        assert texts in html


def test_a_title_is_escaped() -> None:
    name = BKD.model_copy(update={"name": "<script>alert(1)</script>"})
    html = Pages(routes.TEMPLATES_FOLDER, CATALOGUE).fragment(
        "id", "aturan.html", **opd_page.template_context(name, None, {}, NOVEMBER)
    )
    assert "<script>" not in html
