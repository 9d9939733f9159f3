import hashlib
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from services.policy.pages import routes as policy_pages
from services.reporting.domain.status.current_status import StatusRows, opd_as_unknown, opd_status
from services.reporting.domain.status.page_context import opd_context
from services.reporting.domain.status.status_timeline import CoverageState
from services.reporting.domain.status.strip_chart import OFFICE_HOURS_SLOTS, draw_strip, visible_slots
from services.reporting.pages import routes
from shared.domain.facts.coverage import Coverage, UnitCoverage
from shared.web.pages import HERE, STATIC, Pages
from tests.support.example_facts import at
from tests.unit.reporting.test_current_status import CAME_0816, counter, row

ROOT = Path(__file__).parents[3]
FOLDERS = pytest.mark.parametrize(
    "folder", [routes.TEMPLATES_FOLDER, policy_pages.TEMPLATES_FOLDER], ids=["reporting", "policy"]
)
PAGES = Pages(routes.TEMPLATES_FOLDER)


def opd_page(lang: str, when: str, today: Coverage | None, behind: datetime | None = None) -> str:
    status = opd_status("32", "DPMPTSP", StatusRows(today), at(when), behind)
    return PAGES.fragment(lang, "opd-main.html", **opd_context(status, {}), cut=False)


def heading(html: str) -> str:
    match = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert match
    return match.group(1).strip()


@pytest.mark.parametrize(
    ("when", "indonesian", "english"),
    [
        ("07:00", "Titik layanan DPMPTSP sedang tutup", "The counters of DPMPTSP are closed now"),
        ("08:10", "1 dari 1 titik layanan DPMPTSP kekurangan petugas", "1 of 1 counters of DPMPTSP lacks staff"),
        ("09:00", "Semua titik layanan DPMPTSP cukup petugas: 1 dari 1", "Every counter of DPMPTSP is staffed: 1 of 1"),
        (
            "11:30",
            "1 dari 1 titik layanan DPMPTSP rawan dalam satu jam",
            "1 of 1 counters of DPMPTSP is at risk within the hour",
        ),
    ],
)
def test_the_heading_is_the_answer_in_both_languages(when: str, indonesian: str, english: str) -> None:
    assert [heading(opd_page(lang, when, row(CAME_0816))) for lang in ("id", "en")] == [indonesian, english]


def test_a_view_that_is_behind_says_since_when() -> None:
    assert (
        heading(opd_page("id", "09:00", row(CAME_0816), at("08:40")))
        == "Keadaan DPMPTSP tidak diketahui sejak 08.40 WIB"
    )


def test_before_the_roster_is_published_the_page_says_so() -> None:
    assert heading(opd_page("id", "06:00", None)) == "Belum ada jadwal DPMPTSP untuk hari ini"


def test_the_date_and_hour_are_written_as_people_write_them() -> None:
    html = opd_page("id", "09:41", row(CAME_0816))
    assert "Kamis, 6 November 2025" in html
    assert "09.41 WIB" in html


def test_a_card_shows_the_number_the_word_and_since_when() -> None:
    card = re.sub(r"\s+", " ", opd_page("id", "08:10", row(())))
    for text in ("0 <small>dari 1 orang", ">Kritis<", "sejak 08.00.", "Terjadwal, tetapi belum tercatat di tempat."):
        assert text in card


def test_a_closed_counter_shows_when_it_opens() -> None:
    assert re.search(r"08\.00\s*<small>mulai buka", opd_page("id", "07:00", row(())))


def test_the_strip_describes_its_runs_as_text() -> None:
    assert "08.00 sampai 08.30 kritis, 08.30 sampai 11.00 aman" in opd_page("id", "16:00", row(CAME_0816))


def test_what_a_code_says_is_escaped() -> None:
    unit = row(()).units["FRONT"].model_copy(update={"name": "<script>alert(1)</script>"})
    assert "<script>" not in opd_page("id", "09:00", row(()).model_copy(update={"units": {"FRONT": unit}}))


@FOLDERS
def test_pages_have_no_inline_style_or_script(folder: Path) -> None:
    for template in (*folder.glob("*.html"), *(HERE / "templates").glob("*.html")):
        text = template.read_text()
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|<script>|https?://(?!www\.w3\.org)", text), template


def test_an_unopened_day_shows_office_hours() -> None:
    assert visible_slots([[CoverageState.TUTUP] * 96]) == OFFICE_HOURS_SLOTS


def test_a_night_post_is_shown_from_midnight_to_midnight() -> None:
    assert visible_slots([[CoverageState.AMAN] * 96]) == (0, 96)


def test_the_worse_the_taller_and_unknown_is_hatched() -> None:
    strip = draw_strip(
        [
            CoverageState.TUTUP,
            CoverageState.AMAN,
            CoverageState.RAWAN,
            CoverageState.KRITIS,
            CoverageState.TIDAK_DIKETAHUI,
        ],
        0,
        30,
    )
    assert strip.paths == {
        "t": "M0 11.2h1v0.8h-1z",
        "a": "M1 9h1v3h-1z",
        "r": "M2 6h1v6h-1z",
        "k": "M3 0h1v12h-1z",
        "b": "M4.25 6h0.75",
    }
    assert strip.now == 2


def test_what_was_vendored_is_what_its_maker_published() -> None:
    manifest = json.loads((STATIC / "vendor" / "manifest.json").read_text())
    hashes = {entry["file"]: hashlib.sha256((STATIC / entry["file"]).read_bytes()).hexdigest() for entry in manifest}
    assert hashes == {entry["file"]: entry["sha256"] for entry in manifest}
    scripts = {str(file.relative_to(STATIC)) for file in STATIC.rglob("*.js")} - {"live.js", "refresh.js"}
    assert scripts <= hashes.keys()


def test_our_own_script_is_short() -> None:
    assert len((STATIC / "live.js").read_text().splitlines()) <= 80


def test_a_view_that_is_behind_shows_no_figure_as_if_it_were_current() -> None:
    html = opd_page("id", "09:00", row(CAME_0816), at("08:40"))
    assert "pegawai hadir" not in html
    assert set(re.findall(r'data-state="(\w+)"', html)) == {"basi"}
    assert "sejak 08.40." in html
    assert re.search(r"09\.00 sampai 15\.00 tidak diketahui, 15\.00 sampai 16\.00 tutup", html)


def test_when_the_stream_breaks_off_every_counter_is_unknown_since_the_last_event() -> None:
    status = opd_status("32", "DPMPTSP", StatusRows(row(CAME_0816)), at("09:00"))
    html = PAGES.fragment("id", "opd-main.html", **opd_context(opd_as_unknown(status), {}), cut=True)
    assert set(re.findall(r'data-state="(\w+)"', html)) == {"basi"}
    assert "Keadaan DPMPTSP tidak diketahui sejak <span data-since>09.00 WIB</span>" in html
    assert not re.search(r"<svg|dari 1 orang|pegawai hadir", html)


def test_an_opd_page_leads_back_to_its_region() -> None:
    assert '<a href="/wilayah/32#opd">Provinsi Jawa Barat</a>' in opd_page("id", "09:00", row(CAME_0816))


@pytest.mark.parametrize(
    ("code", "name"), [("LOKET-1", "Loket 1"), ("KTP-EL", "KTP el"), ("IGD", "IGD"), ("RAWAT_JALAN", "Rawat jalan")]
)
def test_a_code_is_read_as_a_name_where_there_is_none(code: str, name: str) -> None:
    counters = {"FRONT": UnitCoverage(rostered=True, posts={code: counter(())})}
    assert f"<h3>{name}</h3>" in opd_page("id", "09:00", row(()).model_copy(update={"units": counters}))


def test_an_opd_is_called_by_its_name_where_one_is_known() -> None:
    status = opd_status("32", "DPMPTSP", StatusRows(row(CAME_0816)), at("07:00"))
    names = {("32", "DPMPTSP"): "Dinas Penanaman Modal"}
    html = PAGES.fragment("id", "opd-main.html", **opd_context(status, names), cut=False)
    assert heading(html) == "Titik layanan Dinas Penanaman Modal sedang tutup"
