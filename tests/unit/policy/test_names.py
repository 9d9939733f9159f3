"""Positions, agencies and units by the names that people write: each is told what its code is told."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import cli

CIMAHI, DEPOK, JABAR = "32.77", "32.76", "32"
FRIDAY, THURSDAY, MONDAY = "2026-04-10", "2026-02-12", "2026-02-23"


def asked(region: str, opd: str, day: str, *more: str) -> dict[str, Any]:
    arguments = ("--region", region, "--opd", opd, "--date", day, "--reference", "--json", *more)
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("written", ["JPT PRATAMA", "Eselon III", "Kepala Dinas", "SEKDA", "lurah"])
def test_who_must_be_on_site_in_cimahi_is_by_whatever_name(written: str) -> None:
    assert asked(CIMAHI, "any", FRIDAY, "--position", written)["answer"] == "WFO"


def test_the_question_about_an_unknown_position_is_not_answered() -> None:
    arguments = ("--region", CIMAHI, "--opd", "any", "--date", FRIDAY, "--reference", "--position", "KEPALA_SUKU")
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert (result.exit_code, "choose one of JPT_UTAMA, JPT_MADYA" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("region", "written", "day", "opd", "answer"),
    [
        (JABAR, "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "2026-01-08", "DPMPTSP", "WFO"),
        (DEPOK, "Dinas Kependudukan dan Pencatatan Sipil", MONDAY, "DISDUKCAPIL", "WFO"),
        (DEPOK, "Disdukcapil Kota Depok", MONDAY, "DISDUKCAPIL", "WFO"),
        ("32.01", "dinas kependudukan dan pencatatan sipil", FRIDAY, "DISDUKCAPIL", "WFO"),
        (DEPOK, "kec beji", THURSDAY, "KEC-BEJI", "UNIT_HEAD"),
        (DEPOK, "Kecamatan Beji", THURSDAY, "KEC-BEJI", "UNIT_HEAD"),
        (CIMAHI, "KEC-CIMAHI-UTARA", FRIDAY, "KEC-CIMAHI-UTARA", "MAX_SHARE"),
        (CIMAHI, "Kecamatan Cimahi Utara", FRIDAY, "KEC-CIMAHI-UTARA", "MAX_SHARE"),
        (CIMAHI, "kecamatan", FRIDAY, "KECAMATAN", "MAX_SHARE"),
    ],
)
def test_an_agency_of_the_register_is_known_by_code_and_by_name(
    region: str, written: str, day: str, opd: str, answer: str
) -> None:
    found = asked(region, written, day)
    assert (found["opd"], found["answer"]) == (opd, answer)


KEPT = {
    (DEPOK, THURSDAY): (
        "SDN Beji 1", "SMPN 2", "SMAN 3", "SMKN1", "Mall Pelayanan Publik", "Pol PP", "Disdamkar", "Dispenda",
    ),
    (DEPOK, MONDAY): ("diskarpus", "uji kir"),
    (JABAR, "2026-01-08"): ("SMAN 3 Bandung", "SLBN", "RSJ", "RS PARU", "Labkesda", "lab"),
}  # fmt: skip


@pytest.mark.parametrize(("region", "day", "opd"), [(*where, opd) for where, names in KEPT.items() for opd in names])
def test_what_a_circular_excludes_is_known_by_the_names_in_use(region: str, day: str, opd: str) -> None:
    assert asked(region, opd, day)["answer"] == "WFO"


@pytest.mark.parametrize("opd", ["Bagian Pengadaan Barang/Jasa", "UKPBJ", "alunalun"])
def test_whose_heads_decide_is_known_by_the_names_in_use(opd: str) -> None:
    assert asked(DEPOK, opd, MONDAY)["answer"] == "UNIT_HEAD"


@pytest.mark.parametrize(
    ("region", "opd", "unit", "day", "told"),
    [
        (CIMAHI, "DINKES", "PUSKESMAS", FRIDAY, ("DIRECT", "WFO")),
        (CIMAHI, "DINKES", "RSUD", FRIDAY, ("EMERGENCY_24X7", "WFO")),
        (CIMAHI, "DISDIK", "SEKOLAH", FRIDAY, ("DIRECT", "WFO")),
        ("32.71", "DINKES", "PUSKESMAS", FRIDAY, ("DIRECT", "WFO")),
        (DEPOK, "DISHUB", "TERMINAL", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DISHUB", "PKB", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DPMPTSP", "FRONT-2", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DPMPTSP", "SEKRETARIAT", MONDAY, ("NON_SERVICE", "WFH")),
        (DEPOK, "DISHUB", "LOKET", MONDAY, ("MIXED", "WFH")),
        (DEPOK, "apa saja", "terminal", MONDAY, ("DIRECT", "WFO")),
    ],
)
def test_a_unit_is_told_by_what_it_is(region: str, opd: str, unit: str, day: str, told: tuple[str, str]) -> None:
    found = asked(region, opd, day, "--unit", unit)
    assert (found["class"], found["answer"]) == told


@pytest.mark.parametrize("site", ["Gedung Sate", "gedung_sate", "GEDUNG-SATE", "GedungSate"])
def test_a_site_is_known_however_it_is_spelt(site: str) -> None:
    assert asked(JABAR, "SETDA", "2025-11-05", "--class", "NON_SERVICE", "--site", site)["answer"] == "WFH"


@pytest.mark.parametrize(
    ("region", "more", "told"),
    [
        *((region, (), "There is no region") for region in ("99", "00", "3299", "32.00", "3100", "9971")),
        ("३२", (), "is no region"),
        ("32", ("--opd", ""), "not an empty text"),
        ("32", ("--opd", "--"), "not an empty text"),
        ("32", ("--site", " "), "not an empty text"),
        ("32", ("--unit", ""), "not an empty text"),
        ("32", ("--position", ""), "not an empty text"),
    ],
)
def test_what_is_no_region_and_no_name_is_said(region: str, more: tuple[str, ...], told: str) -> None:
    arguments = ("--region", region, "--opd", "X", "--date", FRIDAY, "--reference", *more)
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("region", ["31", "3171", "51.71", "32.01", "96"])
def test_a_region_outside_west_java_is_answered_by_what_binds_the_nation(region: str) -> None:
    assert asked(region, "X", FRIDAY)["answer"] == "WFH"


@pytest.mark.parametrize(
    ("region", "opd", "day", "more", "answer"),
    [
        (JABAR, "DPMPTSP", "2025-11-09", (), "HOLIDAY"),
        (JABAR, "DPMPTSP", "2025-11-08", (), "HOLIDAY"),
        (DEPOK, "DISDUKCAPIL", "2026-02-22", (), "HOLIDAY"),
        (DEPOK, "DISDIK", "2026-02-22", ("--unit", "SEKOLAH"), "HOLIDAY"),
        (DEPOK, "DISDIK", "2026-02-21", ("--unit", "SEKOLAH"), "WFO"),
        (DEPOK, "DISHUB", "2026-02-22", ("--unit", "TERMINAL"), "WFO"),
        (JABAR, "DISPARBUD", "2026-02-22", ("--unit", "MUSEUM"), "WFO"),
        (DEPOK, "DISARPUS", "2026-02-21", ("--unit", "PERPUSTAKAAN"), "WFO"),
        (DEPOK, "DISARPUS", "2026-02-22", ("--unit", "PERPUSTAKAAN"), "HOLIDAY"),
        (JABAR, "apa saja", "2025-11-09", ("--class", "DIRECT"), "WFO"),
        (JABAR, "apa saja", "2025-11-09", ("--class", "EMERGENCY_24X7"), "WFO"),
        (DEPOK, "DAMKAR", "2026-02-22", (), "WFO"),
    ],
)
def test_direct_service_is_on_duty_on_the_days_on_which_its_posts_open(
    region: str, opd: str, day: str, more: tuple[str, ...], answer: str
) -> None:
    assert asked(region, opd, day, *more)["answer"] == answer
