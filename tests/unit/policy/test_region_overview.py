"""What the page of a region says: West Java, Depok and Kota Bogor on a Thursday, a Ramadan Monday and a Friday."""

import re
from datetime import date, datetime
from typing import Any

import pytest

from services.policy.domain.explanation.clauses import brief, of_itself
from services.policy.domain.instruments.lifecycle import NEVER
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.presets.replay import books
from services.policy.domain.read_models.enactment_preview import Preview, fitting, preview
from services.policy.domain.read_models.region_overview import Overview, overview
from services.policy.domain.read_models.timeline_chart import Window, row, spans
from services.policy.domain.reference_data.holidays import seeded
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.pages import region_page, routes
from services.policy.pages.region_page import Wish
from shared.domain.facts.policy import InstrumentEnacted, InstrumentRevoked, InstrumentSuspended, Said
from shared.domain.facts.rules import Rules
from shared.domain.regions import zone
from shared.web.pages import Pages
from tests.support.example_facts import at

THURSDAY, RAMADAN, FRIDAY = date(2025, 11, 6), date(2026, 2, 23), date(2026, 4, 10)
SHIPPED = presets()
EMPTY = PolicySnapshot("32", {}, seeded([2025, 2026]))


def seen(region: str, day: date) -> Overview:
    return overview(books(region), day)


def heading(known: PolicySnapshot, day: date, lang: str = "id") -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html(known, day, Wish(), lang))
    assert found
    return found.group(1)


def html(known: PolicySnapshot, day: date, wish: Wish, lang: str = "id") -> str:
    context = region_page.told(known, at("09:41", day), wish)
    return re.sub(r"\s+", " ", Pages(routes.FOLDER).fragment(lang, "wilayah.html", **context))


@pytest.mark.parametrize(
    ("region", "day", "said"),
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
def test_the_heading_is_the_answer_of_the_date_in_numbers(region: str, day: date, said: str) -> None:
    assert heading(books(region), day) == said


def test_the_heading_counts_in_english_too() -> None:
    assert heading(books("3276"), FRIDAY, "en") == "Friday, 10 April 2026: 3 instruments in force, 1 conflict"


def bound(region: str, day: date) -> dict[str, tuple[str, str | None]]:
    return {each.who.id: (each.where.id, each.winner) for each in seen(region, day).bound}


STAGE_1, SE_188, SE_80 = "SE 150/KPG.03/BKD tahap I", "SE 188/KPG.03/BKD", "SE 800/80/BKPSDM/2026"
NATIONAL = "SE MenPANRB 3/2026 dan SE Mendagri 800.1.5/3349/SJ"


def test_on_a_thursday_of_november_the_province_is_at_home_but_for_its_services() -> None:
    assert bound("32", THURSDAY) == {
        "Kantor tanpa layanan langsung": ("Di rumah", STAGE_1),
        "Kantor dengan loket": ("Di rumah", STAGE_1),
        "Layanan langsung": ("Di kantor", STAGE_1),
        "Layanan 24 jam": ("Di kantor", STAGE_1),
    }


def test_before_depok_had_a_circular_of_its_own_everybody_was_on_site_and_no_instrument_won() -> None:
    assert bound("3276", THURSDAY)["Kantor tanpa layanan langsung"] == ("Di kantor", None)


def test_on_depok_s_monday_the_kecamatan_stay_and_the_heads_of_markets_decide() -> None:
    found = bound("3276", RAMADAN)
    assert (
        found["Kecamatan, kelurahan, pajak, perpustakaan"],
        found["Pasar, alun-alun, PBJ dan LPSE, kebersihan"],
    ) == (
        ("Di kantor", SE_80),
        ("Kepala unit memutuskan", SE_80),
    )


def test_on_the_national_friday_echelons_stay_on_site_by_the_national_circular() -> None:
    who = "Administrator, camat, JPT madya, JPT pratama, lurah"
    assert [bound(region, FRIDAY)[who] for region in ("32", "3271")] == [("Di kantor", NATIONAL)] * 2


def test_units_that_stay_for_the_same_reason_stand_in_one_row() -> None:
    whys = [each.why.id for each in seen("3276", FRIDAY).bound[4:]]
    assert len(whys) == len(set(whys))


def test_a_conflict_names_who_meets_who_wins_and_why() -> None:
    (clash,) = seen("3276", FRIDAY).now
    assert (clash.titles, clash.winner, clash.why.id) == (
        (SE_80, NATIONAL),
        SE_80,
        "Pola mengikuti pemerintah sendiri.",
    )


def test_a_conflict_to_come_says_from_when_and_one_that_is_over_is_gone() -> None:
    winners = [[(c.winner, c.now, c.first) for c in seen("3276", day).clashes] for day in (RAMADAN, FRIDAY)]
    lebaran, friday = (SE_80, False, date(2026, 3, 16)), (SE_80, True, date(2026, 4, 1))
    assert winners == [[lebaran, (SE_80, False, date(2026, 4, 1))], [friday]]


def test_the_mean_of_a_week_is_written_as_each_language_writes_it() -> None:
    (clash,) = [c for c in seen("32", THURSDAY).clashes if "tahap II" in c.titles[0]]
    assert ("paling banyak 0,4" in clash.why.id, "at most 0.4" in clash.why.en) == (True, True)


def states(region: str, day: date) -> dict[str, str]:
    return {each.instrument.instrument: each.state for each in seen(region, day).instruments}


def test_every_instrument_stands_in_the_state_of_the_date() -> None:
    found = [states("3276", day)[f"depok-2026-se-{n}"] for day in (THURSDAY, RAMADAN) for n in ("42", "80")]
    assert found == ["UNKNOWN", "UNKNOWN", "SUPERSEDED", "IN_FORCE"]


def test_a_decree_without_a_date_is_enacted_and_not_in_force() -> None:
    assert states("3271", FRIDAY)["kota-bogor-2025-kep-196"] == "ENACTED"


def test_what_is_in_force_comes_first_and_what_is_over_last() -> None:
    order = list(states("32", FRIDAY).values())
    assert (order[:5], order[5], set(order[6:])) == (["IN_FORCE"] * 5, "EXPIRED", {"EXPIRED", "SUPERSEDED"})


def drawn(region: str, day: date, instrument: str) -> Any:
    return next(r for _, rows in seen(region, day).layers for r in rows if r.instrument == instrument)


def test_the_line_is_spoken_with_states_and_dates() -> None:
    assert drawn("3276", FRIDAY, "depok-2026-se-42").spoken.id == (
        "Ditetapkan, belum berlaku 23 Januari 2026 sampai 28 Januari 2026; "
        "Berlaku 29 Januari 2026 sampai 16 Februari 2026; Digantikan sejak 17 Februari 2026"
    )


def test_what_is_over_is_grey_where_it_was_in_force_and_says_how_it_ended() -> None:
    (bar,) = drawn("3276", FRIDAY, "depok-2026-se-42").bars
    assert (bar.look, bar.text.id, bar.place) == ("past", "Digantikan", "before")


def test_what_is_in_force_says_its_days_inside_the_bar() -> None:
    (bar,) = drawn("3276", FRIDAY, "depok-2026-se-80").bars
    assert (bar.look, bar.text.id, bar.place) == ("inforce", "Berlaku · Senin", "inside")


def test_what_ended_before_the_window_has_no_bar_but_its_word() -> None:
    told = drawn("32", FRIDAY, "panrb-2024-after-lebaran")
    assert (told.bars, told.word.id) == ((), "Berakhir")


def test_what_ends_at_the_edge_of_the_window_has_its_word_after_the_bar() -> None:
    (bar,) = drawn("32", FRIDAY, "jabar-2025-se-150-stage-2").bars
    assert (bar.look, bar.text.id, bar.place) == ("past", "Digantikan", "after")


def test_layers_come_from_the_nation_down() -> None:
    assert [layer.id for layer, _ in seen("3276", FRIDAY).layers] == ["Nasional", "Kabupaten/kota"]


def test_the_window_is_ten_months_and_the_date_lies_in_its_fifth() -> None:
    window = Window.around(FRIDAY)
    months = window.months()
    assert (window.first, window.until, [m.id for _, m in months][4]) == (date(2025, 12, 1), date(2026, 10, 1), "Apr")
    assert months[4][0] < window.at(FRIDAY) < months[5][0]


def test_a_suspension_is_a_bar_of_its_own_and_before_it_the_instrument_was_in_force() -> None:
    known, dates = books("3276"), dict.fromkeys(("decided_on", "published_on", "effective_from", "binds_until"), FRIDAY)
    fact = InstrumentSuspended.model_validate({"region": "3276", "instrument": "depok-2026-se-80", **dates})
    course = regional_courses(known, fact)["depok-2026-se-80"]
    assert [bar.look for bar in row(course, NEVER, Window.around(FRIDAY)).bars] == ["inforce", "susp"]


def test_what_was_revoked_before_it_began_was_never_in_force() -> None:
    known, dates = books("3271"), dict.fromkeys(("decided_on", "published_on", "effective_from", "binds_until"), FRIDAY)
    fact = InstrumentRevoked.model_validate({"region": "3271", "instrument": "kota-bogor-2025-kep-196", **dates})
    course = regional_courses(known, fact)["kota-bogor-2025-kep-196"]
    assert [span.state for span in spans(course, NEVER)] == ["ENACTED", "REVOKED"]


def regional_courses(known: PolicySnapshot, fact: Any) -> Any:
    from services.policy.domain.instruments.lifecycle import recorded

    return recorded(known.courses, fact)


def test_every_shipped_instrument_is_said_in_words_without_a_code_of_the_language() -> None:
    said = [text for i in SHIPPED.values() for clause in of_itself(i.rules) for text in (clause.id, clause.en)]
    assert [text for text in said if "_" in text or "None" in text] == []


@pytest.mark.parametrize(
    ("instrument", "said"),
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
def test_an_instrument_binds(instrument: str, said: str) -> None:
    assert said in [clause.id for clause in of_itself(SHIPPED[instrument].rules)]


@pytest.mark.parametrize(
    ("instrument", "said"),
    [
        ("jabar-2025-se-150-stage-2", "2 kelompok bergilir, maks. 50 %"),
        ("nasional-2025-permenpanrb-4", "paling banyak 2 hari per minggu"),
        ("ramadan-national", "32,5 jam seminggu"),
        ("kota-bogor-2025-kep-196", "atas permohonan"),
        ("jabar-2022-pergub-102", None),
    ],
)
def test_a_bar_says_the_one_thing_that_counts(instrument: str, said: str | None) -> None:
    found = brief(SHIPPED[instrument].rules)
    assert (found.id if found else None) == said


@pytest.mark.parametrize(
    ("rules", "said"),
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
def test_a_rule_that_no_shipped_circular_sets_is_said_too(rules: dict[str, Any], said: str) -> None:
    assert [clause.en for clause in of_itself(Rules.model_validate(rules))] == [said]


def enacted(known: PolicySnapshot, **fields: Any) -> PolicySnapshot:
    """The same books with one more circular of the same day as SE 150 stage 1, in force on that Thursday."""
    dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), THURSDAY)
    content = {"instrument": "edaran-sendiri", "title": "Edaran sendiri", **dates, **fields}
    fact = InstrumentEnacted.model_validate({"region": known.region, "instrument": content, "binds_from": THURSDAY})
    return PolicySnapshot(known.region, regional_courses(known, fact), known.holidays)


def test_groups_that_take_turns_are_at_home_up_to_their_share() -> None:
    rules = {"pattern": {"groups": 2}, "max_share": 0.5}
    known = enacted(EMPTY, layer="PROVINCE", rules=rules)
    assert overview(known, THURSDAY).bound[0].where == Said(id="Paling banyak 50 % di rumah", en="At most 50 % at home")


def test_an_opd_with_an_instruction_of_its_own_stands_beside_the_others() -> None:
    known = enacted(EMPTY, layer="OPD", opds=["BAPPEDA"], rules={"pattern": {"weekdays": ["THU"]}})
    last = overview(known, THURSDAY).bound[-1]
    assert (last.who.id, last.where.id) == ("BAPPEDA", "Di rumah")


def test_hours_of_its_own_that_give_the_week_of_the_law_are_no_conflict() -> None:
    hours = {"week": 37.5, "day_start": "08:00"}
    known = enacted(books("32"), layer="PROVINCE", rules={"hours": hours})
    assert [c for c in overview(known, THURSDAY).now if c.rule.id == "Jam kerja"] == []


def tried(known: PolicySnapshot, instrument: str, day: date = THURSDAY) -> Preview:
    return preview(known, SHIPPED[instrument], datetime(day.year, day.month, day.day, 9, tzinfo=zone(known.region)))


def test_stage_1_recorded_on_a_thursday_would_change_four_thursdays_of_the_offices_alone() -> None:
    (shift,) = tried(EMPTY, "jabar-2025-se-150-stage-1").shifts
    assert (shift.who.id, shift.days, shift.first, shift.last, shift.before.id, shift.after.id) == (
        "Kantor tanpa layanan langsung, kantor dengan loket",
        4, THURSDAY, date(2025, 11, 27), "di kantor", "di rumah",
    )  # fmt: skip


def test_the_cap_of_two_days_is_a_change_that_no_date_shows_and_yet_is_told() -> None:
    told = [(s.before.id, s.after.id) for s in tried(EMPTY, "nasional-2025-permenpanrb-4").shifts]
    assert told == [
        ("tanpa jam kerja yang ditetapkan", "37,5 jam seminggu"),
        ("tanpa batas hari seminggu", "paling banyak 2 hari seminggu"),
    ]


def test_the_second_stage_under_the_cap_is_a_new_conflict() -> None:
    known = books("32", at("09:00", date(2025, 10, 1)))
    (clash,) = tried(known, "jabar-2025-se-150-stage-2", date(2025, 10, 22)).clashes
    assert (clash.winner, clash.first) == ("PermenPANRB 4/2025", date(2025, 12, 2))


def test_what_is_over_changes_no_date() -> None:
    assert tried(EMPTY, "panrb-2024-after-lebaran").shifts == []


def test_a_circular_that_supersedes_what_is_not_on_record_cannot_be_recorded_and_says_so() -> None:
    (fault,) = tried(EMPTY, "jabar-2026-se-188").faults
    assert fault == Said.model_construct(
        id="jabar-2025-se-150-stage-2 tidak dikenal di wilayah ini.",
        en="jabar-2025-se-150-stage-2 is unknown in this region.",
    )


def test_a_study_would_bind_nobody() -> None:
    told = tried(PolicySnapshot("3275", {}, ()), "bekasi-2025-study")
    assert (told.stage, told.shifts, told.clashes) == ("STUDY", [], [])


def test_examples_are_of_the_nation_and_the_own_government_and_not_on_record_yet() -> None:
    known = books("3276", at("09:00", date(2026, 2, 1)))
    assert [i.instrument for i in fitting(known, SHIPPED)] == [
        "depok-2026-se-80", "ramadan-national", "panrb-2026-around-lebaran", "nasional-2026-friday",
    ]  # fmt: skip


def test_a_region_without_instruments_is_told_what_would_be_here_and_how_to_begin() -> None:
    said = html(PolicySnapshot("3277", {}, ()), FRIDAY, Wish())
    for words in ("belum ada instrumen di Kota Cimahi", "Mulailah dengan memilih contoh", "Kota Cimahi, Jumat"):
        assert words in said


@pytest.mark.parametrize("day", ["kemarin", "2026-02-30", "9999-01-01", "20260410", "2026-04-10T00:00", "1999-12-31"])
def test_a_date_that_is_none_is_told_so_and_today_is_shown(day: str) -> None:
    said = html(books("32"), FRIDAY, Wish(day=day))
    assert ("Tanggal itu tidak dapat dibaca." in said, "Siapa terikat apa, hari ini" in said) == (True, True)


def test_another_date_is_shown_as_it_is_written() -> None:
    said = html(books("32"), FRIDAY, Wish(day="2025-11-06"))
    assert ("Siapa terikat apa, Kamis, 6 November 2025" in said, "tidak dapat dibaca" in said) == (True, False)


def test_a_preview_says_that_it_binds_nobody_in_both_languages() -> None:
    wish = Wish(example="jabar-2025-se-150-stage-1")
    found = [
        words in html(EMPTY, THURSDAY, wish, lang) for lang, words in (("id", "Belum mengikat"), ("en", "Binds nobody"))
    ]
    assert found == [True, True]


def test_an_example_that_is_not_here_is_told_so() -> None:
    assert "Contoh itu tidak ada di sini" in html(EMPTY, FRIDAY, Wish(example="depok-2026-se-42"))


def test_assumptions_are_marked_as_such() -> None:
    assert html(books("3276"), FRIDAY, Wish()).count('<span class="tag">anggapan</span>') >= 10


def test_a_holiday_stands_above_all_rules() -> None:
    assert "Libur: Hari Raya Natal" in html(books("32"), date(2025, 12, 25), Wish())


def test_nothing_in_english_is_left_in_indonesian() -> None:
    said = re.sub(
        r'<span lang="id">.*?</span>|<(h3|a|li)[^>]* lang="id".*?</\1>', "", html(books("32"), FRIDAY, Wish(), "en")
    )
    assert re.findall(r"\b(instrumen|berlaku|kantor|anggapan|Konflik|Ditetapkan|sampai)\b", said) == []
