"""The board of all regions: its heading, the list of shortages, the tiles, the OPD of one region."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from services.reporting.domain.status.board import (
    RegionStatus,
    board_lines,
    region_as_unknown,
    shortages,
    unknown_coverage,
)
from services.reporting.domain.status.current_status import StatusRows, opd_status
from services.reporting.domain.status.page_context import board_context
from services.reporting.domain.status.status_timeline import CoverageState
from services.reporting.domain.status.strip_chart import hour_labels
from services.reporting.pages import routes
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.web.pages import Pages
from tests.support.example_facts import THURSDAY, at
from tests.unit.reporting.test_current_status import OPEN, counter

CAME: Steps = ((470, 1), (900, 0))
NOBODY: Steps = ()
NAMES = {("32", "DISHUB"): "Dinas Perhubungan"}
PAGES = Pages(routes.TEMPLATES_FOLDER)
LEAVES_AT_TEN: Steps = ((470, 1), (600, 0))


def opd(code: str, posts: Mapping[str, PostCoverage], region: str = "32", name: str = "Front Office") -> Coverage:
    return Coverage(
        region=region,
        opd=code,
        service_date=THURSDAY,
        definition=1,
        revision=1,
        units={"FRONT": UnitCoverage(name=name, rostered=True, posts=posts)},
        modes={"WFO": ((441, 1), (496, 2), (900, 0)), "WFH": ((450, 31),)},
    )


def region(code: str, *rows: Coverage, when: str = "09:41", behind: datetime | None = None) -> RegionStatus:
    now = behind or at(when)
    return RegionStatus(
        code, now, tuple(opd_status(code, row.opd, StatusRows(row), now, behind) for row in rows), behind
    )


def fine(code: str = "DPMPTSP", where: str = "32") -> Coverage:
    return opd(code, {"LOKET-1": counter(CAME)}, where)


def short(code: str = "DISHUB", known: Steps = NOBODY, where: str = "32") -> Coverage:
    return opd(code, {"LOKET-1": counter(CAME), "LOKET-2": counter(known)}, where)


def without_roster(code: str = "DISDIK") -> Coverage:
    return opd(code, {"LOKET-1": counter(NOBODY).model_copy(update={"unrostered": OPEN})})


def render_board(
    *regions: RegionStatus, lang: str = "id", listed_region: str = "32", now: str = "09:41", cut: bool = False
) -> str:
    context = board_context(
        [region_as_unknown(region) for region in regions] if cut else regions, listed_region, at(now), NAMES
    )
    return PAGES.fragment(lang, "board-main.html", **context, cut=cut)


def text(html: str) -> str:
    return re.sub(r"(\s|&nbsp;)+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def heading(html: str) -> str:
    match = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert match
    return text(match[1])


def tile(html: str, code: str) -> tuple[str, str]:
    match = re.search(rf'<a class="tile[^>]*id="ubin-{code}"[^>]*data-state="(\w+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    assert match
    return match[1], text(match[2])


STANDSTILL = at("09:30")


@pytest.mark.parametrize(
    ("regions", "indonesian", "english"),
    [
        (
            [region("32", short(), fine())],
            "1 dari 3 titik layanan kekurangan petugas",
            "1 of 3 counters lacks staff",
        ),
        (
            [region("32", short(), short("BKD"))],
            "2 dari 4 titik layanan kekurangan petugas",
            "2 of 4 counters lack staff",
        ),
        (
            [region("32", fine()), region("3276", fine(where="3276"), behind=STANDSTILL)],
            "1 dari 2 titik layanan tidak diketahui keadaannya",
            "The state of 1 of 2 counters is unknown",
        ),
        (
            [region("32", fine(), opd("BKD", {}).model_copy(update={"units": {}}))],
            "Keadaan sebagian OPD tidak diketahui",
            "The state of some agencies is unknown",
        ),
        (
            [region("32", short(known=LEAVES_AT_TEN))],
            "1 dari 2 titik layanan rawan dalam satu jam",
            "1 of 2 counters is at risk within the hour",
        ),
        (
            [region("32", fine()), region("3276", fine(where="3276"))],
            "Semua titik layanan cukup petugas: 2 dari 2",
            "Every counter is staffed: 2 of 2",
        ),
        (
            [region("32", short(), when="20:00")],
            "Semua 2 titik layanan sedang tutup",
            "All 2 counters are closed now",
        ),
        (
            [region("32", short(), behind=STANDSTILL)],
            "Keadaan semua titik layanan tidak diketahui sejak 09.30 WIB",
            "The state of every counter is unknown since 09:30 WIB",
        ),
        ([], "Belum ada titik layanan yang tersambung", "No counter is connected yet"),
    ],
)
def test_the_heading_is_the_answer_for_all_regions_in_both_languages(
    regions: list[RegionStatus], indonesian: str, english: str
) -> None:
    assert [heading(render_board(*regions, lang=lang)) for lang in ("id", "en")] == [indonesian, english]


def test_thousands_are_written_as_people_here_write_them() -> None:
    many = opd("RSUD", {f"POS-{n}": counter(CAME) for n in range(1234)})
    assert "1.234 dari 1.234" in heading(render_board(region("32", many)))


def test_what_is_empty_longest_comes_first() -> None:
    west_java = region("32", short("BKD", known=((470, 1), (560, 0))), short("DISHUB"))
    assert [(shortage.opd.opd, shortage.minutes) for shortage in shortages([west_java])] == [
        ("DISHUB", 101),
        ("BKD", 21),
    ]


def test_a_line_says_where_how_many_since_when_and_why() -> None:
    html = text(render_board(region("32", short())))
    for fragment in (
        "Loket 2, Front Office",
        "Provinsi Jawa Barat · Dinas Perhubungan",
        "0 dari 1 orang",
        "Kritis",
        "sejak 08.00 (101 mnt)",
        "Terjadwal, tetapi belum tercatat di tempat.",
    ):
        assert fragment in html


def test_nobody_rostered_is_shown_as_such() -> None:
    row = opd("DISHUB", {"LOKET-2": counter(NOBODY, planned=())})
    assert "Tidak seorang pun terjadwal." in render_board(region("32", row))


def test_a_roster_of_too_few_is_shown_as_such() -> None:
    row = opd("DISHUB", {"LOKET-2": counter(CAME, required=((480, 3), (900, 0)), planned=((480, 2), (900, 0)))})
    assert "Jadwal pun hanya 2 orang." in render_board(region("32", row))


def test_a_night_post_that_was_empty_at_midnight_has_no_invented_beginning() -> None:
    guard = opd("SATPOLPP", {"JAGA": counter(NOBODY, required=((0, 1),))})
    assert "sejak sebelum tengah malam" in render_board(region("32", guard))


def test_after_the_short_counters_come_regions_without_data_with_the_minutes_that_passed() -> None:
    silent = region("3276", fine(where="3276"), behind=STANDSTILL)
    (unknown,) = unknown_coverage([silent, region("32", short())], at("09:41"))
    assert (unknown.place.name, unknown.posts, unknown.minutes) == ("Kota Depok", 1, 11)
    html = text(render_board(silent, region("32", short())))
    assert "sejak 09.30 (11 mnt) · Data berhenti mengalir." in html
    assert html.index("Loket 2, Front Office") < html.index("Seluruh 1 titik layanan") < html.index("Data berhenti")


def test_an_opd_without_a_roster_is_unknown_and_named() -> None:
    html = text(render_board(region("32", without_roster())))
    assert "1 titik layanan Provinsi Jawa Barat · DISDIK ? Tidak diketahui Belum ada jadwal." in html


def test_an_opd_without_a_fact_today_is_unknown() -> None:
    nothing = RegionStatus("32", at("09:41"), (opd_status("32", "DISDIK", StatusRows(None), at("09:41")),))
    assert "Semua titik layanan Provinsi Jawa Barat · DISDIK ?" in text(render_board(nothing))


def test_beyond_twelve_lines_the_rest_is_counted() -> None:
    html = render_board(region("32", *(short(f"OPD-{n}") for n in range(19))))
    assert html.count('<li id="kurang-') == 12
    assert "dan 7 lainnya" in html


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (region("32", short(), fine()), ("kritis", "Provinsi Jawa Barat · 2 OPD JBR 1 kurang dari 3 Kritis")),
        (region("32", short(known=LEAVES_AT_TEN)), ("rawan", "Provinsi Jawa Barat · 1 OPD JBR 1 rentan dari 2 Rawan")),
        (region("32", fine()), ("aman", "Provinsi Jawa Barat · 1 OPD JBR 1 dari 1 Aman")),
        (region("32", fine(), when="20:00"), ("tutup", "Provinsi Jawa Barat · 1 OPD JBR 0 buka dari 1 Tutup")),
        (region("32", without_roster()), ("basi", "Provinsi Jawa Barat · 1 OPD JBR ? 1 dari 1 Tidak diketahui")),
    ],
)
def test_a_tile_has_a_word_and_a_number_beside_its_colour(of: RegionStatus, expected: tuple[str, str]) -> None:
    assert tile(render_board(of), "32") == expected


def test_a_region_that_is_not_connected_is_neither_fine_nor_unknown() -> None:
    assert tile(render_board(region("32", fine())), "3209") == ("belum", "Kab. Cirebon CRB belum ikut Belum tersambung")


def test_the_worst_opd_is_first_with_its_weakest_counter() -> None:
    lines = board_lines(region("32", fine(), short("BKD", known=LEAVES_AT_TEN), short(), without_roster()))
    assert [(line.opd.opd, line.opd.state) for line in lines] == [
        ("DISHUB", CoverageState.KRITIS),
        ("DISDIK", CoverageState.TIDAK_DIKETAHUI),
        ("BKD", CoverageState.RAWAN),
        ("DPMPTSP", CoverageState.AMAN),
    ]
    weakest = lines[0].weakest
    assert weakest
    assert (weakest.post, weakest.on_site, weakest.required) == ("LOKET-2", 0, 1)


def test_the_strip_of_an_opd_begins_now_with_its_worst_counter_and_lasts_eight_hours() -> None:
    (line,) = board_lines(region("32", short()))
    assert line.strip
    assert [(part.start, part.end, part.state) for part in line.strip.parts] == [
        (570, 585, CoverageState.KRITIS),
        (585, 720, CoverageState.RAWAN),
        (720, 780, CoverageState.KRITIS),
        (780, 900, CoverageState.RAWAN),
        (900, 1050, CoverageState.TUTUP),
    ]
    assert hour_labels(line.strip) == [10, 11, 12, 13, 14, 15, 16, 17]


def test_of_the_night_nothing_is_guessed_until_there_is_a_fact_of_the_next_day() -> None:
    (line,) = board_lines(region("32", fine(), when="20:00"))
    assert line.strip
    assert [part.state for part in line.strip.parts] == [CoverageState.TUTUP, CoverageState.TIDAK_DIKETAHUI]
    assert "20.00 sampai 24.00 tutup, 24.00 sampai 04.00 tidak diketahui" in render_board(
        region("32", fine(), when="20:00")
    )


def test_in_quiet_hours_an_opd_says_when_it_opens() -> None:
    html = render_board(region("32", fine(), when="05:00"))
    assert "buka 08.00" in html
    assert "buka lagi 08.00" in html
    assert "data-quiet" in html


def test_an_opd_without_counters_has_no_figure() -> None:
    (line,) = board_lines(region("32", opd("BAPPEDA", {})))
    assert (line.weakest, line.strip, line.opd.state) == (None, None, CoverageState.TUTUP)


def test_the_clock_is_that_of_the_region_that_is_furthest_back_unless_it_stopped() -> None:
    now, late, still = (
        region("32", fine()),
        region("3271", fine(where="3271"), when="09:40"),
        region("3276", behind=at("09:00")),
    )
    assert "09.40 WIB" in text(render_board(now, late, still))


def test_the_line_below_says_how_many_regions_have_no_data_and_when_somebody_last_arrived() -> None:
    below = text(render_board(region("32", fine()), region("3276", fine(where="3276"), behind=STANDSTILL)))
    assert "Kamis, 6 November 2025 · 09.41 WIB · 1 wilayah tanpa data · presensi masuk terakhir 08.16" in below


def test_before_anybody_came_nobody_has_arrived() -> None:
    (status,) = region("32", fine(), when="07:00").opds
    assert status.last_in is None


def test_what_a_broken_stream_leaves_behind_has_no_figure_and_no_state_but_unknown() -> None:
    html = render_board(region("32", short(), fine()), cut=True)
    assert set(re.findall(r'data-state="(\w+)"', html.split('<ul class="legend"')[0])) == {"basi", "belum"}
    assert set(re.findall(r'data-row="(\w+)"', html)) == {"basi"}
    assert "<svg" not in html
    assert not re.search(r"\d+ dari \d+", text(html))
    assert heading(html) == "Keadaan semua titik layanan tidak diketahui sejak 09.41 WIB"


def test_a_region_off_the_map_is_still_on_the_board() -> None:
    makassar = region("73", opd("DPMPTSP", {"LOKET-1": counter(NOBODY)}, region="73"))
    html = render_board(makassar, listed_region="73")
    assert heading(html) == "1 dari 1 titik layanan kekurangan petugas"
    assert "10.41 WITA" in text(html)


def test_no_region_at_all_shows_what_would_be_here() -> None:
    assert "Provinsi Jawa Barat belum tersambung. OPD-nya tampak di sini begitu ikut Piket." in text(render_board())


def test_a_day_that_ended_while_the_view_was_stopped_counts_all_its_minutes() -> None:
    silent = region("32", fine(), behind=at("23:50"))
    (unknown,) = unknown_coverage([silent], at("23:50") + timedelta(minutes=25))
    assert unknown.minutes == 25


def test_what_is_written_in_a_unit_s_name_is_escaped() -> None:
    row = opd("DISHUB", {"LOKET-2": counter(NOBODY)}, name="<script>alert(1)</script>")
    assert "<script>" not in render_board(region("32", row))


def places_on_board(*codes: str) -> list[tuple[str, int]]:
    context = board_context([region(code, fine(where=code)) for code in codes], codes[0], at("09:41"), {})
    return [(tile.place.name, tile.place.x) for tile in context["tiles"]]


def test_a_government_outside_west_java_is_alone_on_its_board() -> None:
    assert places_on_board("3374") == [("Kota Semarang", 0)]


def test_beside_west_java_it_follows_the_map() -> None:
    shown = places_on_board("32", "3374")
    assert (len(shown), shown[-1]) == (29, ("Kota Semarang", 0))


def test_the_sea_is_drawn_only_around_west_java() -> None:
    for code, drawn in (("3374", False), ("3276", True)):
        context = board_context([region(code, fine(where=code))], code, at("09:41"), {})
        html = PAGES.fragment("id", "board-main.html", **context, cut=False)
        assert ("Samudra" in html, f'href="/wilayah/{code}#opd"' in html) == (drawn, True)
