"""What BKD of West Java reads about its rules, on a Thursday of November, in December and on Christmas Day."""

import re
from datetime import date
from functools import reduce

import pytest

from services.policy.domain.instruments.decision import binding
from services.policy.domain.instruments.effective_policy import Effective
from services.policy.domain.instruments.lifecycle import Courses, recorded
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.reference_data.holidays import seeded
from services.policy.pages import routes
from shared.domain.facts.policy import Conflict, Instrument, InstrumentEnacted, OpdOpened, PolicyChanged, Rules
from shared.web.pages import Pages

BKD = OpdOpened(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 1, 1))
NAMES = ("jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4")
SHIPPED = tuple(preset(name) for name in NAMES)
NOVEMBER, DECEMBER, CHRISTMAS = date(2025, 11, 6), date(2025, 12, 4), date(2025, 12, 25)


def told(*instruments: Instrument) -> PolicyChanged:
    facts = (InstrumentEnacted(region="32", instrument=i, binds_from=i.effective_from) for i in instruments)
    courses: Courses = reduce(recorded, facts, {})
    (policy,) = Effective(courses, seeded([2025, 2026])).told(BKD, binding(courses, "BKD", date(2025, 1, 1))[:1])
    return policy


def seen(lang: str, today: date, policy: PolicyChanged | None) -> str:
    titles = {instrument.instrument: instrument.title for instrument in SHIPPED}
    html = Pages(routes.FOLDER).fragment(lang, "aturan.html", **routes.shown(BKD, policy, titles, today))
    return re.sub(r"\s+", " ", html)


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html)
    assert found
    return found.group(1).strip()


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
    policy = told(*SHIPPED)
    assert [heading(seen(lang, today, policy)) for lang in ("id", "en")] == [indonesian, english]


def test_every_rule_is_said_in_words_with_the_instrument_that_gave_it() -> None:
    html = seen("id", NOVEMBER, told(*SHIPPED))
    for words in (
        "Hari WFH: Kamis (SE 150/KPG.03/BKD tahap I).",
        "Paling banyak 2 hari seminggu tiap orang (PermenPANRB 4/2025).",
        "Tetap di kantor: layanan langsung, layanan 24 jam (",
        "Presensi: luring diterima sampai 72 jam (SE 150/KPG.03/BKD tahap I).",
        "Hari WFH: 2 kelompok bergilir (SE 150/KPG.03/BKD tahap II).",
    ):
        assert words in html


@pytest.mark.parametrize(
    ("lang", "words"),
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
def test_a_conflict_names_both_instruments_and_the_mean_that_remains(lang: str, words: list[str]) -> None:
    html = seen(lang, DECEMBER, told(*SHIPPED))
    assert [word for word in words if word not in html] == []


def test_a_conflict_says_why_the_cap_won() -> None:
    assert "PermenPANRB 4/2025 menang karena normanya lebih tinggi." in seen("id", DECEMBER, told(*SHIPPED))
    lower = [i.model_copy(update={"layer": "PROVINCE"}) for i in SHIPPED]
    assert "PermenPANRB 4/2025 menang karena batasnya paling ketat." in seen("id", DECEMBER, told(*lower))


def test_a_conflict_that_is_over_or_of_another_kind_is_not_shown() -> None:
    policy = told(*SHIPPED)
    other = policy.model_copy(update={"conflicts": (Conflict(rule="hours", instruments=("a", "b"), resolved_by="X"),)})
    assert ["tidak dapat" in seen("id", *at) for at in ((date(2026, 1, 5), policy), (DECEMBER, other))] == [False] * 2


def test_what_holds_comes_before_what_is_over() -> None:
    html = seen("id", DECEMBER, told(*SHIPPED))
    tags = re.findall(r'<span class="tag">(.*?)</span>', html)
    assert tags == ["berlaku hari ini", "akan berlaku", *["sudah berakhir"] * 3]


def test_one_day_is_not_said_as_a_span() -> None:
    assert "<h3>Senin, 1 Desember 2025</h3>" in seen("id", DECEMBER, told(*SHIPPED))


def test_the_holidays_ahead_begin_today_and_are_a_dozen() -> None:
    html = seen("id", CHRISTMAS, told(*SHIPPED))
    days = re.findall(r'<li class="opd">.*?datetime="(.*?)"', html)
    assert (days[:3], len(days)) == (["2025-12-25", "2025-12-26", "2026-01-01"], 12)


def test_an_opd_that_no_instrument_binds_and_no_calendar_frees_is_told_so() -> None:
    html = seen("id", NOVEMBER, None)
    for words in ("semua di kantor", "Belum ada instrumen yang ditetapkan", "Belum ada hari libur"):
        assert words in html


def test_an_instrument_without_a_title_is_shown_by_its_id_and_new_codes_as_they_are() -> None:
    rules = {"pattern": {"weekdays": ["LUSTRUM"]}, "max_share": 0.75, "share_of": "UNIT", "excluded_classes": ["MOON"]}
    more = {
        "instrument": "edaran-baru",
        "rules": Rules.model_validate({**rules, "presence": {"accept_claimed": False}}),
    }
    html = seen("id", NOVEMBER, told(SHIPPED[0].model_copy(update=more)))
    for words in (
        "lustrum di rumah menurut edaran-baru",
        "Paling banyak 75 % tiap unit di rumah",
        "moon",
        "tidak diterima",
    ):
        assert words in html


def test_a_title_is_escaped() -> None:
    name = BKD.model_copy(update={"name": "<script>alert(1)</script>"})
    html = Pages(routes.FOLDER).fragment("id", "aturan.html", **routes.shown(name, None, {}, NOVEMBER))
    assert "<script>" not in html
